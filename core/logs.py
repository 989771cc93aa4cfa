"""Logging of every process: one readable line a record, on stderr."""

import logging
import os
import re
import sys

from core.errors import UserError, choices

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
# Control characters, ends of lines, what turns text around, and halves of surrogate pairs.
_UNFIT = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """A text from outside on one line, with what would steer a terminal written out."""
    return _UNFIT.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class OneLine(logging.Formatter):
    """A text from outside cannot fake a record of its own; a traceback follows indented."""

    def format(self, record: logging.LogRecord) -> str:
        line, *below = super().format(record).split("\n")
        return "\n".join([line, *(f"  {printable(each)}" for each in below)])

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))


def set_up() -> None:
    """Level by ROSEY_LOG (default INFO). Raises UserError for a level that does not exist."""
    level = os.environ.get("ROSEY_LOG", "INFO").upper()
    if level not in LEVELS:
        raise UserError(f"ROSEY_LOG={level} is no level; {choices(level, LEVELS)}.")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(FORMAT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # It tells of each of its own parts at every start.
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
