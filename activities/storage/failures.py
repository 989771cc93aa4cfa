"""What becomes of an activity whose request the database did not carry out."""

import logging

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from rosey.contracts.storage import Code
from rosey.storage import StorageError

log = logging.getLogger("activities.storage")

# What is refused for these reasons would be refused again.
HOPELESS = {
    Code.INVALID_JSON,
    Code.MISSING_FIELD,
    Code.VALIDATION_ERROR,
    Code.VALUE_TOO_LARGE,
    Code.NOT_FOUND,
    Code.CONFLICT,
    Code.PERMISSION_DENIED,
}


def for_now(told: str, problem: StorageError) -> ApplicationError:
    """It may be tried again. `told`: `Game 7 is not written yet`."""
    words = f"{told}: {problem}"
    log.warning("%s", words)
    # Benign: Temporal's library would log each try with its whole stack.
    return ApplicationError(words, type=problem.code, category=ApplicationErrorCategory.BENIGN)


def for_good(told: str, problem: StorageError, lost: str) -> ApplicationError:
    """It may not. `told`: `The database refused game 7`; the log has what is `lost`."""
    words = f"{told}: {problem} ({problem.code})"
    log.error("%s; it was %s", words, lost)
    return ApplicationError(words, type=problem.code, non_retryable=True)
