"""What a call is about: the workflow, task or dataset it names, who calls, and pages of answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mockserver.engine.contract import Violation
from mockserver.engine.errors import ServiceError
from mockserver.engine.service import Call
from mockserver.engine.store import Range
from mockserver.services.pipelines import chains, claims, datasets, errors, keys, tasks, workflows
from mockserver.services.pipelines.claims import Contributor, Work
from mockserver.services.pipelines.imports import ImportRefused
from mockserver.services.pipelines.keys import Caller
from mockserver.services.pipelines.zips import file_key

CREATING = frozenset(
    {
        "createTasks",
        "startUpload",
        "createTasksFromZip",
        "createTasksFromCsv",
        "createBlankTasks",
        "createTasksFromDataset",
        "createTasksFromPipeline",
        "setInfiniteSeeding",
    }
)
"""Operations that a workflow which accepts no tasks refuses before it looks at the content."""

POSTED = frozenset({"upload", "zip", "csv", "bulk", "from-dataset", "from-pipeline"})
"""What stands where a task's id could, and is only posted to."""

FILE_SECONDS = 3600.0
"""How long the URL of a file is good."""


def caller(call: Call) -> Caller:
    """Whom the key speaks for."""
    found: Caller = call.notes["caller"]
    return found


def workflow(call: Call, *, writes: bool = False) -> workflows.Workflow:
    """The workflow in the path, if it is in the key's organization and the key may do this."""
    found = visible_workflow(call, call.parameters["workflow_id"])
    if writes:
        check_writes(call)
    if call.operation.id in CREATING:
        workflows.check_accepts_tasks(call.sandbox, found)
    call.sandbox.pace.polled(f"pipelines/workflows/{found['id']}")
    return found


def visible_workflow(
    call: Call, workflow_id: int, resource: str = "workflow"
) -> workflows.Workflow:
    """A workflow of the key's organization and projects; others are as if they were not there."""
    found = workflows.get(call.sandbox, workflow_id)
    who = caller(call)
    if found is None:
        raise errors.not_found(resource, workflow_id)
    if found["organization_id"] != who.organization_id or not who.sees(found["project_id"]):
        if call.sandbox.setting("pipelines.foreign_org_status") == 403:
            raise errors.forbidden("The workflow belongs to another organization.")
        raise errors.not_found(resource, workflow_id)
    return found


def check_writes(call: Call) -> None:
    """Write actions need an owner or an admin (fact 1.2)."""
    if caller(call).role not in keys.OWNERS:
        raise errors.forbidden(f"A {caller(call).role.replace('_', ' ')} may only read.")


def refuse(call: Call, violations: Sequence[Violation]) -> ServiceError:
    """What is wrong with the call; its workflow and that one's state come first (fact 9)."""
    if call.operation.id == "getTask" and call.path_values["task_id"] in POSTED:
        return _only_posted(call)
    workflow_id = call.parameters.get("workflow_id")
    if isinstance(workflow_id, int):
        try:
            workflow(call, writes=call.operation.id in CREATING)
        except ServiceError as error:
            return error
    status = call.sandbox.setting("pipelines.batch_too_large_status")
    return errors.refusal(violations, batch_too_large_status=status)


def _only_posted(call: Call) -> ServiceError:
    """The route reads `GET /tasks/csv` as a task called csv; the call was meant for the other."""
    return ServiceError(
        f"{call.path} allows POST, not GET.",
        status=405,
        code="method_not_allowed",
        headers={"Allow": "POST"},
    )


def task(call: Call, of: workflows.Workflow) -> tasks.Task:
    """The task in the path, if it is one of the workflow."""
    task_id = call.parameters["task_id"]
    found = tasks.of(call.sandbox).get(task_id)
    if found is None or found["workflow_id"] != of["id"]:
        raise errors.not_found("task", task_id)
    call.sandbox.pace.polled(f"pipelines/tasks/{task_id}")
    return found


def chain(call: Call, into: workflows.Workflow) -> chains.Chain:
    """The chain in the path, if it leads into the workflow."""
    chain_id = call.parameters["chain_id"]
    found = chains.of(call.sandbox).get(chain_id)
    if found is None or found["target_workflow_id"] != into["id"]:
        raise errors.not_found("chain", chain_id)
    call.sandbox.pace.polled(f"pipelines/chains/{chain_id}")
    return found


def dataset(call: Call, dataset_id: int) -> datasets.Dataset:
    """A dataset of the key's organization; a pipeline's only for those who see its project."""
    check_vault(call)
    found = datasets.of(call.sandbox).get(dataset_id)
    if found is None or found["organization_id"] != caller(call).organization_id:
        raise errors.not_found("dataset", dataset_id)
    if found["source"] == "pipeline":
        visible_workflow(call, found["workflow_id"], "dataset")
    return found


def check_vault(call: Call) -> None:
    """Contributors cannot open the Data Vault (fact 1.2)."""
    if caller(call).role == "contributor":
        raise errors.forbidden("Contributors cannot open the Data Vault.")


def contributor(call: Call) -> Contributor:
    """Who works, by the header Mockserver-User."""
    name = call.parameters["Mockserver-User"]
    return claims.contributor(call.sandbox, caller(call).organization_id, name)


def work(call: Call) -> tuple[Work, Contributor, str | None]:
    """The task at hand, who is at it, and the node that they name."""
    of = workflow(call)
    who = contributor(call)
    found = claims.load(call.sandbox, of, task(call, of))
    node_id = (call.body or {}).get("node_id")
    if node_id is not None and node_id not in found.design.graph.tracked:
        raise errors.not_found("node", node_id)
    return found, who, node_id


def page(
    call: Call,
    collection: str,
    where: Mapping[str, Any],
    show: Callable[[dict[str, Any]], Any],
    *,
    ranges: Mapping[str, Range] | None = None,
    sort: str | None = None,
) -> dict[str, Any]:
    """A page of documents, by number (fact 14, U3)."""
    stored = call.sandbox.collection(collection)
    number, size = call.parameters["page"], call.parameters["page_size"]
    skip = (number - 1) * size
    total = stored.count(where, ranges=ranges)
    found = (
        stored.find(where, ranges=ranges, sort=sort, skip=skip, limit=size) if skip < total else []
    )
    return paged([show(each) for each in found], number, size, total)


def paged(items: list[Any], number: int, size: int, total: int) -> dict[str, Any]:
    """The envelope of a page."""
    return {
        "items": items,
        "page": number,
        "page_size": size,
        "total": total,
        "has_more": number * size < total,
    }


def file_urls(call: Call, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as shown: each file with a URL from which it can be fetched."""
    return {name: _with_url(call, value) for name, value in values.items()}


def _with_url(call: Call, value: Any) -> Any:
    if isinstance(value, list):
        return [_with_url(call, item) for item in value]
    if not (isinstance(value, dict) and isinstance(value.get("file_id"), int)):
        return value
    url = call.sandbox.uploads.presign(
        "GET", file_key(value["file_id"]), expires=FILE_SECONDS, base_url=call.base_url
    )
    return {**value, "url": url}


def uploaded(call: Call) -> tuple[str, bytes]:
    """The name and bytes of the file in a call: a part called `file`, or the whole body."""
    if not call.files:
        if call.form:
            raise errors.refused("file_missing", "Send the file as the form's part `file`.")
        return "", call.raw
    found = call.files.get("file")
    if found is None:
        raise errors.refused("file_missing", "Send the file as the form's part `file`.")
    return found.filename, found.data


def import_error(call: Call, refusal: ImportRefused) -> ServiceError:
    """A file that cannot be used, as an error."""
    if refusal.code == "batch_too_large":
        return errors.too_large(call.sandbox.setting("pipelines.batch_too_large_status"))
    if refusal.code == "zip_required":
        return errors.conflict("zip_required", refusal.message)
    return errors.refused(refusal.code, refusal.message, refusal.findings)
