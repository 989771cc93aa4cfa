"""Why a plugin is not installed."""

from core.errors import UserError


class NotFit(UserError):
    """A plugin that cannot be installed as it is; a line for each reason."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = list(reasons)
        super().__init__("\n".join(reasons))
