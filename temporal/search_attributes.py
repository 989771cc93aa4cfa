"""How rooms' workflows are found: by plugin, channel and the person concerned."""

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

PLUGIN = SearchAttributeKey.for_keyword("RoseyPlugin")
CHANNEL = SearchAttributeKey.for_keyword("RoseyChannel")
USER = SearchAttributeKey.for_keyword("RoseyUser")
ALL = (PLUGIN, CHANNEL, USER)


def attributes(plugin: str, channel: str = "", user: str = "") -> TypedSearchAttributes:
    given = ((PLUGIN, plugin), (CHANNEL, channel), (USER, user))
    return TypedSearchAttributes([SearchAttributePair(key, value) for key, value in given if value])
