"""Handlers of skills and of Tolokers' values of them."""

from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.toloka import errors, pages, wire

handles = HandlerTable()

SKILLS = "toloka.skills"
VALUES = "toloka.user_skills"
OWN = ("id", "created", "owner")


def _form(call: Call) -> dict[str, Any]:
    form = wire.loosened(call.body, booleans=("hidden", "training"), integers=("skill_ttl_hours",))
    kept = {key: value for key, value in form.items() if key not in OWN}
    wire.check_again(call, kept)
    return {"hidden": True, "training": False, **kept}


@handles("createSkill")
def create_skill(call: Call) -> tuple[int, Any]:
    """Create a skill."""
    skill = {
        "id": wire.number(call.sandbox, "skill"),
        **_form(call),
        "created": wire.stamp(call.sandbox),
        "owner": wire.owner(),
    }
    call.sandbox.collection(SKILLS).put(skill)
    return 201, skill


@handles("getSkills")
def get_skills(call: Call) -> tuple[int, Any]:
    """List skills.

    Not emulated: skills that the service gives to all requesters (`global=true` finds none).
    """
    where = {"global": True} if wire.flag(call, "global") else {}
    return pages.page(call, SKILLS, pages.SKILLS, where)


@handles("getSkill")
def get_skill(call: Call) -> tuple[int, Any]:
    """Get a skill."""
    return 200, wire.require(call, SKILLS)


@handles("updateSkill")
def update_skill(call: Call) -> tuple[int, Any]:
    """Replace a skill."""
    skill = wire.require(call, SKILLS)
    changed = {"id": skill["id"], **_form(call), "created": skill["created"]}
    changed["owner"] = skill["owner"]
    call.sandbox.collection(SKILLS).put(changed)
    return 200, changed


@handles("setUserSkill")
def set_user_skill(call: Call) -> tuple[int, Any]:
    """Set a Toloker's value: 201 for the first one, 200 after that."""
    form = wire.loosened(call.body, ids=("skill_id", "user_id"), numbers=("value",))
    wire.check_again(call, form)
    if form["skill_id"] not in call.sandbox.collection(SKILLS):
        absent = errors.field("ENTITY_DOES_NOT_EXIST", errors.ABSENT)
        raise errors.invalid({"skill_id": absent})
    values = call.sandbox.collection(VALUES)
    pair = {"skill_id": form["skill_id"], "user_id": form["user_id"]}
    known = values.find(pair, limit=1)
    now = wire.stamp(call.sandbox)
    new = {"id": wire.number(call.sandbox, "user_skill"), **pair, "created": now}
    found = known[0] if known else new
    found |= {"value": int(form["value"] + 0.5), "exact_value": form["value"], "modified": now}
    values.put(found)
    return 200 if known else 201, found


@handles("getUserSkills")
def get_user_skills(call: Call) -> tuple[int, Any]:
    """List Tolokers' values."""
    return pages.page(call, VALUES, pages.USER_SKILLS)


@handles("getUserSkill")
def get_user_skill(call: Call) -> tuple[int, Any]:
    """Get a Toloker's value."""
    return 200, wire.require(call, VALUES)


@handles("deleteUserSkill")
def delete_user_skill(call: Call) -> tuple[int, Any]:
    """Take a skill away from a Toloker."""
    found = wire.require(call, VALUES)
    call.sandbox.collection(VALUES).delete(found["id"])
    return 204, None
