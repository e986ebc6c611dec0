"""Sentences of the library in the words of the shell: ``date_format='excel'`` is ``--date-format excel`` there."""

from __future__ import annotations

import re

from clvmodels.ingest.log_spec import LogSpec

# Arguments beside those of a log that sentences name, and options that are called otherwise in the shell.
_OTHERS = (
    "memory_limit",
    "temp_folder",
    "discount_rate",
    "acquisition_cost",
    "horizon",
    "holdout",
    "margin",
    "n_draws",
    "seed",
)
_OTHERWISE = {"holdout_end": "holdout", "groups": "groups"}
_NAMES = (*LogSpec.words(), *_OTHERS)
# A name with its value, with nothing behind the sign, or a name that is no word of English.
_VALUE = r"=(?:'(?P<text>[^']*)'|(?P<plain>\[[^\]]*\]|[\w.%+-]*\w))?"
_ARGUMENT = re.compile(rf"(?<![\w'-])(?P<name>{'|'.join(sorted(_NAMES, key=len, reverse=True))})(?:{_VALUE}|(?![\w=]))")


def in_shell_words(sentence: str) -> str:
    """Return a sentence with the options of the command line in place of the arguments of Python.

    Examples
    --------
    >>> in_shell_words("Say it with date_format='%d/%m/%Y', or tz='Europe/Berlin'.")
    'Say it with --date-format %d/%m/%Y, or --tz Europe/Berlin.'
    """
    return _ARGUMENT.sub(_option, sentence)


def option_of(name: str) -> str:
    """Return the option of the command line for an argument."""
    return f"--{_OTHERWISE.get(name, name).replace('_', '-')}"


def _option(found: re.Match[str]) -> str:
    name, whole = found["name"], found[0]
    if "=" not in whole and "_" not in name:
        return whole  # an English word: the amount, the time
    value = found["text"] if found["text"] is not None else found["plain"]
    if value is None:
        return option_of(name)
    quoted = f"'{value}'" if not value or re.search(r"[\s;,|&$<>()]", value) else value
    return f"{option_of(name)} {quoted}"
