"""The operations of Pipelines, a module for each of the contract's tags."""

from mockserver.engine.service import HandlerTable
from mockserver.services.pipelines.handlers import (
    chains,
    creation,
    datasets,
    seeding,
    service,
    tasks,
    uploads,
    work,
    workflows,
)

handles = HandlerTable(
    service.handles
    | workflows.handles
    | tasks.handles
    | uploads.handles
    | creation.handles
    | seeding.handles
    | chains.handles
    | work.handles
    | datasets.handles
)
