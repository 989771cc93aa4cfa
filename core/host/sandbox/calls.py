"""The C library, and its errors as OSError."""

import ctypes
import os
import sys
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
IS_LINUX = sys.platform == "linux"


def call(function: Any, *arguments: Any) -> int:
    """Raises OSError with the reason when the call returns less than zero."""
    result = int(function(*arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def prctl(option: int, *arguments: int) -> int:
    """Raises OSError."""
    given = (*arguments, 0, 0, 0, 0)[:4]
    return call(LIBC.prctl, option, *(ctypes.c_ulong(each) for each in given))
