"""Finding Temporal the way its own tools do."""

import asyncio
from pathlib import Path

import pytest

from core.host.ports import free_port
from temporal.client import TemporalAway, connect


async def test_nothing_listens() -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(TemporalAway) as away:
        await connect(address, 0.1)
    assert str(away.value) == (
        f"No Temporal server answers at {address}. Start Rosey with `bin/rosey up`, "
        "or set TEMPORAL_ADDRESS to the server to use."
    )


async def test_a_server_that_comes_up_later_is_waited_for(temporal_address: str) -> None:
    """Its door shuts in the face of who knocks too early."""
    host, _, port = temporal_address.partition(":")
    knocks: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        knocks.append(1)
        if len(knocks) < 3:
            writer.close()
            return
        there, back = await asyncio.open_connection(host, int(port))
        await asyncio.gather(_copy(reader, back), _copy(there, writer))

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as door:
        client = await connect(f"127.0.0.1:{door.sockets[0].getsockname()[1]}", 10.0)
        assert client.namespace == "default"
        assert len(knocks) >= 3


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        return
    finally:
        writer.close()


async def test_the_environment_goes_before_the_given_address(
    temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "elsewhere")
    client = await connect(f"127.0.0.1:{free_port()}", 5.0)
    assert client.service_client.config.target_host == temporal_address
    assert client.namespace == "elsewhere"


async def test_a_profile_file_is_honoured(
    temporal_address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "temporal.toml"
    file.write_text(
        f'[profile.party]\naddress = "{temporal_address}"\nnamespace = "party"\n'
        '[profile.party.grpc_meta]\n"x-room" = "lobby"\n'
    )
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))
    monkeypatch.setenv("TEMPORAL_PROFILE", "party")
    client = await connect("127.0.0.1:1", 5.0)
    assert client.service_client.config.target_host == temporal_address
    assert client.namespace == "party"
    assert client.service_client.config.rpc_metadata["x-room"] == "lobby"


@pytest.mark.parametrize("settings", ["[profile.other]", "no toml at all"])
async def test_settings_without_sense_are_told_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: str
) -> None:
    file = tmp_path / "temporal.toml"
    file.write_text(settings)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))
    monkeypatch.setenv("TEMPORAL_PROFILE", "party")
    with pytest.raises(TemporalAway, match="Temporal's settings, TEMPORAL_"):
        await asyncio.wait_for(connect("127.0.0.1:1", 60.0), 5.0)
