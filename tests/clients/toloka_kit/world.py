"""A project, a pool and tasks for the programs."""

import sys
from datetime import UTC, datetime

import toloka.client as toloka

URL = sys.argv[1]


def client() -> toloka.TolokaClient:
    """A client of the server under test."""
    return toloka.TolokaClient("token", url=URL)


def project(kit: toloka.TolokaClient) -> toloka.Project:
    """A new project: a picture in, one of two words and a file out."""
    return kit.create_project(
        toloka.Project(
            public_name="Cats and dogs",
            public_description="Tell a cat from a dog",
            public_instructions="Look at the picture and choose.",
            task_spec=toloka.project.task_spec.TaskSpec(
                input_spec={"image": toloka.project.UrlSpec()},
                output_spec={
                    "result": toloka.project.StringSpec(allowed_values=["cat", "dog"]),
                    "photo": toloka.project.FileSpec(required=False),
                },
                view_spec=toloka.project.ClassicViewSpec(markup="", script="", styles=""),
            ),
        )
    )


def pool(kit: toloka.TolokaClient, project_id: str, **settings: object) -> toloka.Pool:
    """A new pool, which the service fills suites of two tasks from."""
    form = {
        "project_id": project_id,
        "private_name": "Pool",
        "may_contain_adult_content": False,
        "will_expire": datetime(2035, 1, 1, tzinfo=UTC),
        "reward_per_assignment": 0.01,
        "assignment_max_duration_seconds": 600,
        "auto_accept_solutions": False,
        "defaults": toloka.Pool.Defaults(
            default_overlap_for_new_task_suites=1, default_overlap_for_new_tasks=1
        ),
        "mixer_config": toloka.pool.mixer_config.MixerConfig(
            real_tasks_count=2, golden_tasks_count=0, training_tasks_count=0
        ),
    }
    return kit.create_pool(toloka.Pool(**{**form, **settings}))


def tasks(pool_id: str, count: int) -> list[toloka.Task]:
    """Tasks that fit the project."""
    return [
        toloka.Task(pool_id=pool_id, input_values={"image": f"https://example.com/{n}.jpg"})
        for n in range(count)
    ]
