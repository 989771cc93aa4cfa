"""The command line against a host of stand-ins."""

from tests.core.host.conftest import start_host

__all__ = ["start_host"]
