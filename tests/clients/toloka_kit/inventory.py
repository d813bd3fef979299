"""Every public method of TolokaClient, called once; the list is the client's own."""

import io
import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import requests
import toloka.client as toloka
from toloka.client.aggregation import (
    AggregatedSolutionType,
    PoolAggregatedSolutionRequest,
    WeightedDynamicOverlapTaskAggregatedSolutionRequest,
)
from toloka.client.analytics_request import CompletionPercentagePoolAnalytics
from toloka.client.app import AppBatchPatch, SyncBatchCreateRequest
from toloka.client.message_thread import Folder, RecipientsSelectType
from toloka.client.task_suite import TaskSuiteOverlapPatch, TaskSuitePatch

from tests.clients.toloka_kit import world

# Built into the class, and no call: the enumeration of hosts.
NOT_CALLS = {"Environment"}
USER = "0f3c5d7e9a1b2c3d4e5f60718293a4b5"

kit = world.client()
results: dict[str, str] = {}


def call(name: str, /, *arguments: Any, **named: Any) -> Any:
    """Call a method, note the type of what came, and answer it; generators are read to the end."""
    found = getattr(kit, name)(*arguments, **named)
    if hasattr(found, "__next__"):
        found = list(found)
    results[name] = type(found).__name__
    return found


def until(look: Callable[[], Any]) -> Any:
    """Look again until something has come."""
    for _ in range(100):
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise SystemExit("nothing came")


def control(path: str, body: dict[str, Any] | None = None) -> Any:
    """Play the crowd by hand."""
    base = world.URL.removesuffix("/toloka")
    answer = requests.post(f"{base}/__admin/services/toloka{path}", json=body, timeout=10)
    assert answer.ok, answer.text
    return answer.json()


def projects() -> toloka.Project:
    """Projects, but for their archiving."""
    project = world.project(kit)
    results["create_project"] = type(project).__name__
    assert call("get_project", project.id) == project
    call("find_projects", status="ACTIVE")
    call("get_projects")
    level = call("check_update_project_for_major_version_change", project.id, project)
    assert level.value == "EQUAL", level
    project.public_name = "Dogs and cats"
    assert call("update_project", project.id, project).public_name == "Dogs and cats"
    return project


def skills() -> toloka.Skill:
    """Skills and Tolokers' values of them."""
    skill = call("create_skill", name="Knows cats", public_name={"EN": "Knows cats"})
    call("get_skill", skill.id)
    call("find_skills", name="Knows cats")
    call("get_skills")
    call("update_skill", skill.id, toloka.Skill(name="Knows dogs"))
    value = call("set_user_skill", skill_id=skill.id, user_id=USER, value=Decimal("85.42"))
    assert (value.value, value.exact_value) == (85, Decimal("85.42"))
    call("get_user_skill", value.id)
    call("find_user_skills", skill_id=skill.id)
    call("get_user_skills", user_id=USER)
    call("delete_user_skill", value.id)
    return skill


def trainings(project: toloka.Project) -> None:
    """Trainings through all their states."""
    training = call(
        "create_training",
        toloka.Training(
            project_id=project.id,
            private_name="Training",
            may_contain_adult_content=False,
            assignment_max_duration_seconds=600,
            mix_tasks_in_creation_order=True,
            shuffle_tasks_in_task_suite=True,
            training_tasks_in_task_suite_count=1,
            task_suites_required_to_pass=1,
            retry_training_after_days=5,
            inherited_instructions=True,
        ),
    )
    task = world.tasks(training.id, 1)[0]
    task.infinite_overlap = True
    task.known_solutions = [toloka.Task.KnownSolution(output_values={"result": "cat"})]
    task.message_on_unknown_solution = "It says miaow."
    kit.create_tasks([task])
    call("get_training", training.id)
    call("find_trainings", project_id=project.id)
    call("get_trainings", status="CLOSED")
    call("update_training", training.id, training)
    assert call("open_training", training.id).is_open()
    assert call("open_training_async", training.id) is None
    assert call("close_training", training.id).is_closed()
    assert call("close_training_async", training.id) is None
    clone = call("clone_training", training.id)
    assert clone.id != training.id
    operation = call("clone_training_async", training.id)
    kit.wait_operation(operation)
    assert call("archive_training", training.id).is_archived()
    assert call("archive_training_async", training.id) is None


def pools(project: toloka.Project) -> toloka.Pool:
    """Pools through all their states."""
    pool = world.pool(kit, project.id)
    results["create_pool"] = type(pool).__name__
    assert call("get_pool", pool.id) == pool
    call("find_pools", project_id=project.id)
    call("get_pools", status="CLOSED")
    call("patch_pool", pool.id, toloka.PoolPatchRequest(priority=42))
    pool.private_name = "Another name"
    assert call("update_pool", pool.id, pool).private_name == "Another name"
    kit.create_tasks(world.tasks(pool.id, 2))
    assert call("open_pool", pool.id).is_open()
    assert call("open_pool_async", pool.id) is None
    assert call("close_pool_for_update", pool.id).is_closed()
    assert call("close_pool_for_update_async", pool.id) is None
    assert call("close_pool", pool.id).is_closed()
    assert call("close_pool_async", pool.id) is None
    assert call("clone_pool", pool.id).id != pool.id
    kit.wait_operation(call("clone_pool_async", pool.id))
    return pool


def tasks(project: toloka.Project) -> toloka.Task:
    """Tasks and suites."""
    pool = world.pool(kit, project.id)
    task = call("create_task", world.tasks(pool.id, 1)[0])
    assert call("get_task", task.id) == task
    assert len(call("create_tasks", world.tasks(pool.id, 3)).items) == 3
    operation = call("create_tasks_async", world.tasks(pool.id, 2))
    operation = call("wait_operation", operation)
    call("get_operation", operation.id)
    assert len(call("get_operation_log", operation.id)) == 2
    call("find_operations", type="TASK.BATCH_CREATE", status="SUCCESS")
    call("get_operations", type="TASK.BATCH_CREATE")
    assert len(call("get_tasks", pool_id=pool.id)) == 6
    call("find_tasks", pool_id=pool.id, limit=2)
    patched = call("patch_task", task.id, toloka.task.TaskPatch(overlap=3, infinite_overlap=False))
    assert patched.overlap == 3
    patched = call("patch_task_overlap_or_min", task.id, toloka.task.TaskOverlapPatch(overlap=2))
    assert patched.overlap == 2
    suite = call("create_task_suite", _suite(pool.id))
    assert call("get_task_suite", suite.id) == suite
    assert len(call("create_task_suites", [_suite(pool.id), _suite(pool.id)]).items) == 2
    kit.wait_operation(call("create_task_suites_async", [_suite(pool.id)]))
    assert len(call("get_task_suites", pool_id=pool.id)) == 4
    call("find_task_suites", task_id=suite.tasks[0].id)
    patched = call("patch_task_suite", suite.id, TaskSuitePatch(overlap=3))
    assert patched.overlap == 3
    call("patch_task_suite_overlap_or_min", suite.id, TaskSuiteOverlapPatch(overlap=1))
    return task


def _suite(pool_id: str) -> toloka.TaskSuite:
    values = {"image": "https://example.com/suite.jpg"}
    return toloka.TaskSuite(
        pool_id=pool_id, tasks=[toloka.task.BaseTask(input_values=values)], overlap=1
    )


def assignments(pool: toloka.Pool) -> str:
    """What the crowd hands in, and what follows from it."""
    kit.create_tasks(world.tasks(pool.id, 6), open_pool=True)
    found = until(lambda: len(list(kit.get_assignments(pool_id=pool.id, status="SUBMITTED"))) == 4)
    found = call("get_assignments", pool_id=pool.id, status="SUBMITTED")
    call("find_assignments", pool_id=pool.id, sort=["-submitted", "-id"], limit=2)
    first, second, third, fourth = found
    assert call("get_assignment", first.id) == first
    assert call("accept_assignment", first.id, "Good").status.value == "ACCEPTED"
    assert call("reject_assignment", second.id, "Bad").status.value == "REJECTED"
    patch = toloka.AssignmentPatch(status="ACCEPTED", public_comment="Good again")
    for each in (second, third, fourth):
        call("patch_assignment", each.id, patch)
    parameters = toloka.GetAssignmentsTsvParameters(
        field=list(toloka.GetAssignmentsTsvParameters.Field)
    )
    frame = call("get_assignments_df", pool.id, parameters=parameters)
    assert len(frame) == 8, frame
    attachment = control(f"/assignments/{first.id}/attachments", {"name": "a.txt", "text": "Hello"})
    call("get_attachment", attachment["id"])
    call("find_attachments", pool_id=pool.id)
    call("get_attachments", assignment_id=first.id)
    content = io.BytesIO()
    call("download_attachment", attachment["id"], content)
    assert content.getvalue() == b"Hello"
    return first.id


def bonuses(assignment_id: str) -> None:
    """Bonuses, one and many."""
    bonus = toloka.UserBonus(
        user_id=USER,
        amount=Decimal("0.5"),
        public_title={"EN": "Well done"},
        public_message={"EN": "Thank you"},
        assignment_id=assignment_id,
    )
    one = call("create_user_bonus", bonus)
    assert call("get_user_bonus", one.id).amount == Decimal("0.5")
    other = toloka.UserBonus(user_id=USER, amount=Decimal("1"))
    assert len(call("create_user_bonuses", [bonus, other]).items) == 2
    third = toloka.UserBonus(user_id=USER, amount=Decimal("2"))
    kit.wait_operation(call("create_user_bonuses_async", [third]))
    assert len(call("get_user_bonuses", user_id=USER)) == 4
    call("find_user_bonuses", assignment_id=assignment_id)


def people(project: toloka.Project, pool: toloka.Pool) -> None:
    """The requester, Tolokers, their restrictions and messages."""
    assert call("get_requester").balance > 0
    call("get_user", USER)
    restriction = call(
        "set_user_restriction",
        toloka.user_restriction.ProjectUserRestriction(
            user_id=USER, project_id=project.id, private_comment="Too quick"
        ),
    )
    call("get_user_restriction", restriction.id)
    call("find_user_restrictions", user_id=USER, scope="PROJECT")
    call("get_user_restrictions", project_id=project.id)
    call("delete_user_restriction", restriction.id)
    thread = call(
        "compose_message_thread",
        recipients_select_type=RecipientsSelectType.DIRECT,
        recipients_ids=[USER],
        topic={"EN": "Thanks"},
        text={"EN": "Thank you."},
        answerable=True,
    )
    call("reply_message_thread", thread.id, toloka.MessageThreadReply(text={"EN": "Again."}))
    thread = call("add_message_thread_to_folders", thread.id, [Folder.IMPORTANT])
    assert Folder.IMPORTANT in thread.folders
    call("find_message_threads", folder=["IMPORTANT"], folder_ne=["INBOX"])
    assert thread.id in [each.id for each in call("get_message_threads", folder="OUTBOX")]
    call("remove_message_thread_from_folders", thread.id, [Folder.IMPORTANT])
    subscription = {
        "webhook_url": f"{world.URL.removesuffix('/toloka')}/__inbox/inventory",
        "event_type": "POOL_CLOSED",
        "pool_id": pool.id,
    }
    created = call("upsert_webhook_subscriptions", [subscription]).items["0"]
    call("get_webhook_subscription", created.id)
    call("find_webhook_subscriptions", pool_id=pool.id)
    call("get_webhook_subscriptions", event_type="POOL_CLOSED")
    call("delete_webhook_subscription", created.id)


def numbers(pool: toloka.Pool, skill: toloka.Skill) -> None:
    """Aggregated answers and analytics."""
    fields = [PoolAggregatedSolutionRequest.Field(name="result")]
    operation = call(
        "aggregate_solutions_by_pool",
        type=AggregatedSolutionType.DAWID_SKENE,
        pool_id=pool.id,
        answer_weight_skill_id=skill.id,
        fields=fields,
    )
    operation = kit.wait_operation(operation)
    call("find_aggregated_solutions", operation.id, limit=3)
    solutions = call("get_aggregated_solutions", operation.id)
    assert len(solutions) == 8, solutions
    call(
        "aggregate_solutions_by_task",
        WeightedDynamicOverlapTaskAggregatedSolutionRequest(
            task_id=solutions[0].task_id,
            pool_id=pool.id,
            answer_weight_skill_id=skill.id,
            fields=[
                WeightedDynamicOverlapTaskAggregatedSolutionRequest.Field(name="result"),
            ],
        ),
    )
    operation = call("get_analytics", [CompletionPercentagePoolAnalytics(subject_id=pool.id)])
    operation = kit.wait_operation(operation)
    assert operation.details["value"][0]["result"]["value"] == 100


def apps() -> None:
    """Ready-made solutions."""
    app = call("get_apps")[0]
    call("find_apps", limit=1)
    call("get_app", app.id, lang="EN")
    project = call(
        "create_app_project", toloka.AppProject(app_id=app.id, name="Cats", parameters={})
    )
    call("get_app_project", project.id)
    call("find_app_projects", app_id=app.id)
    call("get_app_projects", status="READY")
    items = [{"image": f"https://example.com/{n}.jpg"} for n in range(2)]
    batch = call(
        "create_app_batch", project.id, toloka.AppBatchCreateRequest(name="Monday", items=items)
    )
    item = call(
        "create_app_item", project.id, toloka.AppItem(batch_id=batch.id, input_data=items[0])
    )
    call("get_app_item", project.id, item.id)
    request = toloka.AppItemsCreateRequest(batch_id=batch.id, items=items)
    assert len(call("create_app_items", project.id, request)) == 2
    call("find_app_items", project.id, batch_id=batch.id)
    assert len(call("get_app_items", project.id, batch_id=batch.id)) == 5
    call("patch_app_batch", project.id, batch.id, AppBatchPatch(name="Tuesday"))
    call("start_app_batch", project.id, batch.id)
    call("stop_app_batch", project.id, batch.id)
    call("resume_app_batch", project.id, batch.id)

    def done() -> bool:
        return bool(kit.get_app_batch(project.id, batch.id).status.value == "COMPLETED")

    until(done)
    assert call("get_app_batch", project.id, batch.id).items_processed_count == 5
    call("archive_app_batch", project.id, batch.id)
    call("unarchive_app_batch", project.id, batch.id)
    call("find_app_batches", project.id, status="COMPLETED")
    call("get_app_batches", project.id)
    sync = SyncBatchCreateRequest(name="Wednesday", items=items)
    call("start_sync_batch_processing", project.id, sync)
    call("archive_app_project", project.id)
    call("unarchive_app_project", project.id)


def endings() -> None:
    """Archiving, and a clone of what there is."""
    project = world.project(kit)
    pool, other = world.pool(kit, project.id), world.pool(kit, project.id)
    cloned = call("clone_project", project.id)
    assert len(cloned.pools) == 2
    assert call("archive_pool", pool.id).is_archived()
    kit.wait_operation(call("archive_pool_async", other.id))
    call("archive_project", project.id)
    kit.wait_operation(call("archive_project_async", project.id))


project = projects()
skill = skills()
trainings(project)
pool = pools(project)
tasks(project)
assignment_id = assignments(pool)
bonuses(assignment_id)
people(project, pool)
numbers(pool, skill)
apps()
endings()

public = {
    name
    for name in dir(toloka.TolokaClient)
    if not name.startswith("_") and callable(getattr(toloka.TolokaClient, name))
}
print(json.dumps({"public": sorted(public - NOT_CALLS), "called": results}))
