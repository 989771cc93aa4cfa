"""`connector NAME` as a process of its own, which gives up a deserted queue after a second."""

import sys
from datetime import timedelta

from core.command_line.app import main
from workflows.connection import workflow

workflow.TO_START = timedelta(seconds=1)

if __name__ == "__main__":
    sys.exit(main())
