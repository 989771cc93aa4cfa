"""`python -m core`: the command line, as bin/rosey starts it."""

import sys

from core.command_line.app import main

if __name__ == "__main__":
    sys.exit(main())
