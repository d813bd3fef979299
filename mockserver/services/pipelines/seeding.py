"""Making tasks: the rules that every way of creating them shares."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mockserver.services.pipelines import crew, errors, fields, lifecycle, tasks
from mockserver.services.pipelines.tasks import Row, Task
from mockserver.services.pipelines.workflows import Workflow

if TYPE_CHECKING:
    from mockserver.engine.sandbox import Sandbox


def create(
    sandbox: "Sandbox",
    workflow: Workflow,
    source: str,
    rows: Iterable[Row],
    group: dict[str, Any] | None = None,
) -> tuple[dict[str, Any], list[Task]]:
    """Make tasks in a group, a new one if none is given, and call people to the work."""
    if group is None:
        group = tasks.new_group(sandbox, workflow, source)
    made = tasks.add(sandbox, workflow, group, rows)
    if made:
        crew.call(sandbox, workflow, made[0]["work"])
    return group, made


def created(workflow: Workflow, group: dict[str, Any], made: Sequence[Task]) -> dict[str, Any]:
    """The answer to a creation."""
    return {
        "workflow_id": workflow["id"],
        "created_count": len(made),
        "group_id": group["id"],
        "source": group["source"],
        "tasks": [
            {"index": index, "id": task["id"], "status": tasks.status_shown(task, workflow)}
            for index, task in enumerate(made)
        ],
    }


def from_json(
    sandbox: "Sandbox", workflow: Workflow, items: Sequence[Mapping[str, Any]]
) -> list[Row]:
    """The rows of a JSON batch; refused as a whole when any item is wrong (fact 14, U7)."""
    defined = {field["name"]: field for field in fields.of_dataset(workflow["fields"])}
    texts = sandbox.setting("pipelines.coerce_strings_json")
    rows: list[Row] = []
    details: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        values, problems = _checked(defined, item["fields"], texts)
        details += [{"task_index": index, **each} for each in problems]
        rows.append((values, None))
        if len(details) >= errors.MOST_DETAILS:
            break
    refuse_details(details)
    return rows


def _checked(
    defined: Mapping[str, fields.Field], given: Mapping[str, Any], texts: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """As `fields.checked`; files come through a ZIP alone (fact 14, U19)."""
    needs_zip = [
        name
        for name, field in defined.items()
        if field["type"] == "file_upload" and not fields.is_empty(given.get(name))
    ]
    plain = {name: value for name, value in given.items() if name not in needs_zip}
    values, problems = fields.checked(defined, plain, texts=texts)
    problems = [each for each in problems if each["field"] not in needs_zip]
    problems += [
        fields.problem(name, "file_requires_zip_upload", f"{name} needs a ZIP upload.")
        for name in needs_zip
    ]
    return values, problems


def refuse_details(details: Sequence[dict[str, Any]]) -> None:
    """Refuse with findings, if there are any; one code alone is the error's own."""
    if not details:
        return
    codes = {each["code"] for each in details}
    code = codes.pop() if codes == {"file_requires_zip_upload"} else "validation_error"
    raise errors.refused(code, details[0]["message"], details)


def check_count(sandbox: "Sandbox", count: int) -> None:
    """At most 5,000 tasks in one call (fact 2, E4)."""
    if count > lifecycle.MAX_TASKS:
        raise errors.too_large(sandbox.setting("pipelines.batch_too_large_status"))


def check_has_dataset_fields(workflow: Workflow) -> None:
    """CSV, ZIP, datasets and pipelines seed dataset fields; without any there is bulk creation."""
    if not fields.of_dataset(workflow["fields"]):
        raise errors.conflict(
            "creation_mode_mismatch",
            "The workflow has no dataset fields; create blank tasks in bulk.",
        )
