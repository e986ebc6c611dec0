"""``python -m clvmodels`` is the command line."""

from clvmodels.cli import main

main()
