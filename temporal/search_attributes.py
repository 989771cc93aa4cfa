"""How rooms' workflows are found: by plugin, channel and the person concerned."""

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

PLUGIN = SearchAttributeKey.for_keyword("RoseyPlugin")
CHANNEL = SearchAttributeKey.for_keyword("RoseyChannel")
USER = SearchAttributeKey.for_keyword("RoseyUser")
ALL = (PLUGIN, CHANNEL, USER)


def attributes(plugin: str, channel: str = "", user: str = "") -> TypedSearchAttributes:
    given = ((PLUGIN, plugin), (CHANNEL, channel), (USER, user))
    return TypedSearchAttributes([SearchAttributePair(key, value) for key, value in given if value])


def are_unknown(problem: RPCError) -> bool:
    """Whether a start failed because this server has none of them."""
    return (
        problem.status is RPCStatusCode.INVALID_ARGUMENT
        and "search attribute" in problem.message.lower()
    )
