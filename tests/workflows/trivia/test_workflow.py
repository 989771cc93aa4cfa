"""A whole game on a clock that can be wound forward."""

from datetime import timedelta

import pytest

from rosey.durable import Order, base
from rosey.events import Outcome
from tests.workflows.trivia.table import Table
from workflows.trivia.models import Score


async def test_a_game_of_two(table: Table) -> None:
    assert (await table.order("start", user="alice", text="2")).empty
    await table.until_asked(1)
    assert "capital of France" in table.room.lines[-1]
    assert (await table.say("bob", "Lyon")).empty
    won = await table.say("bob", "paris", after=3)
    assert won.say == ["✅ bob +28"]
    assert won.events[0].name == "answer_submitted"
    again = await table.say("bob", "paris", after=3)
    assert again.empty
    assert (await table.say("alice", "Pariss", after=7.9)).say == ["✅ alice +24"]
    await table.until_asked(2)
    assert "⏱️ It was: Paris. bob +28, alice +24" in table.room.lines
    await table.until_said("🏁")
    assert table.room.lines[-1] == "🏁 That was it! 🥇 bob 28 (1 right), 🥈 alice 24 (1 right)"
    assert [name for name, _ in table.room.events] == [
        "game_started",
        "question_asked",
        "question_asked",
        "game_finished",
    ]
    assert (await table.result())["players"][0]["name"] == "bob"
    assert not table.room.listening
    assert (await table.order("scores")).say[0].startswith("📊 Last game: 🥇 bob 28")
    assert not (await table.state()).playing


async def test_an_answer_said_in_time_counts_when_it_comes_late(table: Table) -> None:
    await table.order("start", user="alice", text="2")
    await table.until_asked(1)
    await table.until_said("It was: Paris. Nobody got it.")
    late = await table.say("bob", "paris", after=29)
    assert late.say == ["✅ bob +10"]
    too_late = await table.say("eve", "paris", after=31)
    assert too_late.empty


async def test_after_the_first_right_answer_the_others_have_a_while(table: Table) -> None:
    await table.order("start", user="alice", text="2", settings={"between": 20})
    await table.until_asked(1)
    await table.say("bob", "paris", after=2)
    await table.until_said("It was: Paris. bob +28")
    assert (await table.say("eve", "paris", after=6.9)).say == ["✅ eve +25"]
    assert (await table.say("mallory", "paris", after=7.1)).empty
    scores = await table.handle.query("scores", result_type=list[Score])
    assert [score.user for score in scores] == ["bob", "eve"]


async def test_a_command_delivered_twice_counts_once(table: Table) -> None:
    await table.order("start", user="alice", text="1")
    shown = await table.until_asked(1)
    order = Order(
        id="c-same", action="answer", user="bob", text="paris", sent_at=shown, shown_at=shown
    )
    for _ in range(2):
        outcomes = await table.handle.execute_update(
            "deliver", [order, order], result_type=list[Outcome]
        )
        assert [outcome.say for outcome in outcomes] == [["✅ bob +30"]] * 2
    scores = await table.handle.query("scores", result_type=list[Score])
    assert [(score.user, score.score) for score in scores] == [("bob", 30)]


async def test_steering(table: Table) -> None:
    assert "No game yet" in (await table.order("scores")).say[0]
    assert "no game to stop" in (await table.order("stop")).say[0]
    await table.order("start", user="alice", text="3", rank=0)
    assert "already on" in (await table.order("start", user="bob", text="3", rank=0)).say[0]
    await table.until_asked(1)
    assert (await table.order("hint", user="bob", rank=0)).say[0].startswith("💡 P")
    refused = await table.order("stop", user="bob", rank=0)
    assert refused.say == ["Only alice, who started it, or a moderator can stop the game."]
    assert "Only alice" in (await table.order("skip", user="bob", rank=1)).say[0]
    assert (await table.order("skip", user="mod", rank=2)).empty
    await table.until_asked(2)
    assert (await table.order("stop", user="Alice", rank=0)).empty
    await table.until_said("🛑 Alice stopped the game. Nobody scored.")
    assert (await table.result())["stopped"] is True


async def test_an_unknown_category_is_said(table: Table) -> None:
    table.room.problem = "I know film and music."
    await table.order("start", user="alice", text="opera")
    await table.until_said("I know film and music.")
    assert not (await table.state()).playing


async def test_orders_by_hand_and_nonsense(table: Table) -> None:
    await table.handle.signal("start", {"user": "zoe", "text": "1"})
    await table.until_asked(1)
    for hostile in ([], ["x"], [1, 2], [b"\x00\xff"], [None], [{"user": 5}], [["a"]]):
        await table.handle.signal("answer", args=hostile)
    await table.handle.signal("nonsense", args=[{}, {}])
    outcome = await table.handle.execute_update(
        "answer", {"user": "zoe", "text": "paris"}, result_type=Outcome
    )
    assert outcome.say[0].startswith("✅ zoe +")
    await table.until_said("✅ zoe +")
    await table.until_said("🏁")
    assert (await table.state()).playing is False


async def test_quiet_room_closes(table: Table) -> None:
    await table.clock.sleep(timedelta(minutes=21))
    await table.handle.result()


async def test_a_long_game_renews_itself_and_loses_nothing(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = 40
    if not table.cached:  # the time for replays grows with the square of the history
        questions = 8
        monkeypatch.setattr(base, "RENEW_WHEN_QUIET", 100)
    await table.order("start", user="alice", text=str(questions))
    first = (await table.handle.describe()).run_id
    for number in range(questions):
        await table.until_asked(number + 1)
        outcome = await table.say("bob", CAPITAL[number % 4], after=1)
        assert outcome.say, number
    await table.until_said("🏁")
    assert f"({questions} right)" in table.room.lines[-1]
    assert (await table.handle.describe()).run_id != first


async def test_a_game_stopped_before_its_questions_are_there(table: Table) -> None:
    table.room.gate.clear()
    await table.order("start", user="alice", text="3")
    assert "starting" in (await table.order("start", user="bob")).say[0]
    await table.order("stop", user="alice")
    table.room.gate.set()
    assert (await table.result())["questions"] == 0
    assert table.room.lines == ["🛑 alice stopped the game. Nobody scored."]


async def test_a_game_stopped_while_nobody_has_been_shown_the_question(table: Table) -> None:
    await table.order("start", user="alice", text="3", settings={"lead_in": 60})
    await table.until_said("🧠 Trivia! 3 questions")
    table.room.gate.clear()
    await table.until_said("❓ 1/3")
    assert "no open question" in (await table.order("skip", user="alice")).say[0]
    await table.order("stop", user="alice")
    await table.until_said("🛑 alice stopped the game.")
    table.room.gate.set()
    await table.result()
    assert not table.room.listening
    assert not (await table.state()).playing


async def test_a_question_that_cannot_be_shown_ends_the_game(table: Table) -> None:
    table.room.withdrawn = True
    await table.order("start", user="alice", text="3")
    await table.until_said("🏁 That was it! Nobody scored.")
    assert (await table.result())["questions"] == 1


async def test_an_order_that_trivia_does_not_know(table: Table) -> None:
    assert (await table.order("fly")).error == "Trivia knows no 'fly'."


async def test_a_room_that_is_only_asked_for_scores_renews_itself(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "RENEW_WHEN_QUIET", 30)
    first = (await table.handle.describe()).run_id
    for _ in range(12):
        assert "No game yet" in (await table.order("scores")).say[0]
    assert (await table.handle.describe()).run_id != first


async def test_a_question_outlives_its_run(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "RENEW_AT_LAST", 60)
    await table.order("start", user="alice", text="1")
    first = (await table.handle.describe()).run_id
    await table.until_asked(1)
    await table.order("hint", user="alice")
    for number in range(15):
        assert (await table.say(f"guest{number}", "Lyon")).empty
    assert (await table.handle.describe()).run_id != first
    assert (await table.state()).phase == "open"
    assert (await table.say("bob", "paris", after=3)).say == ["✅ bob +28"]
    await table.until_said("🏁 That was it! 🥇 bob 28 (1 right)")
    assert len(table.room.shown) == 1


CAPITAL = ["Paris", "Rome", "Oslo", "Tokyo"]
