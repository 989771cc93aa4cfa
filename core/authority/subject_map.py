"""The subject map as a table, made from what the code says: rights, streams and consumers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.authority.rights import (
    DATABASE,
    HOST,
    MANAGER,
    RECORDER,
    ROUTER,
    Rights,
    all_rights,
    connection_name,
    plugin_name,
)
from core.config import LOUNGE
from core.plugins import CONNECTORS, manifests
from rosey import streams, subjects
from rosey.manifest import load_connector
from rosey.streams import ConsumerSpec

CONNECTION = "lounge"
PLUGIN = "trivia"
MODEL = {
    "<connection>": CONNECTION,
    "<plugin>": PLUGIN,
    "<family>": "chat",
    "<event>": "game_started",
}
ROLES = {
    ROUTER: "router",
    RECORDER: "recorder",
    HOST: "host",
    MANAGER: "plugin manager",
    DATABASE: "database",
    plugin_name(PLUGIN): "plugin",
    connection_name(CONNECTION): "connection",
}


@dataclass(frozen=True)
class Family:
    """Subjects of one shape. `heard` and `said` by whom, where no right or consumer says it."""

    shape: str
    what: str
    heard: str = ""
    said: str = ""

    @property
    def example(self) -> str:
        tokens = (MODEL.get(token, "x" if token[0] == "<" else token) for token in self.tokens)
        return ".".join(tokens)

    @property
    def tokens(self) -> list[str]:
        return self.shape.split(".")


FAMILIES = [
    Family(
        "rosey.platform.<connection>.<family>",
        "raw frames: chat, pm, user, media, playlist, state, error",
        "whoever is allowed",
    ),
    Family("rosey.platform.<connection>.send", "an Action to be done on the platform"),
    Family(subjects.MESSAGE, "a line of chat"),
    Family(subjects.PM, "a private line"),
    Family(subjects.SENT, "an Action was shown by the platform, or done"),
    Family(subjects.REFUSED, "a change of the playlist was not made"),
    *(
        Family(subject, what, "whoever is allowed")
        for subject, what in (
            (subjects.USER_JOIN, "somebody came"),
            (subjects.USER_LEAVE, "somebody left"),
            (subjects.USER_UPDATE, "somebody changed"),
            (subjects.MEDIA_CHANGE, "something else plays"),
            (subjects.MEDIA_END, "nothing plays any more"),
            (subjects.PLAYLIST_CHANGE, "the playlist changed"),
            (subjects.CONNECTION_UP, "a room was joined"),
            (subjects.CONNECTION_DOWN, "a room was lost"),
        )
    ),
    Family("rosey.command.<plugin>.<action>", "a Command for a plugin"),
    Family("rosey.reply.<plugin>.<id>", "a Reply, or lines nobody asked for"),
    Family(
        "rosey.commands.<plugin>.execute", "a program gives a command (request)", said="programs"
    ),
    Family("rosey.commands.<plugin>.result", "how such a command ended", "programs"),
    Family(
        "<plugin>.<event>",
        "what happened in a plugin; every command ends in one command_succeeded or command_failed",
        "whoever is allowed",
    ),
    Family(
        subjects.lifecycle("<change>"),
        "a plugin's process: started, stopped, crashed, restarted, reloaded, failed, disabled; "
        "a plugin in one room: enabled, disabled",
        "whoever is allowed",
        "host, plugin manager",
    ),
    Family(
        "rosey.plugins.<plugin>.<event>",
        "the same again, and whatever else a plugin likes to tell",
        "whoever is allowed",
    ),
    Family(
        "db.<kind>.<plugin>.<op>",
        "what a plugin stores and asks for (request); kind is row, kv, sql or migrate",
        said="plugins with storage",
    ),
    Family(
        "rosey.service.<plugin>.check_settings",
        "what fits a plugin's settings, and what they are then (request)",
    ),
    Family(
        "rosey.service.<plugin>.<method>",
        "a question to a plugin, or to the room's memory (request)",
        said="plugins whose manifest lists it",
    ),
    Family(
        "$SRV.<verb>.<plugin>",
        "which services are there, and how they fare (request); verb is PING, INFO or STATS",
        said="operators",
    ),
    Family("rosey.refusal.<name>", "what NATS did not let a process do", said="every process"),
    Family("rosey.measured.<name>", "a process tells of its own traffic", said="every process"),
    Family(subjects.VIOLATION, "somebody tried what he may not", "operators"),
    Family(subjects.RESTRICTED, "a plugin kept trying and was stopped", "operators"),
    Family(
        subjects.HEALTH,
        "what waits too long, who says too much, what is wrong with the database; or no longer",
    ),
    Family(
        subjects.METRICS, "how much waits for whom, and the traffic of each process", "operators"
    ),
    Family(
        "rosey.dead.<stream>",
        "what no retry can help, with its reason",
        "operators",
        "whoever takes from that stream",
    ),
    Family(
        f"$KV.{subjects.PLUGINS_BUCKET}.<plugin>",
        "a plugin is alive, and its commands",
        "router (as rosey.kept)",
    ),
    Family(
        f"$KV.{subjects.LISTENING_BUCKET}.<plugin>.<channel>",
        "a plugin's open question",
        "router (as rosey.kept), plugin",
    ),
    Family(
        f"$KV.{subjects.CONNECTIONS_BUCKET}.<connection>",
        "what a connection must not forget",
        "connection",
    ),
    Family(
        f"$KV.{subjects.SETTINGS_BUCKET}.set.<plugin>",
        "what people have set for a plugin in rooms",
        "plugin manager",
    ),
    Family(
        f"$KV.{subjects.SETTINGS_BUCKET}.now.<plugin>",
        "the settings it has in rooms",
        "router, plugin (as rosey.kept)",
    ),
    Family(
        subjects.kept("<bucket>", "<key>"),
        "what a bucket holds from now on",
        "router, of plugins, open questions and settings; host, of plugins; "
        "plugin, of its own settings",
        "NATS itself",
    ),
]


def table() -> str:
    """Markdown. Whoever may read the data folder is the operator and may do it all."""
    everybody = all_rights(manifests(), {CONNECTION: load_connector(CONNECTORS / LOUNGE)})
    rows = ["| subject | what | from | to | kept |", "|---|---|---|---|---|"]
    for family in FAMILIES:
        said = family.said or ", ".join(_roles(family.example, everybody, "publish"))
        heard = [*_roles(family.example, everybody, "subscribe"), *_takers(family.example)]
        to = ", ".join(dict.fromkeys(heard)) or family.heard
        rows.append(
            f"| `{family.shape}` | {family.what} | {said} | {to} | {_kept(family.example)} |"
        )
    return "\n".join(rows) + "\n"


def _roles(subject: str, everybody: Iterable[Rights], side: str) -> Iterator[str]:
    for rights in everybody:
        patterns = getattr(rights, side)
        if rights.name in ROLES and any(subjects.matches(each, subject) for each in patterns):
            yield ROLES[rights.name]


def _takers(subject: str) -> Iterator[str]:
    """Who has a durable consumer for it."""
    takers: list[tuple[str, ConsumerSpec]] = [
        ("router", streams.events_consumer()),
        ("router", streams.heard_consumer()),
        ("router, for plugins that hear it", streams.told_consumer(PLUGIN, "*")),
        ("recorder", streams.recorded_events()),
        ("router", streams.replies_consumer(PLUGIN)),
        ("plugin", streams.commands_consumer(PLUGIN)),
        ("connection", streams.sends_consumer(CONNECTION)),
        ("recorder", streams.recorded_sends()),
    ]
    for role, spec in takers:
        if any(subjects.matches(each, subject) for each in spec.subjects):
            yield role


def _kept(subject: str) -> str:
    if subject.startswith("$KV."):
        return "key-value"
    for stream in [*streams.core_streams(), *streams.plugin_streams(PLUGIN)]:
        if any(subjects.matches(each, subject) for each in stream.subjects or []):
            name = (stream.name or "").replace(f"_{PLUGIN}", "_&lt;plugin&gt;")
            return f"{name}, {_age(stream.max_age or 0)}"
    return "no"


def _age(seconds: float) -> str:
    if seconds >= streams.DAY:
        days = seconds / streams.DAY
        return "a day" if days == 1 else f"{days:g} days"
    return f"{seconds / streams.MINUTE:g} minutes"
