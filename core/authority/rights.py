"""What each name on the bus may publish and hear: from the manifests, and one table for core."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.config import Config
from core.plugins import CONNECTORS, ROOM, manifests
from rosey import streams, subjects
from rosey.manifest import ConnectorManifest, PluginManifest, load_connector
from rosey.room_commands import MANAGER_KEY
from rosey.streams import ConsumerSpec

ROUTER = "core-router"
RECORDER = "core-recorder"
HOST = "core-host"
MANAGER = "core-manager"
DATABASE = "core-database"
OPERATOR = "core-operator"
SYSTEM = "core-system"

# What the manager tells of a plugin in a room.
SWITCHED = ("enabled", "disabled")
# What `!mydata` does with plugins' tables.
MYDATA_OPS = ("select", "count", "update", "delete")
MYDATA_KEY_OPS = ("list", "get", "delete")


@dataclass(frozen=True)
class Rights:
    """Subject patterns. `name` is also the first part of the inboxes that are its own."""

    name: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    answers: bool = False

    @property
    def inbox(self) -> str:
        return inbox(self.name)


def plugin_name(plugin: str) -> str:
    """The name of a plugin's key."""
    return f"plugin-{plugin}"


def connection_name(connection: str) -> str:
    """The name of a connection's key."""
    return f"connection-{connection}"


def inbox(name: str) -> str:
    """Where answers to `name` go; nobody else may listen there."""
    return f"_INBOX.{name}"


# Where a plugin may answer. The server could let it answer wherever a question says, but then two
# plugins that work together could write to any subject.
ANSWERS = (f"{subjects.service_answers(inbox('*'))}.>", f"{inbox(OPERATOR)}.>")


def everybody(config: Config, data: Path | None = None) -> list[Rights]:
    """All that the manifests of this checkout and in `data`, and the configuration speak of.

    Raises ManifestError.
    """
    connections = {
        each.name: load_connector(CONNECTORS / each.platform) for each in config.connections
    }
    return all_rights(manifests(data), connections)


def all_rights(
    plugins: Mapping[str, PluginManifest], connections: Mapping[str, ConnectorManifest]
) -> list[Rights]:
    """Everybody in Rosey's account; `connections` by the names they have in the configuration."""
    return [
        _router([*plugins, ROOM.name]),
        _recorder(plugins.values()),
        _host(),
        _manager(),
        _database(),
        _rights(OPERATOR, publish=[">"], subscribe=[">"]),
        *(of_plugin(manifest) for manifest in plugins.values()),
        *(of_connection(name, manifest) for name, manifest in connections.items()),
    ]


def of_plugin(manifest: PluginManifest) -> Rights:
    """What a plugin's process may do."""
    plugin = manifest.name
    publish = [
        *_consuming(streams.commands_consumer(plugin)),
        subjects.reply(plugin, "*"),
        *(subjects.event(plugin, name) for name in manifest.all_events),
        f"rosey.plugins.{plugin}.>",
        _key(subjects.PLUGINS_BUCKET, plugin),
        *(subjects.service(*used.split(".")) for used in manifest.services),
        _read(subjects.SETTINGS_BUCKET, subjects.in_force(plugin)),
    ]
    if manifest.workflows:
        open_questions = f"{plugin}.*"
        publish += [
            _key(subjects.LISTENING_BUCKET, open_questions),
            _read(subjects.LISTENING_BUCKET, open_questions),
        ]
    if manifest.storage.has_tables:
        publish += [f"db.{kind}.{plugin}.*" for kind in ("row", "sql", "migrate")]
    if manifest.storage.keys:
        publish.append(f"db.kv.{plugin}.*")
    publish += ANSWERS
    heard = [
        subjects.kept(subjects.SETTINGS_BUCKET, subjects.in_force(plugin)),
        *(manifest.hears if manifest.trust == "trusted" else []),
        *_asked(plugin),
    ]
    return _rights(plugin_name(plugin), publish=publish, subscribe=heard)


def of_connection(connection: str, manifest: ConnectorManifest) -> Rights:
    """What the process of a connection may do."""
    publish = [
        *(each.replace("<connection>", connection) for each in manifest.subjects.publishes),
        *_consuming(streams.sends_consumer(connection)),
        _key(subjects.CONNECTIONS_BUCKET, connection),
        _key(subjects.CONNECTIONS_BUCKET, f"{connection}.offer"),
        _read(subjects.CONNECTIONS_BUCKET, connection),
        # Any process may be asked which one can hold a connection.
        _read(subjects.CONNECTIONS_BUCKET, "*.offer"),
    ]
    return _rights(connection_name(connection), publish=publish)


def _router(plugins: Collection[str]) -> Rights:
    """It makes the streams, so it may use all of JetStream's interface.

    It deletes what plugins that are gone have left, and so reaches all they may have in buckets.
    """
    publish = [
        "$JS.API.>",
        "$JS.ACK.EVENTS.router.>",
        "$JS.ACK.EVENTS.heard.>",
        *(f"$JS.ACK.{streams.replies_of(plugin)}.router.>" for plugin in plugins),
        *(f"$JS.ACK.{streams.events_of(plugin)}.heard.>" for plugin in plugins),
        f"$KV.{subjects.LISTENING_BUCKET}.>",
        _key(subjects.PLUGINS_BUCKET, "*"),
        _key(subjects.SETTINGS_BUCKET, subjects.set_in_rooms("*")),
        _key(subjects.SETTINGS_BUCKET, subjects.in_force("*")),
        subjects.command("*", "*"),
        subjects.send("*"),
        subjects.result("*"),
        subjects.dead("*"),
        subjects.HEALTH,
    ]
    heard = [
        subjects.kept(subjects.PLUGINS_BUCKET, ">"),
        subjects.kept(subjects.LISTENING_BUCKET, ">"),
        subjects.kept(subjects.SETTINGS_BUCKET, ">"),
        subjects.EXECUTE_ALL,
    ]
    return _rights(ROUTER, publish=publish, subscribe=heard, answers=True)


def _recorder(plugins: Iterable[PluginManifest]) -> Rights:
    """It reads what happens in every room, and answers the room's own commands and questions.

    Who wants to see or end what is kept about him asks it, so it reaches what plugins declare.
    """
    asked = [
        subjects.database("kv" if people.keys else "row", each.name, op)
        for each in plugins
        for people in each.people
        for op in (MYDATA_KEY_OPS if people.keys else MYDATA_OPS)
    ]
    publish = [
        *_consuming(streams.recorded_events()),
        *_consuming(streams.recorded_sends()),
        *_consuming(streams.commands_consumer(ROOM.name)),
        subjects.reply(ROOM.name, "*"),
        *(subjects.event(ROOM.name, name) for name in ROOM.all_events),
        _key(subjects.PLUGINS_BUCKET, ROOM.name),
        subjects.database("row", ROOM.name, "*"),
        *asked,
    ]
    publish += ANSWERS
    return _rights(RECORDER, publish=publish, subscribe=_asked(ROOM.name))


def _host() -> Rights:
    publish = ["rosey.security.>", "rosey.monitoring.>", "plugin.*", "$JS.API.STREAM.INFO.*"]
    publish += ["$JS.API.CONSUMER.LIST.*", "$JS.API.CONSUMER.INFO.*.*"]
    # To tell how long the oldest message of a backlog has waited.
    publish += ["$JS.API.STREAM.LIST", "$JS.API.STREAM.MSG.GET.*"]
    heard = [subjects.REFUSALS, subjects.MEASURED, subjects.HEALTH]
    # To know which plugins still say that they are alive.
    heard.append(subjects.kept(subjects.PLUGINS_BUCKET, ">"))
    return _rights(HOST, publish=publish, subscribe=heard)


def _manager() -> Rights:
    """It switches plugins, and alone writes the settings of those that are there."""
    publish = [
        *_consuming(streams.manager_consumer()),
        subjects.reply(ROOM.name, "*"),
        *(subjects.event(ROOM.name, name) for name in ROOM.all_events),
        _key(subjects.PLUGINS_BUCKET, MANAGER_KEY),
        f"$KV.{subjects.SETTINGS_BUCKET}.>",
        _read(subjects.SETTINGS_BUCKET, ">"),
        subjects.service("*", "check_settings"),
        *(subjects.lifecycle(event) for event in SWITCHED),
    ]
    return _rights(MANAGER, publish=publish)


def _database() -> Rights:
    heard = [subjects.database("*", "*", "*")]
    return _rights(DATABASE, publish=[subjects.HEALTH], subscribe=heard, answers=True)


def _asked(plugin: str) -> list[str]:
    """Where questions to a plugin's services come, and to what tools know as a micro service."""
    tools = ["$SRV.*", f"$SRV.*.{plugin}", f"$SRV.*.{plugin}.*"]
    return [subjects.service(plugin, "*"), *tools]


def _consuming(spec: ConsumerSpec) -> list[str]:
    """The three permissions a consumer needs, and where it sets aside what it cannot take."""
    return [
        f"$JS.API.CONSUMER.INFO.{spec.stream}.{spec.durable}",
        f"$JS.API.CONSUMER.MSG.NEXT.{spec.stream}.{spec.durable}",
        f"$JS.ACK.{spec.stream}.{spec.durable}.>",
        subjects.dead(spec.stream),
    ]


def _key(bucket: str, key: str) -> str:
    return f"$KV.{bucket}.{key}"


def _read(bucket: str, key: str) -> str:
    return f"$JS.API.DIRECT.GET.KV_{bucket}.{_key(bucket, key)}"


def _rights(
    name: str, publish: Iterable[str], subscribe: Iterable[str] = (), answers: bool = False
) -> Rights:
    heard = dict.fromkeys([*subscribe, f"{inbox(name)}.>"])
    said = dict.fromkeys([*publish, subjects.refusal(name), subjects.measured(name)])
    return Rights(name, tuple(said), tuple(heard), answers)
