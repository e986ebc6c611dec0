"""What a reader should know about a result, said in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Note:
    """A remark that travels with a result.

    Attributes
    ----------
    code : str
        Short and stable, for programs: ``"zero_amounts"``.
    text : str
        One sentence for people: what, how many, why it matters, what to do.
    level : "info" or "warning"
        ``warning`` where the result may mislead if nobody looks.
    """

    code: str
    text: str
    level: Literal["info", "warning"] = "info"

    def __str__(self) -> str:
        return self.text
