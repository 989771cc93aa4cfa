"""Stands in for one of Rosey's own processes: says ready and waits, or does what it is told.

`child.py MARKS [crash | stubborn | mute]`: appends its pid to the file MARKS at every start,
and to MARKS.working when it may begin its work.
"""

import os
import signal
import sys
from pathlib import Path

from core.host.notify import ready, wait_for_go

marks, *manners = sys.argv[1:]
with Path(marks).open("a") as file:
    file.write(f"{os.getpid()}\n")
wait_for_go()
with Path(f"{marks}.working").open("a") as file:
    file.write(f"{os.getpid()}\n")
if "stubborn" in manners:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "crash" in manners:
    sys.exit("the cat is on the keyboard")
if "mute" not in manners:
    ready()
while True:
    signal.pause()
