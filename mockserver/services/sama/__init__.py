"""Sama: task batches inline or through a presigned upload, and their deliveries."""

from mockserver.engine.service import JobTable, Limit, Service, Setting
from mockserver.engine.store import Index
from mockserver.services.sama import batches, callbacks, errors, lifecycle, wire
from mockserver.services.sama.controls import controls
from mockserver.services.sama.cursors import CURSOR_INDEXES
from mockserver.services.sama.handlers import handles
from mockserver.services.sama.selection import DELIVERY_INDEXES, TASK_INDEXES

service = Service(
    name="sama",
    title="Sama",
    hosts=("api.sama.com",),
    handlers=handles,
    jobs=JobTable({**batches.runs, **lifecycle.runs}),
    controls=controls,
    authenticate=wire.authenticate,
    refuse=errors.refuse,
    render_error=errors.render_error,
    indexes={
        "sama.tasks": TASK_INDEXES,
        "sama.deliveries": DELIVERY_INDEXES,
        "sama.failures": (Index("batch_id", sort="position"),),
        "sama.client_batches": (Index("project_id"),),
        "sama.cursors": CURSOR_INDEXES,
        "sama.seen_deliveries": CURSOR_INDEXES,
    },
    transitions=lifecycle.transitions,
    webhooks=callbacks.policy,
    failing=("create_tasks", "create_task"),
    settings=(
        Setting(
            "sama.status_limit",
            default=False,
            help="Allow one multi-task status call a second, as Sama documents.",
        ),
    ),
    limits=(Limit("sama.status_limit", operations=("listTasks",), calls=1, period=1.0),),
)
