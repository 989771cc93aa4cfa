"""A room's evening on a clock that can be wound forward."""

from rosey.contracts.media import FoundMedia
from tests.workflows.playlist.theatre import SECONDS, Theatre


async def joined(theatre: Theatre, *users: str) -> None:
    theatre.list.join(first=True, users=users)
    await theatre.at_rest()


async def test_an_evening(theatre: Theatre) -> None:
    await joined(theatre, "alice", "bob")
    for count, (user, media) in enumerate((("alice", "a1"), ("alice", "a2"), ("bob", "b1")), 1):
        assert (await theatre.order("add", user=user, rank=0, text=media)).empty
        await theatre.until_said(count)
    await theatre.at_rest()
    assert theatre.lines[0] == "📺 Added to queue (#1): a1 · next"
    assert [item.media.id for item in theatre.list.items] == ["a1", "b1", "a2"]
    assert await theatre.queue() == ["b1", "a2"]
    for _ in range(3):
        await theatre.play()
    assert (await theatre.state()).playing == "Nothing is playing."
    ended = [ended for change in theatre.changes for ended in change.ended]
    assert [(each.item.media_id, each.skipped) for each in ended] == [
        ("a1", False),
        ("b1", False),
        ("a2", False),
    ]
    assert theatre.copy == []
    names = [name for name, _ in theatre.events]
    assert [names.count(name) for name in ("item_added", "item_started", "item_ended")] == [3] * 3


async def test_what_cannot_be_found_is_said(theatre: Theatre) -> None:
    await joined(theatre)
    await theatre.order("add", user="alice", rank=0, text="nothing")
    await theatre.until(lambda _: bool(theatre.lines))
    assert theatre.lines == ["❌ Nothing like that is known."]


async def test_the_queue_is_rebuilt_from_the_database(theatre: Theatre) -> None:
    await joined(theatre)
    for media in ("a1", "a2", "a3"):
        await theatre.order("add", user="alice", rank=3, text=media)
        await theatre.at_rest()
    assert theatre.handle
    await theatre.handle.terminate("the namespace is lost")
    info = await theatre.handle.describe()
    theatre.handle = await theatre.clock.client.start_workflow(
        "Playlist", id=info.id, task_queue=info.task_queue
    )
    await joined(theatre)
    await theatre.until(lambda state: state.waiting == 2)
    assert await theatre.queue() == ["a2", "a3"]
    assert [line for line in theatre.lines if "Recovered" in line] == ["♻️ Recovered 3 items."]
    assert [item.media.id for item in theatre.list.items] == ["a1", "a2", "a3"]


async def test_it_renews_itself_and_loses_nothing(hurried: Theatre) -> None:
    await joined(hurried, "alice")
    assert hurried.handle
    first = (await hurried.handle.describe()).run_id
    for number in range(60):
        await hurried.order("add", user="alice", rank=3, text=f"m{number}")
        await hurried.pass_on()
    await hurried.until(lambda state: state.waiting == 59)
    wanted = await hurried.queue()
    for _ in range(40):
        hurried.list.next()
        await hurried.at_rest()
    assert (await hurried.handle.describe()).run_id != first
    assert await hurried.queue() == wanted[40:]
    assert not (await hurried.state()).cannot


async def test_a_saved_list_plays_until_somebody_asks(theatre: Theatre) -> None:
    """And again when its time has come, without anybody doing anything."""
    wanted = {"autoplay": "horror", "autoplay_again": 7200}
    theatre.lists["horror"] = [
        FoundMedia(type="yt", id=id, title=id, seconds=SECONDS) for id in ("h1", "h2")
    ]
    await joined(theatre, "alice")
    assert (await theatre.order("settings", settings=wanted)).empty
    await theatre.until(lambda state: state.playing.startswith("▶️ h1") and state.waiting == 1)
    await theatre.order("add", user="alice", rank=0, text="a1")
    await theatre.at_rest()
    assert await theatre.queue() == ["a1", "h2"]
    for _ in range(3):
        await theatre.play()
    assert (await theatre.state()).playing == "Nothing is playing."
    (line,) = theatre.lines
    assert line.startswith("📺 Added to queue (#1): a1 · in ")
    await theatre.clock.sleep(7200)
    await theatre.until(lambda state: state.playing.startswith("▶️ h1"))


async def test_an_outage_of_the_database_is_waited_out(theatre: Theatre) -> None:
    await joined(theatre)
    await theatre.at_rest()
    theatre.away = True
    await theatre.order("add", user="alice", rank=3, text="a1")
    await theatre.until(lambda state: theatre.tries > 3 and state.playing.startswith("▶️"))
    theatre.away = False
    await theatre.at_rest()
    assert [item.media_id for change in theatre.changes for item in change.added] == ["a1"]
