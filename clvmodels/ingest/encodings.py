"""Text files that aren't UTF-8: their encoding is named where nobody said it, and turned into UTF-8 where it was."""

from __future__ import annotations

import codecs
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from clvmodels.errors import ArgumentError, InputError

_BLOCK = 1 << 20
_BINARY = "binary"
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def check_encoding(encoding: str | None) -> None:
    """Raise an ArgumentError where Python knows no encoding of that name."""
    if encoding is None:
        return
    known = False
    with suppress(LookupError, ValueError, TypeError):  # whatever it is, it may come from outside
        known = codecs.lookup(encoding)._is_text_encoding
    if not known:
        raise ArgumentError(f"encoding is {encoding!r}, which isn't known; give one such as 'cp1252' or 'utf-16'.")


def is_utf8(encoding: str | None) -> bool:
    """Whether the engine can read a file in this encoding as it is."""
    return encoding is None or codecs.lookup(encoding).name in ("utf-8", "ascii")


def bytes_of(path: str) -> pa.NativeFile:
    """Open a file for reading, unpacked where its ending says that it's packed."""
    packed = {".gz": "gzip", ".zst": "zstd"}.get(Path(path).suffix.lower())
    return pa.input_stream(path, compression=packed)


def first_text(path: str, encoding: str | None, size: int) -> str:
    """Return the first whole lines of a file, at most so many bytes.

    Raises
    ------
    InputError
        When they are in another encoding.
    """
    try:
        with bytes_of(path) as file:
            block = file.read(size)
    except (OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"The log {path!r} can't be read ({reason}); check that the file is whole.") from error
    if encoding is None and (guess := encoding_of(block, whole=len(block) < size)) != "utf-8":
        raise foreign(path, guess)
    text = codecs.getincrementaldecoder(encoding or "utf-8-sig")(errors="replace").decode(block)
    text = text.removeprefix("\ufeff")
    return text if len(block) < size or "\n" not in text else text[: text.rfind("\n") + 1]


def encoding_of(block: bytes, *, whole: bool = False) -> str:
    """Return the encoding that bytes are in, as far as they tell."""
    for mark, name in _MARKS.items():
        if block.startswith(mark):
            return name
    if block[:400].count(0) > len(block[:400]) // 4:
        return "utf-16-le" if block[1:2] == b"\0" else "utf-16-be"
    if b"\0" in block:
        return _BINARY
    try:
        codecs.getincrementaldecoder("utf-8")().decode(block, final=whole)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def foreign(path: str, encoding: str) -> InputError:
    """Return the error for a file that isn't UTF-8."""
    if encoding == _BINARY:
        return InputError(f"The log {path!r} can't be read, because it isn't text at all; check what it is.")
    also = ""
    if encoding == "cp1252":
        also = " (the usual one of Windows in the west; 'latin-1' and others are possible, so look at the letters)"
    return InputError(
        f"The log {path!r} is no UTF-8; it seems to be {encoding}{also}. Read it with encoding={encoding!r}, or save "
        f"it as UTF-8."
    )


def encoding_in(path: str) -> str:
    """Look through a whole file for the first bytes that aren't UTF-8, and say what they may be."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with bytes_of(path) as file:
        while block := file.read(_BLOCK):
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return "cp1252"
    return "utf-8"


def as_utf8(path: str, encoding: str, place: Path) -> None:
    """Write a copy of a file in UTF-8.

    Raises
    ------
    InputError
        When the file isn't in that encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with bytes_of(path) as file, place.open("w", encoding="utf-8", newline="") as copy:
            while block := file.read(_BLOCK):
                copy.write(decoder.decode(block))
            copy.write(decoder.decode(b"", final=True))
    except UnicodeError as error:
        raise InputError(
            f"The log {path!r} can't be read as encoding={encoding!r} ({error}); name the encoding that it was saved "
            f"in."
        ) from error
