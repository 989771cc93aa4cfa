"""What becomes of results."""

import json
import logging
from typing import Any

from temporalio import activity

from rosey.contracts.storage import RECORD_GAME

log = logging.getLogger("activities.storage")


@activity.defn(name=RECORD_GAME)
async def record_game(result: dict[str, Any]) -> None:
    """Writes a finished game to the log as one line of JSON."""
    log.info("finished game %s", json.dumps(result, ensure_ascii=True, sort_keys=True))
