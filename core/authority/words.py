"""Rights in words a person reads. Pure."""

import re

from core.authority.rights import (
    DATABASE,
    HOST,
    MANAGER,
    OPERATOR,
    RECORDER,
    ROUTER,
    SYSTEM,
    Rights,
)

WHO = {
    ROUTER: "the router, which makes the streams and passes everything on",
    RECORDER: "the recorder, which writes down what happens and answers !stats, !seen and !top",
    HOST: "the host, which watches the bus",
    MANAGER: "the plugin manager, which answers !plugin and !set",
    DATABASE: "the database service, which keeps what plugins store",
    OPERATOR: "whoever may read the data folder: bin/rosey bus and the bench",
    SYSTEM: "whoever may read the data folder: the server's own figures, and nothing of Rosey's",
}

# What a subject is for; the first that fits counts. `{}` are the parts in brackets.
PUBLISH = [
    (r">", "say everything"),
    (r"\$JS\.API\.>", "make, change and read every stream and consumer"),
    (r"\$JS\.API\.CONSUMER\.INFO\.([^.*]+)\.([^.]+)", "see how far consumer {1} of {0} is"),
    (r"\$JS\.API\.CONSUMER\.MSG\.NEXT\.([^.]+)\.([^.]+)", "take what waits for {1} in {0}"),
    (r"\$JS\.ACK\.([^.]+)\.([^.]+)\.>", "acknowledge what {1} has taken from {0}"),
    (r"\$JS\.API\.DIRECT\.GET\.KV_([^.]+)\.\$KV\.[^.]+\.>", "read every key in {0}"),
    (r"\$JS\.API\.DIRECT\.GET\.KV_([^.]+)\.\$KV\.[^.]+\.(.+)", "read the key {1} in {0}"),
    (r"\$JS\.API\.(.+)", "ask JetStream for {0}"),
    (r"\$KV\.([^.]+)\.>", "write every key in {0}"),
    (r"\$KV\.([^.]+)\.(.+)", "write the key {1} in {0}"),
    (r"rosey\.reply\.([^.]+)\.\*", "answer, and speak unasked, as {0}"),
    (r"rosey\.plugins\.([^.]+)\.>", "send whatever it likes below its own name {0}"),
    (r"rosey\.command\.\*\.\*", "give every plugin commands"),
    (r"rosey\.commands\.\*\.result", "tell programs how their commands ended"),
    (r"rosey\.platform\.\*\.send", "have lines said on every connection"),
    (r"rosey\.platform\.([^.]+)\.(.+)", "pass on raw frames of {0}: {1}"),
    (r"rosey\.events\.>", "tell what happens in its room"),
    (r"rosey\.dead\.(.+)", "set aside what cannot be used from {0}"),
    (r"rosey\.service\.\*\.check_settings", "ask every plugin what fits its settings"),
    (r"rosey\.service\.(.+)", "use the service {0}"),
    (r"_INBOX\.\*\.service\.>", "answer plugins that use its services"),
    (r"_INBOX\.core-operator\.>", "answer the operator"),
    (r"rosey\.refusal\.(.+)", "tell the host what it was not allowed"),
    (r"rosey\.measured\.(.+)", "tell the host of its own traffic"),
    (r"rosey\.security\.>", "warn of who tries what he may not"),
    (r"rosey\.monitoring\.>", "tell how the bus is"),
    (r"rosey\.monitoring\.health", "tell what is wrong with it"),
    (r"db\.row\.([^.]+)\.(select|count|update|delete)", "{1} rows of {0} for !mydata"),
    (r"db\.kv\.([^.]+)\.(list|get|delete)", "{1} keys of {0} for !mydata"),
    (r"db\.([^.]+)\.([^.]+)\.\*", "use its own {0} storage"),
    (r"plugin\.\*", "tell what becomes of plugins"),
    (r"([a-z][a-z0-9]*)\.([a-z_0-9]+)", "tell of its event {1}"),
]
HEAR = [
    (r">", "everything"),
    (r"_INBOX\.(.+)\.>", "answers to its own questions"),
    (r"rosey\.kept\.([^.]+)\.>", "every change in {0}"),
    (r"rosey\.kept\.([^.]+)\.(.+)", "every change of the key {1} in {0}"),
    (r"rosey\.service\.([^.]+)\.\*", "questions to its own services"),
    (r"\$SRV\.\*", "who asks for all services"),
    (r"\$SRV\.\*\.([^.]+)(\.\*)?", "who asks how its services fare"),
    (r"rosey\.commands\.\*\.execute", "commands that programs give"),
    (r"rosey\.service\.([^.]+)\.([^.]+)", "questions to its service {0}.{1}"),
    (r"rosey\.refusal\.\*", "what processes were not allowed"),
    (r"rosey\.measured\.\*", "what processes tell of their traffic"),
    (r"rosey\.monitoring\.health", "what is wrong with a service"),
    (r"db\.\*\.\*\.\*", "what plugins store and ask for"),
    (r"rosey\.events\.>", "everything that happens in every room"),
    (r"rosey\.plugins\.([^.]+)\.(.+)", "what the plugin {0} tells in every room: {1}"),
    (r"rosey\.events\.(.+)", "what happens in every room: {0}"),
]


def who(rights: Rights) -> str:
    """What a name on the bus is."""
    kind, _, name = rights.name.partition("-")
    return WHO.get(rights.name) or {
        "plugin": f"the plugin {name}",
        "connection": f"the connection {name}",
    }.get(kind, rights.name)


def may(rights: Rights) -> list[tuple[str, str]]:
    """Sentences with the subject patterns they stand for."""
    said = [(f"may {_words(subject, PUBLISH)}", subject) for subject in rights.publish]
    heard = [(f"hears {_words(subject, HEAR)}", subject) for subject in rights.subscribe]
    answers = [("may answer a question it was asked, once", "")] if rights.answers else []
    return [*said, *heard, *answers]


def _words(subject: str, known: list[tuple[str, str]]) -> str:
    for pattern, words in known:
        if found := re.fullmatch(pattern, subject):
            return words.format(*found.groups())
    return subject
