"""What the room reads."""

from collections.abc import Sequence

from rosey.contracts.trivia import Question
from workflows.trivia.models import Game, Player, Try

MEDALS = ("🥇", "🥈", "🥉")
SHOWN_PLAYERS = 8


def started(game: Game) -> str:
    count = len(game.questions)
    about = f" about {game.category}" if game.category else ""
    return (
        f"🧠 Trivia! {count} question{'s' if count != 1 else ''}{about}, "
        f"{game.settings.seconds:g} seconds each. Just type the answer, or its letter. "
        f"Off we go in {game.settings.lead_in:g} seconds…"
    )


def question(game: Game) -> str:
    asked = game.questions[game.index]
    head = f"❓ {game.index + 1}/{len(game.questions)} ({asked.category}, {asked.difficulty})"
    if asked.kind == "boolean":
        return f"{head} True or false? {asked.text}"
    return f"{head} {asked.text}{choices(asked)}"


def choices(asked: Question) -> str:
    if not asked.choices:
        return ""
    return " " + " ".join(f"{chr(65 + n)}) {text}" for n, text in enumerate(asked.choices))


def verdict(player: Player, attempt: Try) -> str:
    if not (attempt.counted and attempt.counted.right):
        return f"❌ Not that one, {player.name}."
    streak = f" 🔥{player.streak} in a row" if player.streak >= 3 else ""
    return f"✅ {player.name} +{attempt.points}{streak}"


def corrected(player: Player, attempt: Try) -> str:
    """What counts was said earlier than what was taken for it, and has only now reached us."""
    if not (attempt.counted and attempt.counted.right):
        return f"❌ {player.name}, what you said before that counts, and it was not right."
    return f"✅ {player.name}, what you said before that counts: +{attempt.points}"


def revealed(game: Game) -> str:
    assert game.round
    scored = [
        f"{game.players[key].name} +{attempt.points}"
        for key, attempt in game.round.tries.items()
        if attempt.points
    ]
    answer = f"⏱️ It was: {game.round.question.answer}."
    return f"{answer} {', '.join(scored)}" if scored else f"{answer} Nobody got it."


def table(players: Sequence[Player]) -> str:
    """The standings in one line; `players` in order."""
    if not players:
        return "Nobody scored."
    shown = [
        f"{MEDALS[place] if place < 3 else f'{place + 1}.'} {player.name} {player.score} "
        f"({player.correct} right)"
        for place, player in enumerate(players[:SHOWN_PLAYERS])
    ]
    more = len(players) - SHOWN_PLAYERS
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def final(game: Game, players: Sequence[Player]) -> str:
    how = f"🛑 {game.stopped_by} stopped the game." if game.stopped_by else "🏁 That was it!"
    return f"{how} {table(players)}"


def details(
    game: Game | None, last_table: str, players: Sequence[Player], unrecorded: int = 0
) -> str:
    """Markdown for the Temporal Web UI; `unrecorded` games wait for the database."""
    shown = _board(game, players) if game else f"No game. Last: {escape(last_table) or 'none yet'}"
    if not unrecorded:
        return shown
    games = "1 game waits" if unrecorded == 1 else f"{unrecorded} games wait"
    return f"{shown}\n\n{games} to be written to the database."


def _board(game: Game, players: Sequence[Player]) -> str:
    lines = [f"**{game.phase}**, question {game.index + 1} of {len(game.questions)}"]
    if game.round:
        lines.append(f"\n> {escape(game.round.question.text)}\n")
    lines += ["| player | score | right | streak |", "|---|---|---|---|"]
    lines += [
        f"| {escape(player.name)} | {player.score} | {player.correct} | {player.streak} |"
        for player in players
    ]
    return "\n".join(lines)


def escape(name: str) -> str:
    """A name as plain text in a Markdown table."""
    return "".join(f"\\{char}" if char in "|*_`<>[]\\" else char for char in name)
