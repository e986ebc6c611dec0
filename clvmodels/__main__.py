"""``python -m clvmodels`` is the command line."""

import signal

# Until the command line answers signals itself, an early one ends the process without a page of Python.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from clvmodels.cli import main

if __name__ == "__main__":
    main()
