"""What a finished game changes in trivia's tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rosey.contracts.trivia import GameResult, PlayerResult
from rosey.names import name_key

Operation = dict[str, Any]

# One transaction takes 1000 operations, of which a player may need two.
MOST_PLAYERS = 400
LONGEST_CATEGORY = 255


def operations(result: GameResult, ended: datetime) -> list[Operation]:
    """For one batch: the game, each player's result, and what it adds to the players' statistics.

    Who has not answered does not count; of more than 400 players the first 400 do.
    """
    players = sorted((each for each in result.players if each.answered), key=_standing)
    best = players[:MOST_PLAYERS]
    ranked = list(zip(places(best), best, strict=True))
    changes = [_game(result, len(players), _winner(ranked), ended)]
    if ranked:
        values = [_result(result, place, player) for place, player in ranked]
        changes.append({"op": "insert", "table": "results", "values": values})
    for place, player in ranked:
        changes += _statistics(result.channel, place, player, ended)
    return changes


def places(players: Sequence[PlayerResult]) -> list[int]:
    """The place of each, best first; who has as many points and right answers shares it."""
    standings = [_standing(each) for each in players]
    return [standings.index(each) + 1 for each in standings]


def _standing(player: PlayerResult) -> tuple[int, int]:
    return -player.score, -player.correct


def _has_won(place: int, player: PlayerResult) -> bool:
    return place == 1 and player.score > 0


def _winner(ranked: Sequence[tuple[int, PlayerResult]]) -> str | None:
    """None when nobody scored, and when several share the first place."""
    winners = [player.name for place, player in ranked if _has_won(place, player)]
    return winners[0] if len(winners) == 1 else None


def _game(result: GameResult, players: int, winner: str | None, ended: datetime) -> Operation:
    values = {
        "game": result.game,
        "channel": result.channel,
        "category": result.category[:LONGEST_CATEGORY],
        "questions": result.questions,
        "stopped": result.stopped,
        "players": players,
        "winner": winner,
        "finished_at": ended,
    }
    return {"op": "insert", "table": "games", "values": values}


def _result(result: GameResult, place: int, player: PlayerResult) -> dict[str, Any]:
    return {
        "game": result.game,
        "channel": result.channel,
        "username": player.name,
        "name_key": name_key(player.name),
        "place": place,
        "score": player.score,
        "correct": player.correct,
        "answered": player.answered,
        "best_streak": player.best_streak,
        "fastest": player.fastest,
    }


def _statistics(channel: str, place: int, player: PlayerResult, ended: datetime) -> list[Operation]:
    person = {"channel": channel, "name_key": name_key(player.name)}
    added = {
        "games": 1,
        "wins": int(_has_won(place, player)),
        "score": player.score,
        "correct": player.correct,
        "answered": player.answered,
    }
    changed = {
        "$set": {"username": player.name, "last_played": ended},
        "$inc": added,
        "$max": {"best_streak": player.best_streak, "best_score": player.score},
    }
    counted: Operation = {"op": "update", "table": "players", "filter": person, "update": changed}
    counted["upsert"] = True
    return [counted, *_quickest(person, player.fastest)]


def _quickest(person: dict[str, str], seconds: float | None) -> list[Operation]:
    """Null is no time at all, where `$min` would take it for the best of all."""
    if seconds is None:
        return []
    slower = {"$or": [{"fastest": None}, {"fastest": {"$gt": seconds}}]}
    return [
        {
            "op": "update",
            "table": "players",
            "filter": person | slower,
            "update": {"$set": {"fastest": seconds}},
        }
    ]
