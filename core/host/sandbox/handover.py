"""What a boxed process is told of the configuration, in its environment and nowhere else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from core.config import Config, NatsConfig, Secret
from core.host.sandbox.environment import scrubbed

HANDED = "ROSEY_BOX"
WAY_IN = ("credentials", "user", "password", "token", "tls_ca", "tls_cert", "tls_key")


@dataclass(frozen=True)
class Handed:
    """Whether the box must be whole, how to get into NATS, and `dev`: no more of rosey.toml."""

    must_be_whole: bool
    dev: bool
    nats: NatsConfig


def handed_over(config: Config, variables: Mapping[str, str]) -> dict[str, str]:
    """All variables of a boxed process: the few of these it needs, and what `taken_over` reads."""
    given = {key: getattr(config.nats, key) for key in WAY_IN}
    nats = {key: _plain(value) for key, value in given.items() if value is not None}
    secrets = (config.nats.password, config.nats.token)
    named = [each.env for each in secrets if each and each.env]
    return scrubbed(variables, named) | {HANDED: json.dumps([config.sandbox, config.dev, nats])}


def taken_over(text: str) -> Handed:
    """From the variable HANDED."""
    sandbox, dev, nats = json.loads(text)
    return Handed(sandbox == "require", dev, NatsConfig.model_validate(nats))


def _plain(value: object) -> object:
    """As it could stand in rosey.toml."""
    if not isinstance(value, Secret):
        return str(value)
    if value.text is not None:
        return value.text.get_secret_value()
    return {"env": value.env} if value.env else {"file": str(value.file)}
