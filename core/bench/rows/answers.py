"""Many people answering one question at the same moment."""

import asyncio
import time

from core.bench.figures import Bar, Figure, median
from core.bench.room import channel, history_length, open_question
from core.bench.sizes import Sizes
from core.bench.stand import Stand
from rosey import ids, subjects

# Wrong, so that the question stays open; final, so that each is told so.
ANSWER = "!a not this one"


async def answers(stand: Stand, sizes: Sizes) -> list[Figure]:
    """Published as a connector would, beside one update that carries nothing."""
    events, delays, taken = [], [], []
    for turn in range(sizes.times):
        stand.say(f"answers: {turn + 1} of {sizes.times}")
        room = channel(f"answers-{turn}")
        handle = await open_question(stand.client, room)
        _, before = await history_length(handle)
        commands, began = await _all_at_once(stand, room, sizes)
        await stand.room.answered(commands)
        _, after = await history_length(handle)
        last = max(stand.room.replies[command] for command in commands)
        delays.append((last - began) * 1000)
        events.append((after - before) / sizes.answers)
        taken.append(sum(command in stand.room.replies for command in commands))
    return [
        Figure("answers", "answers not taken", sizes.answers - min(taken), "", bar=Bar(0)),
        Figure("answers", "history events of each", median(events), "", bar=Bar(0.5)),
        Figure(
            *("answers", "first answer to last reply", median(delays), "ms"),
            floor=sizes.answers_within * 1000,
            floor_name="the time in which the answers are given",
            bar=Bar(300),
        ),
    ]


async def _all_at_once(stand: Stand, room: str, sizes: Sizes) -> tuple[list[str], float]:
    """The commands that the answers become, and when the first was said."""
    gap = sizes.answers_within / max(1, sizes.answers)
    commands, storing = [], []
    loop_time = asyncio.get_running_loop().time()
    began = time.perf_counter()
    for number in range(sizes.answers):
        await asyncio.sleep(began + number * gap - time.perf_counter())
        message = stand.room.message(room, f"player{number}", ANSWER)
        storing.append(await stand.bus.store_soon(subjects.MESSAGE, message.wire(), message.id))
        commands.append(ids.command_id(message.id, "trivia"))
    await asyncio.gather(*storing)
    return commands, loop_time
