"""A game's moves: what an order does to the state. Pure; time comes in as an argument."""

from datetime import datetime, timedelta

from rosey.contracts.trivia import GameResult, PlayerResult, Question
from rosey.durable import Order
from rosey.events import Happening, Outcome
from rosey.ranks import Rank
from workflows.trivia import rules, texts
from workflows.trivia.answers import check_answer, is_letter
from workflows.trivia.models import Game, Go, Player, Room, Round, Settings, Try

REMEMBERED_QUESTIONS = 200
# Seconds for whoever only looked on so far, once every player has answered.
LAST_MOMENT = 2.0
# What may wait to be written: more would not fit into what a run may hand to the next.
MOST_UNRECORDED = 50
MOST_UNRECORDED_PLAYERS = 2_000


def start(room: Room, order: Order, game_id: str) -> Outcome:
    """Notes the wish for a game; its questions are fetched and it is announced afterwards."""
    if room.game:
        game = room.game
        where = f"question {game.index + 1} of {len(game.questions)}" if game.round else "starting"
        return _say(f"A game is already on ({where}). Join in, or see !trivia scores.")
    settings = Settings.model_validate(order.settings or {})
    wanted, category = rules.start_arguments(order.text, settings.questions)
    room.game = Game(
        id=game_id, started_by=order.user, settings=settings, category=category, wanted=wanted
    )
    return Outcome()


def answer(room: Room, order: Order, now: datetime) -> Outcome:
    """Judges an answer by the platform's clock, also one that was only late in reaching us."""
    game = room.game
    round_ = game.round if game and game.phase in ("asking", "open", "reveal", "pause") else None
    given = order.text.strip()
    if not (game and round_ and _meant_for(round_, order)):
        return _aside(order, "No question is open right now. !trivia start begins a game.")
    if not given:
        return _aside(order, "Add your answer, for example: !a paris")
    elapsed = round_.elapsed(order.sent_at, order.shown_at, now)
    if _too_late(game, round_, order, elapsed):
        return _aside(order, f"Too late for that one, {order.user}.")
    go = Go(
        sent_at=order.sent_at or now,
        seq=order.seq,
        elapsed=elapsed,
        right=_is_right(round_.question, given),
        final=not order.plain or _is_choice(round_.question, given),
    )
    return _take(game, round_, order, go, now)


def _take(game: Game, round_: Round, order: Order, go: Go, now: datetime) -> Outcome:
    """The first thing somebody said that is right or final counts, also when it comes later."""
    key = order.user.lower()
    attempt = round_.tries.setdefault(key, Try(before=game.players.get(key)))
    counted, points = attempt.counted, attempt.points
    goes = sorted([*attempt.goes, go], key=lambda one: (one.sent_at, one.seq))
    attempt.goes = goes[: game.settings.tries]
    attempt.counted = next((one for one in attempt.goes if one.right or one.final), None)
    if attempt.counted == counted:
        silent = counted is None and any(one is go for one in attempt.goes)
        told = f"You have had your go at this one, {order.user}."
        return Outcome() if silent else _aside(order, told)
    player = _settle(game, round_, key, order.user)
    _hurry(game, round_, now)
    if counted is None:
        return _told(round_, attempt, texts.verdict(player, attempt), player.name)
    if (attempt.points, _right(attempt)) == (points, counted.right):
        return Outcome()
    return _told(round_, attempt, texts.corrected(player, attempt), player.name)


def _settle(game: Game, round_: Round, key: str, name: str) -> Player:
    """Makes the person's standing follow from how he stood and the go that counts."""
    attempt = round_.tries[key]
    before = attempt.before or Player(name=name)
    counted, attempt.points = attempt.counted, 0
    if counted is None:
        game.players.pop(key)
        if attempt.before:
            game.players[key] = before
        return before
    if counted.right:
        difficulty, limit = round_.question.difficulty, game.settings.seconds
        attempt.points = rules.points(difficulty, limit, counted.elapsed)
    game.players[key] = before.after(counted, attempt.points)
    return game.players[key]


def _told(round_: Round, attempt: Try, line: str, name: str) -> Outcome:
    submitted: dict[str, object] = {"user": name, "question": round_.question.id}
    submitted["correct"] = _right(attempt)
    if attempt.counted and attempt.counted.right:
        submitted |= {"points": attempt.points, "elapsed": round(attempt.counted.elapsed, 3)}
    return _say(line, Happening(name="answer_submitted", data=submitted))


def _right(attempt: Try) -> bool:
    return attempt.counted is not None and attempt.counted.right


def _is_right(asked: Question, given: str) -> bool:
    return check_answer(asked.kind, asked.answer, asked.accepted, asked.choices, given)


def _is_choice(asked: Question, given: str) -> bool:
    """A letter, or a word for true or false: who says that has chosen, also when it is wrong."""
    if asked.kind == "boolean":
        return any(check_answer("boolean", truth, [], [], given) for truth in ("True", "False"))
    return is_letter(given, asked.choices)


def _hurry(game: Game, round_: Round, now: datetime) -> None:
    """After a right answer the others have a while; a moment, when all players have answered."""
    if game.phase != "open" or not any(map(_right, round_.tries.values())):
        return
    seconds = _last_moment(game) if _everybody(game, round_) else game.settings.grace
    soon = now + timedelta(seconds=seconds)
    game.until = min(game.until or soon, soon)


def close(game: Game, at: datetime | None = None) -> None:
    """Ends the time for answers. What was said in time counts also when it comes later.

    In time is before `at`, and within the while after the first right answer that had come.
    """
    assert game.round
    grace, moment = (timedelta(seconds=s) for s in (game.settings.grace, _last_moment(game)))
    counted = [one.counted for one in game.round.tries.values() if one.counted]
    ends = [go.sent_at + grace for go in counted if go.right] + ([at] if at else [])
    if ends and _everybody(game, game.round):
        ends.append(max(go.sent_at for go in counted) + moment)
    game.round.cutoff = min(ends, default=None)
    game.phase = "reveal"


def _everybody(game: Game, round_: Round) -> bool:
    """Whether all players have answered; one who plays alone may get company."""
    return len(game.players) > 1 and all(
        key in round_.tries and round_.tries[key].counted for key in game.players
    )


def _last_moment(game: Game) -> float:
    return min(game.settings.grace, LAST_MOMENT)


def _meant_for(round_: Round, order: Order) -> bool:
    """An answer to an earlier question that comes now is not an answer to this one."""
    if order.shown_at is None:
        return order.sent_at is None or round_.shown_at is None or order.sent_at >= round_.shown_at
    if round_.shown_at is None:
        return round_.shown_before is None or order.shown_at > round_.shown_before
    return order.shown_at == round_.shown_at


def _too_late(game: Game, round_: Round, order: Order, elapsed: float) -> bool:
    """While the question is open only its own time matters, so that no order of arrival does."""
    if elapsed > game.settings.seconds:
        return True
    if game.phase in ("asking", "open"):
        return False
    return order.sent_at is None or (round_.cutoff is not None and order.sent_at > round_.cutoff)


def hint(room: Room, order: Order) -> Outcome:
    game = room.game
    if not (game and game.round and game.phase == "open"):
        return _say("There is nothing to hint at: no question is open.")
    asked = game.round.question
    if asked.kind != "free":
        return _say("No hints when the answers are all there: pick one.")
    if game.round.hints >= game.settings.hints:
        return _say("No more hints for this one.")
    game.round.hints += 1
    return _say(f"💡 {rules.hint(asked.answer, game.round.hints, game.settings.hints)}")


def skip(room: Room, order: Order, now: datetime) -> Outcome:
    game = room.game
    if not (game and game.round and game.phase == "open"):
        return _say("There is no open question to skip.")
    if not _may_steer(game, order):
        return _say(_WHO_STEERS.format(what="skip a question", who=game.started_by))
    close(game, order.sent_at or now)
    return Outcome()


def stop(room: Room, order: Order) -> Outcome:
    game = room.game
    if not game:
        return _say("There is no game to stop.")
    if not _may_steer(game, order):
        return _say(_WHO_STEERS.format(what="stop the game", who=game.started_by))
    game.stopped_by = order.user
    game.phase = "finish"
    return Outcome()


def scores(room: Room) -> Outcome:
    if room.game:
        return _say(f"📊 {texts.table(standings(room.game))}")
    if room.last_table:
        return _say(f"📊 Last game: {room.last_table}")
    return _say("No game yet. !trivia start begins one.")


def standings(game: Game) -> list[Player]:
    return rules.standings(game.players.values())


def result(room: Room, game: Game, now: datetime) -> GameResult:
    """What is kept of a game that ends now."""
    players: list[PlayerResult] = [*standings(game)]
    return GameResult(
        game=game.id,
        channel=room.channel,
        category=game.category,
        questions=max(0, game.index + 1),
        stopped=bool(game.stopped_by),
        players=players,
        finished_at=now,
    )


def remember(room: Room, ended: GameResult) -> bool:
    """Notes a result as not yet written; False when too many wait already, and then it is lost."""
    waiting = room.unrecorded
    players = sum(len(each.players) for each in [*waiting, ended])
    if waiting and (len(waiting) >= MOST_UNRECORDED or players > MOST_UNRECORDED_PLAYERS):
        return False
    waiting.append(ended)
    return True


def open_next(room: Room, now: datetime) -> None:
    """Puts the next question on the table, before anybody is shown it."""
    game = room.game
    assert game
    game.index += 1
    asked = game.questions[game.index]
    before = game.round.shown_at if game.round else None
    game.round = Round(question=asked, opened_at=now, shown_before=before)
    game.phase = "asking"
    room.asked = [*room.asked, asked.id][-REMEMBERED_QUESTIONS:]


def shown(game: Game, shown_at: datetime | None, now: datetime) -> None:
    """The room has seen the question: its time runs from here."""
    assert game.round
    game.round.shown_at = shown_at
    game.round.opened_at = now
    game.phase = "open"
    game.until = now + timedelta(seconds=game.settings.seconds)
    _hurry(game, game.round, now)


_WHO_STEERS = "Only {who}, who started it, or a moderator can {what}."


def _may_steer(game: Game, order: Order) -> bool:
    return order.rank >= Rank.MODERATOR or order.user.lower() == game.started_by.lower()


def _say(line: str, *events: Happening) -> Outcome:
    return Outcome(say=[line], events=list(events))


def _aside(order: Order, line: str) -> Outcome:
    """What somebody is told who used the command; a plain line was perhaps no answer at all."""
    return Outcome() if order.plain else _say(line)
