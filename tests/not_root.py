"""Runs a program as somebody who is not root: PostgreSQL refuses to run as root.

`python not_root.py PROGRAM ARGUMENT...`. Files stay root's when a user namespace can be made;
otherwise the program runs as nobody, who must be able to reach what it needs.
"""

import ctypes
import os
import sys
from pathlib import Path

NEW_USER = 0x10000000
NOBODY = 65534


def leave_root() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_USER) == 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{NOBODY} 0 1")
        Path("/proc/self/gid_map").write_text(f"{NOBODY} 0 1")
        return
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


if __name__ == "__main__":
    if os.geteuid() == 0:
        leave_root()
    os.execv(sys.argv[1], sys.argv[1:])
