"""Names on the wire: subjects, streams' subjects and buckets, written once."""

MESSAGE = "rosey.events.message"
PM = "rosey.events.pm"
USER_JOIN = "rosey.events.user.join"
USER_LEAVE = "rosey.events.user.leave"
USER_UPDATE = "rosey.events.user.update"
MEDIA_CHANGE = "rosey.events.media.change"
MEDIA_END = "rosey.events.media.end"
PLAYLIST_CHANGE = "rosey.events.playlist.change"
CONNECTION_UP = "rosey.events.connection.up"
CONNECTION_DOWN = "rosey.events.connection.down"
SENT = "rosey.events.sent"
REFUSED = "rosey.events.refused"

PLUGINS_BUCKET = "rosey_plugins"
LISTENING_BUCKET = "rosey_listening"
CONNECTIONS_BUCKET = "rosey_connections"
SETTINGS_BUCKET = "rosey_settings"

VIOLATION = "rosey.security.violation"
RESTRICTED = "rosey.security.plugin.restricted"
REFUSALS = "rosey.refusal.*"
MEASURED = "rosey.measured.*"
HEALTH = "rosey.monitoring.health"
METRICS = "rosey.monitoring.metrics"

EXECUTE_ALL = "rosey.commands.*.execute"


def raw(connection: str, family: str) -> str:
    """Raw frames: family is chat, pm, user, media, playlist, state or error."""
    return f"rosey.platform.{connection}.{family}"


def send(connection: str) -> str:
    return f"rosey.platform.{connection}.send"


def command(plugin: str, action: str) -> str:
    return f"rosey.command.{plugin}.{action}"


def reply(plugin: str, reply_id: str) -> str:
    return f"rosey.reply.{plugin}.{reply_id}"


def event(plugin: str, name: str) -> str:
    return f"{plugin}.{name}"


def lifecycle(name: str) -> str:
    """What the host tells of a plugin's process: started, stopped, crashed and so on."""
    return f"plugin.{name}"


def execute(plugin: str) -> str:
    return f"rosey.commands.{plugin}.execute"


def result(plugin: str) -> str:
    return f"rosey.commands.{plugin}.result"


def set_in_rooms(plugin: str) -> str:
    """The key of what people have set for a plugin."""
    return f"set.{plugin}"


def in_force(plugin: str) -> str:
    """The key of the settings that a plugin has."""
    return f"now.{plugin}"


def refusal(name: str) -> str:
    """What was refused to a name on the bus, told by its own process."""
    return f"rosey.refusal.{name}"


def measured(name: str) -> str:
    """What a process tells of its own traffic."""
    return f"rosey.measured.{name}"


def dead(stream: str) -> str:
    return f"rosey.dead.{stream}"


def service(plugin: str, method: str) -> str:
    """A request to a plugin that offers a service."""
    return f"rosey.service.{plugin}.{method}"


def service_answers(inbox: str) -> str:
    """Where answers of services go. No other answers do, so a plugin may write to all of these."""
    return f"{inbox}.service"


def database(kind: str, plugin: str, op: str) -> str:
    """A request to the database service; `kind` is row, kv, sql or migrate."""
    return f"db.{kind}.{plugin}.{op}"


def matches(pattern: str, subject: str) -> bool:
    """NATS's rule: `*` stands for one token, `>` at the end for one or more."""
    wanted, given = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        wanted = wanted[:-1]
        if len(given) <= len(wanted):
            return False
        given = given[: len(wanted)]
    return len(wanted) == len(given) and all(
        want in ("*", have) for want, have in zip(wanted, given, strict=True)
    )


def kept(bucket: str, key: str) -> str:
    """What a bucket holds from now on, told when it is stored, deleted or over."""
    return f"rosey.kept.{bucket}.{key}"
