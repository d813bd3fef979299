"""Makes a project and a pool with toloka-kit, and puts tasks into it."""

import datetime

import toloka.client as toloka

client = toloka.TolokaClient("token", "PRODUCTION")
project = client.create_project(
    toloka.Project(
        public_name="Cats and dogs",
        public_description="Tell a cat from a dog",
        public_instructions="Look at the picture and choose.",
        task_spec=toloka.project.task_spec.TaskSpec(
            input_spec={"image": toloka.project.UrlSpec()},
            output_spec={"result": toloka.project.StringSpec(allowed_values=["cat", "dog"])},
            view_spec=toloka.project.ClassicViewSpec(markup="", script="", styles=""),
        ),
    )
)
pool = client.create_pool(
    toloka.Pool(
        project_id=project.id,
        private_name="Pool",
        may_contain_adult_content=False,
        will_expire=datetime.datetime.fromisoformat("2035-01-01"),
        reward_per_assignment=0.01,
        assignment_max_duration_seconds=600,
        defaults=toloka.Pool.Defaults(
            default_overlap_for_new_task_suites=1, default_overlap_for_new_tasks=1
        ),
    )
)
tasks = [
    toloka.Task(pool_id=pool.id, input_values={"image": f"https://example.com/{number}.jpg"})
    for number in range(10)
]
created = client.create_tasks(tasks, allow_defaults=True)
print("tasks", len(created.items))
