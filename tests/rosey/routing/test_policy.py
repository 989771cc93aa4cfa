"""Who may do what, how often, and what a plugin may have Rosey do."""

from hypothesis import given
from hypothesis import strategies as st

from rosey.contracts.playlist import Edit
from rosey.events import Action, Reply
from rosey.manifest import PluginManifest
from rosey.routing.policy import (
    LONGEST_TEXT,
    MOST_ACTIONS,
    allowed_actions,
    tidy,
)

ROOM = "lounge/lobby"


def manifest(*actions: str) -> PluginManifest:
    return PluginManifest(
        name="dice", version="1.0.0", summary="Dice", entry="a:b", actions=list(actions)
    )


def reply(*actions: Action) -> Reply:
    return Reply(id="r-1", channel=ROOM, actions=list(actions))


def test_a_plugin_may_do_what_its_manifest_says_where_it_was_asked() -> None:
    allowed, refused = allowed_actions(
        reply(
            Action(id="1", channel=ROOM, text="hi"),
            Action(id="2", channel=ROOM, kind="pm", to="bob", text="psst"),
            Action(id="3", channel=ROOM, kind="media_add"),
            Action(id="4", channel="lounge/attic", text="elsewhere"),
        ),
        manifest("say"),
    )
    assert [action.id for action in allowed] == ["1"]
    assert refused == (
        "pm is not in the manifest; media_add is not in the manifest; "
        "lounge/attic is not the reply's channel"
    )


def test_a_change_of_the_playlist_goes_out_as_it_is() -> None:
    edit = Edit(kind="move", uid=0, after=None, type="yt", media_id="x")
    args = edit.model_dump(exclude_unset=True, exclude={"kind"})
    action = Action(id="1", channel=ROOM, kind="media_move", args=args)
    allowed, refused = allowed_actions(reply(action), manifest("media_move"))
    assert ([Action.read(each.wire()) for each in allowed], refused) == ([action], "")


def test_a_plugin_nobody_knows_may_do_nothing() -> None:
    assert allowed_actions(reply(Action(id="1", channel=ROOM)), None) == (
        [],
        "say is not in the manifest",
    )


def test_only_so_many_actions_at_once() -> None:
    many = [Action(id=str(number), channel=ROOM) for number in range(MOST_ACTIONS + 1)]
    allowed, refused = allowed_actions(reply(*many), manifest("say"))
    assert len(allowed) == MOST_ACTIONS
    assert refused == f"more than {MOST_ACTIONS} actions"


def test_texts_lose_what_is_not_text() -> None:
    assert tidy("a\x00b\x1b[31m\tc\nd\u202ee") == "a b [31m c\nd e"
    assert tidy("x" * 3000) == "x" * (LONGEST_TEXT - 1) + "…"
    assert tidy("é👋ñ") == "é👋ñ"


@given(st.text(max_size=50))
def test_tidy_texts_stay_so(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    assert len(once) == len(text)
    assert all(char == "\n" or char.isprintable() for char in once)
