"""What a reader should know about a result, said in one sentence."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clvmodels.errors import ClvWarning
from clvmodels.voice import is_raised

_PACKAGE = str(Path(__file__).parents[1])


@dataclass(frozen=True, slots=True, eq=False)
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
    rows : int
        Rows of the log that it is about, those of one customer and day counted once; 0 where it is about all of them.
    amount : float
        Their money; NaN where there is none, or none is concerned.
    first : str
        The first of them, as text.
    """

    code: str
    text: str
    level: Literal["info", "warning"] = "info"
    rows: int = 0
    amount: float = float("nan")
    first: str = ""

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        """Two notes that say the same are one, also where one of them knows more of the rows."""
        return isinstance(other, Note) and (self.code, self.text, self.level) == (other.code, other.text, other.level)

    def __hash__(self) -> int:
        return hash((self.code, self.text, self.level))


def warn_of(notes: Iterable[Note]) -> None:
    """Raise the warnings among some notes as `ClvWarning`, at the line that called this library."""
    if is_raised():
        for note in notes:
            if note.level == "warning":
                warnings.warn(note.text, ClvWarning, skip_file_prefixes=(_PACKAGE,))
