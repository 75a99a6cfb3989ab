"""JSON values as Python has them: shapes that functions ask for, what counts as equal, text, and paths into bags."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from lazulite.kql.errors import runtime

Json = Any
# The longest array that Kusto makes.
LIMIT: Final = 1_048_576
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(?:'([^']*)'|\"([^\"]*)\")\]")


def array(value: Json) -> list[Json]:
    """The value, which must be an array."""
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def bag(value: Json) -> dict[str, Json]:
    """The value, which must be a property bag."""
    if not isinstance(value, dict):
        raise TypeError(value)
    return value


def is_number(value: Json) -> bool:
    """Whether it is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def identity(value: Json) -> str:
    """What two equal dynamics share: 1 and 1.0 are equal, true and 1 are not, keys have no order."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, list):
        return "[" + ",".join(map(identity, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{identity(value[key])}" for key in sorted(value)) + "}"
    return json.dumps(value)


def distinct(values: list[Json]) -> list[Json]:
    """Each value once, where it stands first."""
    found: dict[str, Json] = {}
    for value in values:
        found.setdefault(identity(value), value)
    return list(found.values())


def text_of(value: Json) -> str:
    """A dynamic as tostring() prints it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def steps(path: str) -> list[str]:
    """A key, or a path such as $.a.b or $['a'].b, as the keys to follow."""
    if not path.startswith(("$.", "$[")):
        return [path]
    found = list(_STEP.finditer(path, 1))
    if "".join(match[0] for match in found) != path[1:]:
        raise runtime(f"The path '{path[:80]}' is not one of names alone, such as $.a.b: positions are not supported")
    return [next(group for group in match.groups() if group is not None) for match in found]
