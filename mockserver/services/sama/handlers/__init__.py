"""The answers to Sama's calls, by resource."""

from mockserver.engine.service import HandlerTable
from mockserver.services.sama.handlers import batches, deliveries, projects, tasks

handles = HandlerTable(
    {**batches.handles, **tasks.handles, **deliveries.handles, **projects.handles}
)

__all__ = ["handles"]
