"""What goes wrong with a database, as one of the service's codes and a plain sentence."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from pydantic import ValidationError
from sqlalchemy import exc

from rosey.contracts.storage import Code, Problem

TOO_LONG = "The statement took too long and was stopped."


class Refusal(Exception):
    """A request is not carried out; nothing of it was."""

    def __init__(self, code: Code, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(code=code, message=message, field=field)

    @property
    def code(self) -> Code:
        return self.problem.code


class Away(Refusal):
    """The database itself cannot be used now, whoever asks and whatever for."""

    def __init__(self, message: str) -> None:
        super().__init__(Code.UNAVAILABLE, message)


def invalid(message: str, field: str | None = None) -> Refusal:
    return Refusal(Code.VALIDATION_ERROR, message, field)


def malformed(problem: ValidationError, code: Code = Code.VALIDATION_ERROR) -> Refusal:
    """For a request that does not parse; what is missing is MISSING_FIELD."""
    first = problem.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing" and code is Code.VALIDATION_ERROR:
        return Refusal(Code.MISSING_FIELD, f"{where} is missing.", where)
    return Refusal(code, f"{where}: {first['msg']}.", where or None)


@asynccontextmanager
async def in_our_words() -> AsyncIterator[None]:
    """Raises Refusal for what a database says; what is a mistake of ours stays what it is."""
    try:
        yield
    except Exception as problem:  # drivers, SQLAlchemy and the system share no other base
        ours = refusal(problem)
        if ours is None:
            raise
        raise ours from problem


def refusal(problem: BaseException) -> Refusal | None:
    """What the database said, in our words; None for what is a mistake of ours."""
    if isinstance(problem, Refusal):
        return problem
    if isinstance(problem, exc.DBAPIError):
        return _of_driver(problem)
    if isinstance(problem, exc.TimeoutError):
        # All connections are in use.
        return Refusal(Code.UNAVAILABLE, "The database is busy; try again.")
    if isinstance(problem, TimeoutError):
        return Away("The database does not answer.")
    if isinstance(problem, OSError):
        return Away(f"The database cannot be reached: {_reason(problem)}.")
    if isinstance(problem, _FROM_DRIVERS):
        return _of_error(problem)
    return None


_FROM_DRIVERS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    sqlite3.Error,
)


def _of_driver(problem: exc.DBAPIError) -> Refusal | None:
    origin = problem.orig
    # The driver's own error is wrapped by SQLAlchemy's adapter.
    cause = origin.__cause__ if origin is not None and origin.__cause__ else origin
    if isinstance(cause, TimeoutError | OSError):
        return refusal(cause)
    return _of_error(cause) if cause is not None else None


def _of_error(error: BaseException) -> Refusal | None:
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    return _of_postgres(error)


def _of_sqlite(error: sqlite3.Error) -> Refusal | None:
    text = str(error)
    name = getattr(error, "sqlite_errorname", "") or ""
    if isinstance(error, sqlite3.IntegrityError):
        return _of_constraint(text, "NOT NULL" in text)
    if name.startswith("SQLITE_INTERRUPT"):
        return Refusal(Code.TIMEOUT, TOO_LONG)
    if "integer overflow" in text:
        return invalid("A number became too large.")
    if what := _of_file(name):
        return Away(what.format(text))
    return None


def _of_file(name: str) -> str | None:
    """What is the matter with SQLite's file; `{}` is for SQLite's own words."""
    if name.startswith("SQLITE_FULL"):
        return "The disk of the database is full."
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "The database file is locked by another program."
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return "The database file cannot be used: {}."
    if name.startswith("SQLITE_IOERR"):
        return "The disk of the database cannot be read or written: {}."
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return "The database file is broken: {}. A copy of it from before has to be put there."
    return None


def _of_postgres(error: BaseException) -> Refusal | None:
    state = getattr(error, "sqlstate", None) or ""
    text = str(error)
    if state.startswith("23"):
        return _of_constraint(text, state == "23502")
    if state.startswith("22"):
        return invalid(f"The database does not take a value: {text}.")
    if state == "57014":
        return Refusal(Code.TIMEOUT, TOO_LONG)
    if state in ("40001", "40P01", "55P03"):
        return Refusal(Code.UNAVAILABLE, "Others changed the same rows; try again.")
    if what := _of_server(state):
        return Away(what.format(text))
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return Away("The connection to the database was lost.")
    return None


def _of_server(state: str) -> str | None:
    """What is the matter with PostgreSQL; `{}` is for its own words."""
    if state.startswith("28"):
        return "The database does not take our user name or password; see ROSEY_DATABASE_URL."
    if state == "3D000":
        return "The database server has no such database: {}; see ROSEY_DATABASE_URL."
    if state == "42501":
        return "The database does not let our user do what is needed: {}."
    if state == "53100":
        return "The disk of the database is full."
    if state == "53300":
        return "The database takes no more connections."
    if state == "25006":
        return "The database can only be read: {}."
    if state in ("57P01", "57P02", "08003", "08006"):
        return "The connection to the database was lost."
    if state.startswith(("08", "53", "57P", "58", "XX001", "XX002")):
        return "The database is not ready: {}."
    return None


def _of_constraint(text: str, is_null: bool) -> Refusal:
    if is_null:
        return invalid("A required field would be null.")
    return Refusal(Code.CONFLICT, "Another row has the same value where each must have its own.")


def _reason(problem: OSError) -> str:
    return problem.strerror or str(problem) or type(problem).__name__
