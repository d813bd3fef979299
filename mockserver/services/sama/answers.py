"""Answers to a project's outputs, as people would give them: invented, and checked (F154)."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from mockserver.engine.sandbox import Sandbox

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_T = TypeVar("_T")
_SIDES = {"rectangle": 4, "polygon": 5, "point": 1, "cuboid": 8, "line": 2}


class Chance(Protocol):
    """The numbers that the sandbox's ids lend."""

    def choice(self, seq: Sequence[_T]) -> _T: ...
    def randint(self, a: int, b: int) -> int: ...
    def uniform(self, a: float, b: float) -> float: ...


def invented(sandbox: Sandbox, project: dict[str, Any], task: dict[str, Any]) -> dict[str, Any]:
    """An answer for each output: the default answer where there is one, else an invented one.

    The same sandbox seed, task and round of work give the same answers.
    """
    chance = sandbox.ids.random("sama.answers", task["id"], task["round"])
    found = {}
    for output in project["outputs"]:
        default = task["default_answers"].get(output["name"])
        # An agent starts from the pre-annotation; here it is always found to be right.
        found[output["name"]] = (
            _invent(sandbox, output, task, chance) if default is None else default
        )
    return found


def problems(project: dict[str, Any], given: dict[str, Any]) -> list[str]:
    """What keeps answers in delivery form from being taken."""
    outputs = {output["name"]: output for output in project["outputs"]}
    found = []
    for name, value in given.items():
        if name not in outputs:
            found.append(f"Unknown output: {name}")
        elif not fits(outputs[name], value):
            found.append(f"Invalid answer for output: {name}")
    return found


def is_text(output: dict[str, Any]) -> bool:
    """Whether answers to this output are strings."""
    return output["type"] in ("dropdown", "radio", "menu", "date", "text")


def fits(output: dict[str, Any], value: Any) -> bool:
    """Whether a value has the shape of an answer to this output."""
    return _FITS[output["type"]](output, value)


def _fits_options(output: dict[str, Any], value: Any) -> bool:
    return value in output["options"]


def _fits_menu(output: dict[str, Any], value: Any) -> bool:
    if not isinstance(value, str):
        return False
    chosen, levels = value.split("|"), output["levels"]
    return len(chosen) <= len(levels) and all(
        part in level for part, level in zip(chosen, levels, strict=False)
    )


def _fits_checkbox(output: dict[str, Any], value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) <= set(output["options"])
        and all(chosen in ("0", "1") for chosen in value.values())
    )


def _fits_date(output: dict[str, Any], value: Any) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False


def _fits_text(output: dict[str, Any], value: Any) -> bool:
    return isinstance(value, str)


def _fits_layers(output: dict[str, Any], value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("layers"), dict)


def _fits_groups(output: dict[str, Any], value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(group, dict) and isinstance(group.get("shapes"), list) for group in value
    )


_FITS: dict[str, Callable[[dict[str, Any], Any], bool]] = {
    "dropdown": _fits_options,
    "radio": _fits_options,
    "menu": _fits_menu,
    "checkbox": _fits_checkbox,
    "date": _fits_date,
    "text": _fits_text,
    "image_vector": _fits_layers,
    "image_raster": _fits_layers,
    "video_vector": _fits_groups,
    "3d_vector": _fits_groups,
}


def _invent(sandbox: Sandbox, output: dict[str, Any], task: dict[str, Any], chance: Chance) -> Any:
    match output["type"]:
        case "dropdown" | "radio":
            return chance.choice(output["options"])
        case "menu":
            return "|".join(chance.choice(level) for level in output["levels"])
        case "checkbox":
            return {option: chance.choice("01") for option in output["options"]}
        case "date":
            today = datetime.fromtimestamp(sandbox.clock.now(), UTC).date()
            return (today - timedelta(days=chance.randint(0, 364))).isoformat()
        case "text":
            return sandbox.examples.faker("sama.answers", task["id"], output["name"]).sentence()
        case "image_raster":
            # Not emulated: the mask itself.
            mask = f"https://assets.sama.invalid/masks/{task['id']}/{output['name']}.png"
            return {"layers": {"raster_coding": {"mask_url": mask}}}
        case "image_vector":
            shapes = [_shape(output, index, chance) for index in range(1, chance.randint(1, 3) + 1)]
            return {"layers": {"vector_tagging": [{"shapes": shapes, "group_type": None}]}}
        case _:
            return [_group(output, chance)]


def _shape(output: dict[str, Any], index: int, chance: Chance) -> dict[str, Any]:
    kind = chance.choice(output["shapes"])
    return {
        "tags": _tags(output, chance),
        "type": kind,
        "index": index,
        "points": _points(output, kind, chance),
    }


def _group(output: dict[str, Any], chance: Chance) -> dict[str, Any]:
    """Shapes that move through the frames of a video or of a 3D scene."""
    last = output["frame_count"] - 1
    shapes = []
    for index in range(1, chance.randint(1, 2) + 1):
        kind = chance.choice(output["shapes"])
        frames = sorted({0, chance.randint(0, last), last})
        shapes.append(
            {
                "tags": _tags(output, chance),
                "type": kind,
                "index": index,
                "key_locations": [
                    {"frame_number": frame, "points": _points(output, kind, chance)}
                    for frame in frames
                ],
            }
        )
    return {"shapes": shapes, "group_type": None, "frame_count": output["frame_count"]}


def _tags(output: dict[str, Any], chance: Chance) -> dict[str, str]:
    return {tag["name"]: chance.choice(tag["options"]) for tag in output.get("tags", ())}


def _points(output: dict[str, Any], kind: str, chance: Chance) -> list[list[float]]:
    if output["type"] == "3d_vector":
        return [[round(chance.uniform(-40, 40), 2) for _ in range(3)] for _ in range(_SIDES[kind])]
    width, height = output["width"], output["height"]
    if kind == "rectangle":
        left, top = chance.randint(0, width - 20), chance.randint(0, height - 20)
        right, bottom = chance.randint(left + 10, width), chance.randint(top + 10, height)
        return [[left, top], [right, top], [left, bottom], [right, bottom]]
    return [
        [chance.randint(0, width), chance.randint(0, height)] for _ in range(_SIDES.get(kind, 5))
    ]
