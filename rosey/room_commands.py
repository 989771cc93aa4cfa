"""The room's own commands, which two processes answer under one name."""

# The plugin that is none; no plugin may have its name.
CORE = "core"
RECORDER_ACTIONS = ("stats", "seen", "top", "mydata_export", "mydata_forget")
MANAGER_ACTIONS = (
    "set",
    "plugin_list",
    "plugin_show",
    "plugin_enable",
    "plugin_disable",
    "plugin_reload",
    "plugin_status",
)
# What is typed first: `plugin` of plugin_list.
FIRST_WORDS = {action.partition("_")[0] for action in (*RECORDER_ACTIONS, *MANAGER_ACTIONS)}
# The plugin manager has a word of its own in `rosey_plugins`.
MANAGER_KEY = f"{CORE}.manager"


def answering(plugin: str, action: str) -> str:
    """The key in `rosey_plugins` of the process that answers it."""
    return MANAGER_KEY if plugin == CORE and action in MANAGER_ACTIONS else plugin
