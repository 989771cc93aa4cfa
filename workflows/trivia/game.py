"""A game's moves: what an order does to the state. Pure; time comes in as an argument."""

from datetime import datetime, timedelta

from rosey.contracts.trivia import Question
from rosey.durable import Order
from rosey.events import Happening, Outcome
from rosey.ranks import Rank
from workflows.trivia import rules, texts
from workflows.trivia.answers import check_answer, is_letter
from workflows.trivia.models import Game, Player, Room, Round, Settings, Try

REMEMBERED_QUESTIONS = 200
# Seconds for whoever only looked on so far, once every player has answered.
LAST_MOMENT = 2.0


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
    if _too_late(game, round_, order, elapsed, now):
        return _aside(order, f"Too late for that one, {order.user}.")
    key = order.user.lower()
    attempt = round_.tries.setdefault(key, Try())
    if attempt.counted or attempt.guesses >= game.settings.tries:
        return _aside(order, f"You have had your go at this one, {order.user}.")
    return _judge(game, round_, attempt, order, given, elapsed, now)


def _judge(
    game: Game,
    round_: Round,
    attempt: Try,
    order: Order,
    given: str,
    elapsed: float,
    now: datetime,
) -> Outcome:
    asked = round_.question
    correct = check_answer(asked.kind, asked.answer, asked.accepted, asked.choices, given)
    final = not order.plain or _is_choice(asked, given)
    if not (correct or final):
        attempt.guesses += 1
        return Outcome()
    attempt.counted = True
    player = game.players.setdefault(order.user.lower(), Player(name=order.user))
    player.answered += 1
    submitted = {"user": order.user, "question": asked.id, "correct": correct}
    if not correct:
        player.streak = 0
        return _say(texts.wrong(order.user), Happening(name="answer_submitted", data=submitted))
    attempt.points = rules.points(asked.difficulty, game.settings.seconds, elapsed)
    _reward(player, attempt.points, elapsed)
    _hurry(game, round_, order.sent_at or now, now)
    submitted |= {"points": attempt.points, "elapsed": round(elapsed, 3)}
    return _say(
        texts.right(player, attempt.points), Happening(name="answer_submitted", data=submitted)
    )


def _is_choice(asked: Question, given: str) -> bool:
    """A letter, or a word for true or false: who says that has chosen, also when it is wrong."""
    if asked.kind == "boolean":
        return any(check_answer("boolean", truth, [], [], given) for truth in ("True", "False"))
    return is_letter(given, asked.choices)


def _reward(player: Player, points: int, elapsed: float) -> None:
    player.score += points
    player.correct += 1
    player.streak += 1
    player.best_streak = max(player.best_streak, player.streak)
    player.fastest = elapsed if player.fastest is None else min(player.fastest, elapsed)


def _hurry(game: Game, round_: Round, said_at: datetime, now: datetime) -> None:
    """After a right answer the others have a while; a moment, when all players have answered."""
    everybody = len(game.players) > 1 and all(
        key in round_.tries and round_.tries[key].counted for key in game.players
    )
    grace = min(game.settings.grace, LAST_MOMENT) if everybody else game.settings.grace
    left = timedelta(seconds=grace)
    round_.cutoff = min(round_.cutoff or said_at + left, said_at + left)
    if game.phase == "open":
        game.until = min(game.until or now + left, now + left)


def _meant_for(round_: Round, order: Order) -> bool:
    """An answer to an earlier question that comes now is not an answer to this one."""
    if order.shown_at is None or round_.shown_at is None:
        return order.sent_at is None or round_.shown_at is None or order.sent_at >= round_.shown_at
    return order.shown_at == round_.shown_at


def _too_late(game: Game, round_: Round, order: Order, elapsed: float, now: datetime) -> bool:
    if elapsed > game.settings.seconds:
        return True
    if order.sent_at is None:
        return game.phase not in ("asking", "open")
    return round_.cutoff is not None and order.sent_at > round_.cutoff


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
    game.round.cutoff = min(game.round.cutoff or order.sent_at or now, order.sent_at or now)
    game.until = now
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


def open_next(room: Room, now: datetime) -> None:
    """Puts the next question on the table, before anybody is shown it."""
    game = room.game
    assert game
    game.index += 1
    asked = game.questions[game.index]
    game.round = Round(question=asked, opened_at=now)
    game.phase = "asking"
    room.asked = [*room.asked, asked.id][-REMEMBERED_QUESTIONS:]


def shown(game: Game, shown_at: datetime | None, now: datetime) -> None:
    """The room has seen the question: its time runs from here."""
    assert game.round
    game.round.shown_at = shown_at
    game.round.opened_at = now
    game.phase = "open"
    game.until = now + timedelta(seconds=game.settings.seconds)
    if game.round.cutoff:
        game.until = min(game.until, now + timedelta(seconds=game.settings.grace))


_WHO_STEERS = "Only {who}, who started it, or a moderator can {what}."


def _may_steer(game: Game, order: Order) -> bool:
    return order.rank >= Rank.MODERATOR or order.user.lower() == game.started_by.lower()


def _say(line: str, *events: Happening) -> Outcome:
    return Outcome(say=[line], events=list(events))


def _aside(order: Order, line: str) -> Outcome:
    """What somebody is told who used the command; a plain line was perhaps no answer at all."""
    return Outcome() if order.plain else _say(line)
