"""Handlers of Apps."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.toloka import apps, errors, pages, wire

handles = HandlerTable()


def _project(call: Call, name: str = "project_id") -> dict[str, Any]:
    return apps.project(call.sandbox, call.parameters[name])


def _batch(call: Call) -> dict[str, Any]:
    return apps.batch(call.sandbox, _project(call)["id"], call.parameters["id"])


@handles("getApps")
def get_apps(call: Call) -> tuple[int, Any]:
    """List ready-made solutions."""
    return pages.page(call, apps.APPS, pages.APPS)


@handles("getApp")
def get_app(call: Call) -> tuple[int, Any]:
    """Get a ready-made solution."""
    return 200, wire.require(call, apps.APPS)


@handles("getAppProjects")
def get_app_projects(call: Call) -> tuple[int, Any]:
    """List App projects; all belong to the one requester, whatever the scope."""
    return pages.page(call, apps.PROJECTS, pages.APP_PROJECTS)


@handles("createAppProject")
def create_app_project(call: Call) -> tuple[int, Any]:
    """Create an App project."""
    return 201, apps.create_project(call.sandbox, call.body)


@handles("getAppProject")
def get_app_project(call: Call) -> tuple[int, Any]:
    """Get an App project."""
    return 200, _project(call, "id")


@handles("archiveAppProject")
def archive_app_project(call: Call) -> tuple[int, Any]:
    """Archive an App project."""
    return _turn(call, "READY", "ARCHIVED")


@handles("unarchiveAppProject")
def unarchive_app_project(call: Call) -> tuple[int, Any]:
    """Take an App project out of the archive."""
    return _turn(call, "ARCHIVED", "READY")


def _turn(call: Call, before: str, after: str) -> tuple[int, Any]:
    project = _project(call, "id")
    if project["status"] != before:
        raise errors.inappropriate(before)
    call.sandbox.collection(apps.PROJECTS).put({**project, "status": after})
    return 204, None


@handles("getAppItems")
def get_app_items(call: Call) -> tuple[int, Any]:
    """List the items of an App project."""
    where = {"app_project_id": _project(call)["id"]}
    return pages.page(call, apps.ITEMS, pages.APP_ITEMS, where)


@handles("createAppItem")
def create_app_item(call: Call) -> tuple[int, Any]:
    """Add an item to a batch; without one, to a batch of its own.

    Not emulated: items that repeat earlier ones are worked on again.
    """
    ids = _add(call, [call.body["input_data"]], skip=False)
    return 201, call.sandbox.collection(apps.ITEMS).get(ids[0])


@handles("createAppItems")
def create_app_items(call: Call) -> tuple[int, Any]:
    """Add items to a batch; without one, to a batch of their own."""
    skip = wire.truth(call.body.get("ignore_errors"))
    return 201, _add(call, call.body["items"], skip=skip)


def _add(call: Call, items: list[Any], *, skip: bool) -> list[str]:
    project = _project(call)
    batch_id = call.body.get("batch_id")
    good = apps.checked(call.sandbox, project, items, skip=skip)
    if batch_id is None:
        batch_id = apps.create_batch(call.sandbox, project, {"items": []})["id"]
    else:
        batch = apps.batch(call.sandbox, project["id"], batch_id)
        if batch["status"] != "NEW":
            raise errors.inappropriate("NEW")
    return apps.add_items(call.sandbox, project, batch_id, good)


@handles("getAppItem")
def get_app_item(call: Call) -> tuple[int, Any]:
    """Get an item."""
    found = wire.require(call, apps.ITEMS)
    if found["app_project_id"] != _project(call)["id"]:
        raise errors.missing()
    return 200, found


@handles("getAppBatches")
def get_app_batches(call: Call) -> tuple[int, Any]:
    """List the batches of an App project."""
    where = {"app_project_id": _project(call)["id"]}
    return pages.page(
        call,
        apps.BATCHES,
        pages.APP_BATCHES,
        where,
        lambda batch: apps.show_batch(call.sandbox, batch),
    )


@handles("createAppBatch")
def create_app_batch(call: Call) -> tuple[int, Any]:
    """Create a batch with its items."""
    batch = apps.create_batch(call.sandbox, _project(call), call.body)
    return 201, apps.show_batch(call.sandbox, batch)


@handles("startSyncBatchProcessing")
def start_sync_batch_processing(call: Call) -> tuple[int, Any]:
    """Create a batch and start it."""
    batch = apps.create_batch(call.sandbox, _project(call), call.body)
    apps.start(call.sandbox, batch)
    return 200, apps.show_batch(call.sandbox, batch)


@handles("getAppBatch")
def get_app_batch(call: Call) -> tuple[int, Any]:
    """Get a batch."""
    batch = _batch(call)
    call.sandbox.pace.polled(batch["id"])
    return 200, apps.show_batch(call.sandbox, batch)


@handles("patchAppBatch")
def patch_app_batch(call: Call) -> tuple[int, Any]:
    """Rename a batch or change its priority."""
    changes = wire.without_nulls(call.body)
    batch = _batch(call)
    batch |= {name: changes[name] for name in ("name", "priority_order") if name in changes}
    call.sandbox.collection(apps.BATCHES).put(batch)
    return 200, apps.show_batch(call.sandbox, batch)


@handles("startAppBatch")
def start_app_batch(call: Call) -> tuple[int, Any]:
    """Let the crowd work on a batch."""
    apps.start(call.sandbox, _batch(call))
    return 204, None


@handles("stopAppBatch")
def stop_app_batch(call: Call) -> tuple[int, Any]:
    """Stop the work on a batch."""
    apps.stop(call.sandbox, _batch(call))
    return 204, None


@handles("resumeAppBatch")
def resume_app_batch(call: Call) -> tuple[int, Any]:
    """Go on with a batch."""
    batch = _batch(call)
    if batch["status"] != "STOPPED":
        raise errors.inappropriate("STOPPED")
    apps.start(call.sandbox, batch)
    return 204, None


@handles("archiveAppBatch")
def archive_app_batch(call: Call) -> tuple[int, Any]:
    """Archive a batch."""
    apps.archive(call.sandbox, _batch(call))
    return 204, None


@handles("unarchiveAppBatch")
def unarchive_app_batch(call: Call) -> tuple[int, Any]:
    """Take a batch out of the archive."""
    apps.archive(call.sandbox, _batch(call), back=True)
    return 204, None
