"""Connecting to Temporal the way its own tools do: TEMPORAL_* and profile files, then defaults."""

import asyncio
import os
from typing import Any

from temporalio.client import Client, GrpcCompression
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError


class TemporalAway(Exception):
    """Temporal cannot be reached; the text is a sentence for the operator."""


async def connect(address: str, patience: float = 10.0) -> Client:
    """A client for `address` unless TEMPORAL_* in the environment names another, or a profile.

    A profile file that the environment does not point at is for the owner's other work.

    Tries for `patience` seconds, then raises TemporalAway; at once for settings without sense.
    """
    options: dict[str, Any] = {"target_host": address}
    try:
        if any(name.startswith("TEMPORAL_") for name in os.environ):
            options.update(ClientConfig.load_client_connect_config())
    except (RuntimeError, OSError, ValueError) as problem:
        raise TemporalAway(
            f"Temporal's settings, TEMPORAL_* or its profile file, cannot be used: {problem}. "
            "Correct them, or unset them to use the server of `bin/rosey up`."
        ) from problem
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        try:
            return await Client.connect(
                **options,
                data_converter=pydantic_data_converter,
                grpc_compression=GrpcCompression.NONE,
            )
        except (RuntimeError, RPCError, OSError) as problem:
            if asyncio.get_running_loop().time() >= deadline:
                raise TemporalAway(
                    f"No Temporal server answers at {options['target_host']}. Start Rosey with "
                    "`bin/rosey up`, or set TEMPORAL_ADDRESS to the server to use."
                ) from problem
            await asyncio.sleep(0.1)
