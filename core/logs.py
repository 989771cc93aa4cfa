"""Logging of every process: one readable line a record, on stderr."""

import logging
import os
import sys

from core.errors import UserError, choices

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class _OneLine(logging.Formatter):
    """A text from outside cannot fake a record of its own: line ends are written out."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return super().formatMessage(record)


def set_up() -> None:
    """Level by ROSEY_LOG (default INFO). Raises UserError for a level that does not exist."""
    level = os.environ.get("ROSEY_LOG", "INFO").upper()
    if level not in LEVELS:
        raise UserError(f"ROSEY_LOG={level} is no level; {choices(level, LEVELS)}.")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
