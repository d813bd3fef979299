"""The program that most requesters write: a project, a pool, tasks, answers, and an end."""

import json
import sys
import time
from datetime import UTC, datetime, timedelta

import toloka.client as toloka

client = toloka.TolokaClient("token", url=sys.argv[1])

project = client.create_project(
    toloka.Project(
        public_name="Cats and dogs",
        public_description="Tell a cat from a dog",
        public_instructions="Look at the picture and choose.",
        task_spec=toloka.project.task_spec.TaskSpec(
            input_spec={"image": toloka.project.UrlSpec()},
            output_spec={"result": toloka.project.StringSpec(allowed_values=["cat", "dog"])},
            view_spec=toloka.project.ClassicViewSpec(
                markup="{{img src=image}}", script="", styles=""
            ),
        ),
    )
)
pool = client.create_pool(
    toloka.Pool(
        project_id=project.id,
        private_name="Pool 1",
        may_contain_adult_content=False,
        will_expire=datetime.now(UTC) + timedelta(days=365),
        reward_per_assignment=0.01,
        assignment_max_duration_seconds=600,
        auto_accept_solutions=False,
        auto_accept_period_day=7,
        defaults=toloka.Pool.Defaults(
            default_overlap_for_new_task_suites=1, default_overlap_for_new_tasks=1
        ),
        filter=toloka.filter.Languages.in_("EN"),
        mixer_config=toloka.pool.mixer_config.MixerConfig(
            real_tasks_count=10, golden_tasks_count=0, training_tasks_count=0
        ),
    )
)
assert client.get_pool(pool.id) == pool

tasks = [
    toloka.Task(pool_id=pool.id, input_values={"image": f"https://example.com/{n}.jpg"})
    for n in range(120)
]
created = client.create_tasks(tasks, allow_defaults=True)
images = [created.items[str(n)].input_values["image"] for n in range(120)]

pool = client.open_pool(pool.id)
opened = pool.is_open()
client.open_pool(pool.id)

subscriptions = client.upsert_webhook_subscriptions(
    [
        {
            "webhook_url": sys.argv[2],
            "event_type": "ASSIGNMENT_APPROVED",
            "pool_id": pool.id,
            "secret_key": "12345",
        }
    ]
)
found = list(client.get_webhook_subscriptions(pool_id=pool.id))

deadline = time.monotonic() + 30
while time.monotonic() < deadline:
    assignments = list(client.get_assignments(pool_id=pool.id, status=["SUBMITTED", "ACCEPTED"]))
    if len(assignments) == 12:
        break
    time.sleep(0.2)
for assignment in assignments:
    client.accept_assignment(assignment.id, "Well done!")
accepted = list(client.get_assignments(pool_id=pool.id, status="ACCEPTED"))

patched = client.patch_task(
    created.items["0"].id, toloka.task.TaskPatch(overlap=5, infinite_overlap=False)
)
closed = client.close_pool(pool.id)
client.delete_webhook_subscription(found[0].id)
archived = client.archive_pool(pool.id)
archived_project = client.archive_project(project.id)

print(
    json.dumps(
        {
            "tasks": len(created.items),
            "in_order": images == [f"https://example.com/{n}.jpg" for n in range(120)],
            "opened": opened,
            "subscriptions": [len(subscriptions.items), len(found)],
            "assignments": len(assignments),
            "answers": sorted(
                {s.output_values["result"] for a in assignments for s in a.solutions}
            ),
            "accepted": len(accepted),
            "comment": accepted[0].public_comment,
            "overlap": [patched.overlap, patched.remaining_overlap],
            "closed": closed.status.value,
            "archived": archived.status.value,
            "project": archived_project.status.value,
        }
    )
)
