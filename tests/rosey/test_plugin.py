"""What a plugin author writes."""

import pytest
from pydantic import BaseModel

from rosey import Context, Outcome, Plugin
from rosey.durable import Order
from rosey.events import Command, User
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
