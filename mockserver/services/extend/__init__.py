"""Extend: workflow runs and their batches, files, processors, signed webhooks, API versions."""

from mockserver.engine.service import JobTable, Limit, Service, Setting
from mockserver.services.extend import errors, evaluation, events, lifecycle, versions, wire
from mockserver.services.extend.controls import controls
from mockserver.services.extend.handlers import handles
from mockserver.services.extend.indexes import indexes

RUN_CALLS = tuple(
    f"create{kind}Run" for kind in ("Workflow", "Parse", "Extract", "Classify", "Split")
)

service = Service(
    name="extend",
    title="Extend",
    hosts=("api.extend.ai", "api.us2.extend.app", "api.eu1.extend.ai", "api-prod.extend.app"),
    handlers=handles,
    jobs=JobTable({**lifecycle.runs, **evaluation.runs}),
    controls=controls,
    authenticate=wire.authenticate,
    refuse=errors.refuse,
    render_error=errors.render,
    indexes=indexes,
    transitions=lifecycle.transitions,
    webhooks=events.policy,
    failing=("finish_run", "finish_slice"),
    settings=(
        Setting(
            "extend.default_version",
            default="",
            help="API version of calls without x-extend-api-version; empty refuses them (400).",
        ),
        Setting(
            "extend.new_run_status",
            default="PROCESSING",
            help="Status in the answer to a new workflow run: PROCESSING or PENDING.",
        ),
        Setting(
            "extend.unknown_files",
            default="fail",
            help="Unknown file ids in a batch: `fail` those runs, or `refuse` the request (400).",
        ),
        Setting(
            "extend.fetch_files",
            default=False,
            help="Fetch the files of URLs, from where webhooks may go; else nothing is fetched.",
        ),
        Setting(
            "extend.usage_blocked",
            default=False,
            help="Refuse every call that starts a run for want of credits (402).",
        ),
        Setting(
            "extend.rate_limit",
            default=False,
            help="Allow 80 new single runs a minute per key, as Extend documents (429).",
        ),
    ),
    limits=(Limit("extend.rate_limit", operations=RUN_CALLS, calls=80, period=60.0),),
    adapt_request=versions.adapt_request,
    adapt_answer=versions.adapt_answer,
)
