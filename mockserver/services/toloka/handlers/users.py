"""Handlers of the requester and of what is known of Tolokers."""

import re
from typing import Any

from mockserver.engine.service import Call, HandlerTable
from mockserver.services.toloka import errors, wire

handles = HandlerTable()

_USER = re.compile(r"[0-9a-f]{32}", re.ASCII)
_PLACES = (
    ("US", "EN"),
    ("GB", "EN"),
    ("IN", "HI"),
    ("BR", "PT"),
    ("FR", "FR"),
    ("ES", "ES"),
    ("KE", "EN"),
    ("TR", "TR"),
)
_DEVICES = (
    ("PERSONAL_COMPUTER", "BROWSER", "WINDOWS", 10),
    ("PERSONAL_COMPUTER", "BROWSER", "MAC_OS", 13),
    ("SMARTPHONE", "TOLOKA_APP", "ANDROID", 12),
    ("SMARTPHONE", "TOLOKA_APP", "IOS", 16),
)


@handles("getRequester")
def get_requester(call: Call) -> tuple[int, Any]:
    """The owner of the token, whoever it is."""
    found = call.sandbox.collection("toloka.requester").get(wire.REQUESTER)
    if found is None:
        raise errors.missing()
    return 200, found


@handles("getUserMetadata")
def get_user_metadata(call: Call) -> tuple[int, Any]:
    """What is known of a Toloker: invented, and for one id always the same."""
    user_id = call.parameters["id"]
    if not _USER.fullmatch(user_id):
        raise errors.missing()
    chance = call.sandbox.ids.random("toloka.user_metadata", user_id)
    country, language = chance.choice(_PLACES)
    device, client, system, version = chance.choice(_DEVICES)
    return 200, {
        "id": user_id,
        "country": country,
        "languages": sorted({language, "EN"}),
        "adult_allowed": chance.random() < 0.7,
        "attributes": {
            "country_by_phone": country,
            "country_by_ip": country,
            "client_type": client,
            "user_agent_type": client,
            "device_category": device,
            "os_family": system,
            "os_version": float(version),
            "os_version_major": version,
            "os_version_minor": 0,
            "os_version_bugfix": 0,
        },
    }
