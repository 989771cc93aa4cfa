"""What a plugin author writes."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from rosey import Context, Outcome, Plugin, Refused, User
from rosey.durable import Order
from rosey.events import Command, Line
from rosey.kit import Kit
from rosey.plugin import Found
from tests.rosey.orders import SOME_TIME, command


def test_a_function_becomes_a_command() -> None:
    plugin = Plugin("weather")

    @plugin.command("weather", "rain", usage="[place]", rank=1, cooldown=3, hidden=True)
    async def weather(ctx: Context) -> str:
        """Rain or shine.

        More about it.
        """
        return ctx.text

    assert plugin.handlers == {"weather": weather}
    (known,) = plugin.commands
    assert known.model_dump() == {
        "action": "weather",
        "words": ["weather", "rain"],
        "usage": "[place]",
        "help": "Rain or shine.",
        "rank": 1.0,
        "cooldown": 3.0,
        "room_cooldown": 0.0,
        "hidden": True,
    }


def test_the_action_is_the_last_of_two_words_unless_given() -> None:
    plugin = Plugin("weather")

    @plugin.command("weather here")
    async def here(ctx: Context) -> None: ...

    @plugin.command("weather there", action="away")
    async def there(ctx: Context) -> None: ...

    assert set(plugin.handlers) == {"here", "away"}
    assert plugin.commands[0].help == ""


def test_two_handlers_for_one_action_are_refused() -> None:
    plugin = Plugin("weather")

    async def handler(ctx: Context) -> None: ...

    plugin.command("rain")(handler)
    with pytest.raises(ValueError, match="weather has two handlers for 'rain'"):
        plugin.command("drizzle", action="rain")(handler)


@pytest.mark.parametrize("word", ["", "Rain", "!rain", "a b c", "a  b", " a", "a\n", "r.n", "é"])
def test_what_nobody_can_type_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="is no command: one or two words of a-z and 0-9"):
        Plugin("weather").command(word)


class Options(BaseModel):
    days: int = 3


class Mailbox:
    async def ask(
        self, workflow: str, query: str, command: Command, answer: type[Found]
    ) -> Found | None:
        return None

    async def deliver(
        self, workflow: str, command: Command, settings: dict[str, object] | None = None
    ) -> Outcome:
        return Outcome(say=[f"{workflow} {command.action} {settings}"])


async def test_what_a_handler_is_given() -> None:
    ctx = Context(command(7, text="here now"), Options(), Mailbox())
    assert ctx.user == User(name="bob", rank=1.0)
    assert (ctx.channel, ctx.text) == ("lounge/lobby", "here now")
    assert ctx.options == {"days": 3}
    ctx.event("looked_up", place="here")
    assert [(event.name, event.data) for event in ctx.events] == [("looked_up", {"place": "here"})]
    answer = await ctx.durable.deliver("Weather", ctx.command, ctx.options)
    assert answer.say == ["Weather answer {'days': 3}"]


def test_without_workflows_there_is_no_mailbox() -> None:
    ctx = Context(command(1))
    assert ctx.options == {}
    with pytest.raises(RuntimeError, match=r"trivia names no workflows in its plugin\.toml"):
        _ = ctx.durable


def test_without_storage_there_is_no_database() -> None:
    with pytest.raises(RuntimeError, match=r"trivia asks for no storage in its plugin\.toml"):
        _ = Context(command(1)).db


def test_a_database_of_its_own_is_for_development(tmp_path: Path) -> None:
    ctx = Context(command(1), kit=Kit(folder=tmp_path, dev=True))
    with closing(ctx.local_db()) as db, db:
        db.execute("CREATE TABLE notes (text)")
    assert (tmp_path / "local.db").is_file()
    with pytest.raises(RuntimeError, match=r"set dev = true in rosey\.toml, or keep it in ctx\.db"):
        Context(command(1), kit=Kit(folder=tmp_path)).local_db()


def test_chance_is_not_foreseeable_unless_a_test_says_so() -> None:
    drawn = {Context(command(1)).random.random() for _ in range(5)}
    assert len(drawn) == 5


def test_an_order_is_what_the_command_says() -> None:
    order = Order.of(command(7, text="paris", plain=True, shown_at=SOME_TIME), {"seconds": 20})
    assert order == Order(
        id="c-7",
        action="answer",
        user="bob",
        rank=1.0,
        text="paris",
        sent_at=SOME_TIME,
        shown_at=SOME_TIME,
        seq=7,
        plain=True,
        settings={"seconds": 20},
    )


coin = Plugin("coin")


# As a stranger writes it: ctx without its type.
@coin.command("flip", aliases=["toss"], cooldown=3, room_cooldown=1)
async def flip(ctx, times: int = 1) -> str:  # type: ignore[no-untyped-def]
    """Flip a coin, or several."""
    return " ".join(ctx.random.choice(["heads", "tails"]) for _ in range(times))


@coin.command("coin weigh", usage="<who and when>")
async def weigh(ctx: Context, who: User, when: datetime) -> str:
    """Weigh it."""
    return f"{who.name} {when}"


async def answer(plugin: Plugin, action: str, text: str, **fields: object) -> object:
    ctx = Context(command(1, action=action, text=text, **fields))
    return await plugin.handlers[action](ctx)


def test_usage_comes_from_the_parameters_unless_given() -> None:
    known, other = coin.commands
    assert (known.words, known.usage, known.help) == (
        ["flip", "toss"],
        "[times]",
        "Flip a coin, or several.",
    )
    assert (known.cooldown, known.room_cooldown) == (3.0, 1.0)
    assert other.usage == "<who and when>"


async def test_a_handler_gets_its_arguments() -> None:
    assert await answer(coin, "flip", "") in ("heads", "tails")
    said = await answer(coin, "flip", "3")
    assert isinstance(said, str)
    assert len(said.split()) == 3
    assert await answer(coin, "weigh", "@bob tomorrow 8:00") == "bob 2026-01-02 08:00:00+00:00"
    assert await flip(Context(command(1)), 1) in ("heads", "tails")


async def test_what_does_not_fit_is_refused_with_the_usage_as_the_room_types_it() -> None:
    with pytest.raises(Refused) as refused:
        await answer(coin, "flip", "many", prefix="$")
    assert str(refused.value) == 'times: "many" is not a whole number. Usage: $flip [times]'
    with pytest.raises(Refused) as refused:
        await answer(coin, "weigh", "")
    assert str(refused.value) == "Who? Usage: !coin weigh <who and when>"


async def test_a_line_of_talk_that_was_no_answer_is_left_alone() -> None:
    assert await answer(coin, "flip", "so many", plain=True) is None


class Zoned(BaseModel):
    zone: ZoneInfo | str = ZoneInfo("Europe/Berlin")


def test_the_zone_is_a_setting_of_the_room() -> None:
    assert Context(command(1)).zone is UTC
    assert Context(command(1), Options()).zone is UTC
    assert Context(command(1), Zoned()).zone == ZoneInfo("Europe/Berlin")
    assert Context(command(1), Zoned(zone="Asia/Tokyo")).zone == ZoneInfo("Asia/Tokyo")


async def test_times_are_read_in_the_zone_of_the_room() -> None:
    ctx = Context(command(1, text="bob 8:00"), Zoned())
    assert await coin.handlers["weigh"](ctx) == "bob 2026-01-02 08:00:00+01:00"


def test_lines_are_noted_in_order() -> None:
    ctx = Context(command(1))
    ctx.say("one")
    ctx.pm("bob", "two")
    ctx.pm(User(name="eve"), "three")
    assert ctx.lines == [Line(text="one"), Line(text="two", to="bob"), Line(text="three", to="eve")]
    with pytest.raises(ValueError, match="a private message needs somebody to go to"):
        ctx.pm("", "four")


def test_an_alias_is_a_word_too() -> None:
    with pytest.raises(ValueError, match="'To ss' is no command"):
        Plugin("weather").command("rain", aliases=["To ss"])
