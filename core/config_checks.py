"""What the configuration tells the lounge, connectors and plugins, checked by their own models."""

def lounge_settings(config: Config, **values: Any) -> Any:
    """`[lounge]` as the lounge's own LoungeSettings; `values` that are not None win.

    Raises ConfigError.
    """
    model: type[BaseModel] = importlib.import_module("connectors.lounge.settings").LoungeSettings
    given = {key: value for key, value in values.items() if value is not None}
    try:
        return model.model_validate(config.lounge.settings() | given)
    except ValidationError as error:
        file = config.file.name if config.file else FILE_NAME
        raise ConfigError(list(_problems(file, model, error, LOUNGE))) from None


def check_lounge(config: Config) -> None:
    """Raises ConfigError for what the lounge will not take."""
    if config.lounge.enabled:
        lounge_settings(config)


def advice(config: Config) -> list[str]:
    """What works and could be better, or is not there yet."""
    lines = []
    for connection in config.connections:
        for key in ("password", "room_password"):
            secret: Secret | None = getattr(connection, key)
            if secret is not None:
                lines += [f"{connection.name}: {text}" for text in _secret_advice(key, secret)]
    known = {connection.channel for connection in config.connections}
    lines += [
        f'channels."{key}" names a room that no connection joins; {choices(key, known)}'
        for key in sorted(config.channels.keys() - known)
    ]
    return lines


def _secret_advice(key: str, secret: Secret) -> Iterator[str]:
    if secret.text is not None:
        yield f'the {key} stands in the file; {{ env = "NAME" }} or {{ file = "..." }} is safer'
        return
    try:
        secret.read()
    except ConfigError as error:
        yield str(error)


