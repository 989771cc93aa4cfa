"""Stands in for one of Rosey's own processes: says ready and waits, or does what it is told.

`child.py MARKS [crash | stubborn | mute | gentle | rehearsal | late | away]`: appends its pid to
the file MARKS at every start, and to MARKS.working when it may begin its work. What the file
MARKS.manners says wins. It makes the file MARKS.ready before it says so. A gentle one writes its
pid to MARKS.ended when it is told to end, one with a rehearsal fails in it, and a late one is ready
when there is a file MARKS.now.
"""

import os
import signal
import sys
import time
from pathlib import Path

from core.errors import Away
from core.host.notify import must_rehearse, ready, wait_for_go

marks, *manners = sys.argv[1:]
if Path(f"{marks}.manners").exists():
    manners = Path(f"{marks}.manners").read_text().split()
with Path(marks).open("a") as file:
    file.write(f"{os.getpid()}\n")
wait_for_go()
with Path(f"{marks}.working").open("a") as file:
    file.write(f"{os.getpid()}\n")
if "stubborn" in manners:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "gentle" in manners:

    def end(number: int, frame: object) -> None:
        Path(f"{marks}.ended").write_text(f"{os.getpid()}\n")
        sys.exit()

    signal.signal(signal.SIGTERM, end)
if "rehearsal" in manners and must_rehearse():
    sys.exit("lobby: Game cannot repeat event 7")
if "away" in manners:
    sys.exit(Away.exit_code)
if "crash" in manners:
    sys.exit("the cat is on the keyboard")
while "late" in manners and not Path(f"{marks}.now").exists():
    time.sleep(0.01)
if "mute" not in manners:
    Path(f"{marks}.ready").touch()
    ready()
while True:
    signal.pause()
