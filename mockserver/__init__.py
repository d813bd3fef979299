"""A local sandbox for integrations with services that take work in batches and finish it later."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["MockServer", "Settings", "__version__", "create_app"]

if TYPE_CHECKING:
    from mockserver.app import create_app
    from mockserver.mockserver import MockServer
    from mockserver.settings import Settings


def __getattr__(name: str) -> Any:
    """Import on first use, so that the command line starts without the whole engine."""
    if name == "create_app":
        from mockserver.app import create_app

        return create_app
    if name == "Settings":
        from mockserver.settings import Settings

        return Settings
    if name == "MockServer":
        from mockserver.mockserver import MockServer

        return MockServer
    raise AttributeError(f"module 'mockserver' has no attribute {name!r}")
