"""Health and the document itself: what can be asked without a key."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable

handles = HandlerTable()


@handles("getHealth")
def get_health(call: Call) -> tuple[int, Any]:
    """Always well: a sick service is what fault rules are for."""
    return 200, {"status": "ok"}


@handles("getOpenApi")
def get_open_api(call: Call) -> tuple[int, Any]:
    """The contract that this server keeps to, without its controls; no key is asked for (U22)."""
    document = call.sandbox.world.contracts[call.service.name].document
    shown = {name: part for name, part in document.items() if not name.startswith("x-")}
    if call.sandbox.setting("pipelines.strict_external_api"):
        shown["paths"] = _documented(document["paths"])
    base = f"{call.base_url}/{call.service.name}"
    if call.headers.get("host", "").partition(":")[0] in call.service.hosts:
        base = call.base_url
    return 200, {**shown, "servers": [{"url": f"{base}/api/v1"}]}


def _documented(paths: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for path, item in paths.items():
        kept = {
            name: part
            for name, part in item.items()
            if name == "parameters" or part.get("x-evidence") == "documented"
        }
        if set(kept) - {"parameters"}:
            found[path] = kept
    return found
