"""The command line: the whole job, or its steps one by one.

What a command needs is loaded when it runs, so that versions and lists of commands come at once.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any

from clvmodels import __version__, interruption
from clvmodels.cli.stopping import Stop, stoppable
from clvmodels.errors import ClvError
from clvmodels.voice import only_noted

_COMMANDS = {
    "demo": "Do the whole job on the 23,570 customers of CDNOW.",
    "run": "Do the whole job on a log.",
    "refresh": "Bring the study of `clv run` up to date with a later log, and say what has changed.",
    "models": "List the models: what they fit, what they assume, what they need, when they mislead.",
    "check": "Look at a log before believing it: dates that can't be, copies, holes, guests, a unit that changes.",
    "rfm": "Read a log and write its summary, one row a customer.",
    "fit": "Fit a model of buying, and one of spend, to the summary of `clv rfm`.",
    "predict": "Forecast purchases from what `clv fit` wrote.",
    "value": "Value the customers over the horizon of `clv predict`.",
    "compare": "Compare models and formulas on the holdout that `clv rfm --holdout` kept back.",
    "backtest": "Compare models and formulas from several earlier days of a log.",
    "contracts": "Do the whole job on a table of contracts: observed churn, retention, LTV by formula and by model.",
    "report": "Write the page from what the steps before wrote.",
    "audit": "Say why the formula and the model differ, part by part.",
    "export": "Write the list of customers, best first, to a CSV or Parquet file.",
}
_NOT_WRITTEN = 2
_PIPE_CLOSED = 141  # as a program that the signal of a closed pipe ends


def main() -> None:
    """Run the command line; a bad input ends with exit status 2 and one sentence."""
    interruption.STATE.reset()
    with stoppable() as stop:
        status = _status(stop)
    if status:
        sys.exit(status)


def _status(stop: Stop) -> int:
    """Run a command and return its exit status."""
    try:
        if sys.argv[1:] == ["--version"]:
            print(__version__)
        else:
            with only_noted():  # commands print the notes themselves
                _app()(sys.argv[1:], exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:
        # Told to stop, an engine or a library may raise what it likes.
        if stop.status or isinstance(error, KeyboardInterrupt):
            _complain(stop.sentence())
            return stop.status or 130
        return _failed(error)
    return 0


def _app() -> Any:
    from cyclopts import App  # noqa: PLC0415 - a version comes without it

    app = App(
        name="clv",
        help="What each customer will be worth: from a transaction log to purchases, spend and value, with intervals.",
        version=__version__,
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    for name, text in _COMMANDS.items():
        app.command(f"clvmodels.cli.commands:{name}", name=name, help=text)
    return app


def _failed(error: BaseException) -> int:
    """Say in one sentence what went wrong; what nobody foresaw is raised."""
    from cyclopts import CycloptsError  # noqa: PLC0415

    from clvmodels.cli.words import in_shell_words  # noqa: PLC0415

    if isinstance(error, BrokenPipeError):
        _silence_output()
        return _PIPE_CLOSED
    if isinstance(error, ClvError | CycloptsError):
        _complain(in_shell_words(str(error)))
    elif isinstance(error, OSError):
        _silence_output()
        place = "" if error.filename is None else f" ({error.filename!r})"
        written = "the files were written all the same" if interruption.STATE.written else "no file was written"
        _complain(
            f"the system refuses to read or write{place}: {error.strerror or error}; {written}. Look for room and "
            f"rights, then run this again."
        )
    elif isinstance(error, MemoryError):
        _complain("there isn't enough memory; run this on a larger machine, or with --memory-limit.")
    else:
        raise error
    return _NOT_WRITTEN


def _complain(sentence: str) -> None:
    with suppress(OSError, ValueError):  # nobody may be there to hear it
        print(f"clv: {' '.join(sentence.split())}", file=sys.stderr, flush=True)


def _silence_output() -> None:
    """Let the interpreter end without trying again to write what nobody takes."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
