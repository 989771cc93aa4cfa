"""Making a Temporal server ready for Rosey: its memory of closed workflows and how to find them."""

import logging
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from temporal.client import connect
from temporal.search_attributes import ALL

log = logging.getLogger("temporal")

RETENTION = timedelta(days=30)
REFUSED = (
    RPCStatusCode.PERMISSION_DENIED,
    RPCStatusCode.UNIMPLEMENTED,
    RPCStatusCode.UNAUTHENTICATED,
)


async def prepare(address: str, patience: float = 30.0, *, own: bool = True) -> list[str]:
    """Adds search attributes, and on our `own` server raises retention.

    Returns what the server did not allow: one run by others may refuse, and Rosey works without.
    Raises TemporalAway.
    """
    client = await connect(address, patience)
    refused = []
    steps = [*([("retention", _retain)] if own else []), ("search attributes", _add_attributes)]
    for what, step in steps:
        try:
            await step(client)
        except RPCError as problem:
            if problem.status not in REFUSED:
                raise
            log.warning("this Temporal does not let Rosey set %s: %s", what, problem.message)
            refused.append(what)
    return refused


async def _retain(client: Client) -> None:
    keep = Duration()
    keep.FromTimedelta(RETENTION)
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(
            namespace=client.namespace,
            config=NamespaceConfig(workflow_execution_retention_ttl=keep),
        )
    )


async def _add_attributes(client: Client) -> None:
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=client.namespace,
                search_attributes={
                    key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD for key in ALL
                },
            )
        )
    except RPCError as problem:
        if problem.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
