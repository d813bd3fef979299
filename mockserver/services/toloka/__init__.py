"""Toloka: tasks, operations and their logs, pools and the crowd that works on them."""

from mockserver.engine.service import Service, Setting
from mockserver.services.toloka import errors, operations, subscriptions, wire
from mockserver.services.toloka.controls import controls
from mockserver.services.toloka.handlers import handles
from mockserver.services.toloka.indexes import INDEXES
from mockserver.services.toloka.lifecycle import TRANSITIONS, runs
from mockserver.services.toloka.seed import seed

service = Service(
    name="toloka",
    title="Toloka",
    hosts=(
        "toloka.dev",
        "sandbox.toloka.dev",
        "toloka.yandex.com",
        "sandbox.toloka.yandex.com",
    ),
    handlers=handles,
    jobs=runs,
    failing=operations.FAILING,
    limit_headers=(),
    controls=controls,
    authenticate=wire.authenticate,
    refuse=errors.refuse,
    render_error=errors.render,
    indexes=INDEXES,
    transitions=TRANSITIONS,
    webhooks=subscriptions.POLICY,
    settings=(
        Setting(
            "toloka.quotas",
            default=False,
            help="Keep the documented quotas: 100,000 tasks a minute, 20 new pools, and so on.",
        ),
        Setting(
            "toloka.crashing_429",
            default=False,
            help="Send the quota's 429 with Retry-After, of which toloka-kit 1.2.3 dies.",
        ),
        Setting(
            "toloka.lock_pools",
            default=False,
            help="Refuse changes of a pool while a batch is written into it.",
        ),
        Setting(
            "toloka.require_mixer_config",
            default=False,
            help="Refuse tasks for a pool without mixer_config.",
        ),
        Setting(
            "toloka.max_body_bytes",
            default=0,
            help="Most bytes of one request that creates tasks, suites or bonuses; 0 is no limit.",
        ),
    ),
    seed=seed,
)
