"""A server made ready for Rosey, however often."""

from datetime import timedelta

import pytest
from temporalio.api.operatorservice.v1 import (
    ListSearchAttributesRequest,
    RemoveSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import OperatorService, RPCError, RPCStatusCode

from temporal import server
from temporal.search_attributes import ALL, attributes
from temporal.server import RETENTION, prepare


async def test_twice_is_as_good_as_once(client: Client, temporal_address: str) -> None:
    assert await prepare(temporal_address) == []
    assert await prepare(temporal_address) == []
    namespace = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace="default")
    )
    kept = namespace.config.workflow_execution_retention_ttl.ToTimedelta()
    assert kept == RETENTION == timedelta(days=30)
    assert {key.name for key in ALL} <= await _known(client)


async def test_a_missing_one_is_added_to_the_others(client: Client, temporal_address: str) -> None:
    await client.operator_service.remove_search_attributes(
        RemoveSearchAttributesRequest(namespace="default", search_attributes=["RoseyUser"])
    )
    assert "RoseyUser" not in await _known(client)
    assert await prepare(temporal_address) == []
    assert {key.name for key in ALL} <= await _known(client)


@pytest.mark.parametrize("status", server.REFUSED)
async def test_what_others_do_not_allow_is_told_and_done_without(
    temporal_address: str, monkeypatch: pytest.MonkeyPatch, status: RPCStatusCode
) -> None:
    async def refuse(client: Client) -> None:
        raise RPCError("not yours", status, b"")

    monkeypatch.setattr(server, "_add_attributes", refuse)
    assert await prepare(temporal_address) == ["search attributes"]
    monkeypatch.setattr(server, "_retain", refuse)
    assert await prepare(temporal_address) == ["retention", "search attributes"]


async def test_attributes_that_are_there_already_are_welcome(
    temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some servers refuse to add what they have."""
    status = RPCStatusCode.ALREADY_EXISTS

    async def refuse(*_: object, **__: object) -> None:
        raise RPCError("no", status, b"")

    monkeypatch.setattr(OperatorService, "add_search_attributes", refuse)
    assert await prepare(temporal_address) == []
    status = RPCStatusCode.DATA_LOSS
    with pytest.raises(RPCError, match="no"):
        await prepare(temporal_address)


async def test_any_other_failure_is_one(
    temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(client: Client) -> None:
        raise RPCError("broken", RPCStatusCode.DATA_LOSS, b"")

    monkeypatch.setattr(server, "_retain", fail)
    with pytest.raises(RPCError, match="broken"):
        await prepare(temporal_address)


def test_only_what_is_known_is_searchable() -> None:
    assert [pair.key.name for pair in attributes("trivia")] == ["RoseyPlugin"]
    assert len(list(attributes("trivia", "lounge/lobby", "bob"))) == 3


async def _known(client: Client) -> set[str]:
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace="default")
    )
    return set(listed.custom_attributes)
