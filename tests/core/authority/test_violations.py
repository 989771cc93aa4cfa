"""The server's log lines, read; and who tried how often."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from core.authority.violations import TOO_MANY, WITHIN, Tally, Try, read

KEY = "U" + "A" * 55
NAMES = {KEY: "plugin-dice"}
HEAD = "[22642] 2026/11/21 16:13:10.961654 [ERR] 127.0.0.1:38796 - cid:69 - "
WHO = f'"v2.16.0:python3:plugin dice" - "ROSEY/nkey:{KEY}" - '


def publish(name: str, subject: str) -> str:
    """As the server writes it; the client chose its name and the subject."""
    who = f'"v2.16.0:python3:{name}" - "ROSEY/nkey:{KEY}"'
    return f'{HEAD}{who} - Publish Violation - Subject "{subject}"'


def test_a_publish_and_a_subscription() -> None:
    tried = read(publish("plugin dice", "rosey.security.violation"), NAMES)
    assert tried
    assert (tried.who, tried.what, tried.subject) == (
        "plugin-dice",
        "publish",
        "rosey.security.violation",
    )
    here = datetime(2026, 11, 21, 16, 13, 10, 961654).astimezone(UTC)
    assert tried.at == here
    heard = read(HEAD + WHO + 'Subscription Violation - Subject "_INBOX.>", SID 1', NAMES)
    assert heard
    assert (heard.what, heard.subject) == ("subscribe", "_INBOX.>")


def test_a_login_without_a_key_is_known_by_its_address() -> None:
    tried = read(HEAD + "authentication error", NAMES)
    assert tried
    assert (tried.who, tried.what, tried.subject) == ("127.0.0.1", "login", "")


def test_a_key_that_nobody_knows_any_more_stands_for_itself() -> None:
    tried = read(publish("gone", "x"), {})
    assert tried
    assert tried.who == KEY


def test_other_lines_are_none() -> None:
    for line in ("", "nonsense", "[1] 2026/11/21 16:13:10.961654 [INF] Server is ready", HEAD):
        assert read(line, NAMES) is None


OTHER = "U" + "B" * 55
blame = st.sampled_from(
    [f'x" - "ROSEY/nkey:{OTHER}" - Publish Violation - Subject "y', '"', " - ", "[ERR]", "nkey:"]
)


@given(st.text(max_size=40), blame, st.text(alphabet="abc.*>$_-", min_size=1, max_size=20))
def test_nobody_can_put_the_blame_on_another(start: str, trick: str, subject: str) -> None:
    """A client's name is its own choice; a subject has no spaces."""
    name = f"{start}{trick}".replace("\n", "").replace("\r", "")
    tried = read(publish(name, subject), NAMES | {OTHER: "plugin-trivia"})
    assert tried is None or (tried.who, tried.subject) == ("plugin-dice", subject)


def test_too_many_in_a_short_time() -> None:
    tally = Tally()
    assert not any(tally.add("plugin-dice", float(second)) for second in range(TOO_MANY - 1))
    assert tally.add("plugin-dice", TOO_MANY - 1.0)
    assert tally.counts == {"plugin-dice": TOO_MANY}


def test_many_over_a_long_time_are_only_counted() -> None:
    tally = Tally()
    assert not any(tally.add("plugin-dice", number * WITHIN / 5) for number in range(50))
    assert tally.counts == {"plugin-dice": 50}


def test_a_fresh_start_is_counted_anew() -> None:
    tally = Tally()
    for _ in range(TOO_MANY - 1):
        tally.add("plugin-dice", 1.0)
    tally.forgive("plugin-dice")
    assert not tally.add("plugin-dice", 1.0)


def test_two_witnesses_of_one_try() -> None:
    tally = Tally()
    logged = Try("plugin-dice", "publish", "KV.Key", datetime.now(UTC))
    told = Try("plugin-dice", "publish", "kv.key", datetime.now(UTC))
    assert not tally.knows(told, 10.0)
    tally.log(logged, 10.0)
    assert tally.knows(told, 11.0)
    assert not tally.knows(told, 30.0)
    assert not tally.knows(Try("plugin-trivia", "publish", "kv.key", told.at), 11.0)
