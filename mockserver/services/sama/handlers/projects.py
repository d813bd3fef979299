"""Projects: what they are, what their tasks look like, how they stand."""

from typing import Any

from mockserver.engine.clock import rfc3339
from mockserver.engine.service import Call, HandlerTable
from mockserver.services.sama import lifecycle, schemas, selection, wire

handles = HandlerTable()

CREDENTIAL_SECONDS = 3600
"""Keys for the asset store last about an hour (F143)."""

_SHOWN = (
    "id",
    "name",
    "state",
    "type",
    "asset_country_code",
    "asset_s3_url",
    "project_group",
    "client",
)
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@handles("getProject")
def get_project(call: Call) -> tuple[int, Any]:
    """The project as the tutorial lists its fields (F138, F139)."""
    project = wire.project_of(call)
    return 200, {key: project[key] for key in _SHOWN}


@handles("getStats")
def get_stats(call: Call) -> tuple[int, Any]:
    """Tasks by state; the real body is unknown (U9)."""
    project = wire.project_of(call)
    span = selection.between(call.parameters)
    tasks = call.sandbox.collection("sama.tasks")
    counts = {
        state: tasks.count(
            {"project_id": project["id"], "state": state},
            ranges={"created_at": span} if span else None,
        )
        for state in lifecycle.STATES
    }
    return 200, {
        "project_id": project["id"],
        "from": call.parameters.get("from"),
        "to": call.parameters.get("to"),
        "tasks": counts,
    }


@handles("getCredentials")
def get_credentials(call: Call) -> tuple[int, Any]:
    """Keys for the asset store. Not emulated: the store itself; nothing accepts them."""
    wire.project_of(call)
    ids = call.sandbox.ids
    return 200, {
        "access_key_id": "ASIA" + ids.token("sama.access_key_ids", 16, _UPPER),
        "secret_access_key": ids.token("sama.secret_access_keys", 40),
        "session_token": ids.token("sama.session_tokens", 120),
        "expiration": rfc3339(call.sandbox.clock.now() + CREDENTIAL_SECONDS),
    }


@handles("getCreationSchema")
def get_creation_schema(call: Call) -> tuple[int, Any]:
    """What a new task must look like."""
    return 200, schemas.creation_schema(wire.project_of(call))


@handles("getDeliverySchema")
def get_delivery_schema(call: Call) -> tuple[int, Any]:
    """What a delivered task looks like."""
    return 200, schemas.delivery_schema(wire.project_of(call))
