"""Write the names under "See Also" in docstrings as a list, each on a line of its own."""

import re
from typing import Any

from griffe import Extension, Object

_SECTION = re.compile(r"(?<=See Also\n--------\n)(.*?)(?=\n\n|\Z)", flags=re.DOTALL)
_ENTRY = re.compile(r"^(\S[^:\n]*) : ", flags=re.MULTILINE)


class SeeAlso(Extension):
    """Mends the docstrings that are read, before they are taken apart."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Change the text of one docstring."""
        if obj.docstring is not None:
            obj.docstring.value = _SECTION.sub(_listed, obj.docstring.value)


def _listed(found: re.Match[str]) -> str:
    return _ENTRY.sub(r"- `\1`: ", found[1])
