"""Property bags: what SQL cannot say of them, one row at a time in a local stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lazulite.kql.functions.json_values import Json, array, bag, steps
from lazulite.kql.functions.record import Function, function, local


def _merged(*bags: Json) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for one in bags:
        for key, value in (bag(one) if one is not None else {}).items():
            found.setdefault(key, value)
    return found


def _without(value: Json, keys: Json) -> dict[str, Json]:
    found = bag(value)
    for key in array(keys):
        if isinstance(key, str):
            found = _without_path(found, steps(key))
    return found


def _without_path(value: dict[str, Json], path: list[str]) -> dict[str, Json]:
    first, *rest = path
    if not rest:
        return {key: member for key, member in value.items() if key != first}
    inner = value.get(first)
    return {**value, first: _without_path(inner, rest)} if isinstance(inner, dict) else value


def _has_key(value: Json, path: str) -> bool:
    found = bag(value)
    for step in steps(path):
        if not isinstance(found, dict) or step not in found:
            return False
        found = found[step]
    return True


def _with_key(value: Json, path: str, member: Json) -> dict[str, Json]:
    return _with_path(bag(value), steps(path), member)


def _with_path(value: dict[str, Json], path: list[str], member: Json) -> dict[str, Json]:
    first, *rest = path
    inner = value.get(first)
    under = inner if isinstance(inner, dict) else {}
    return {**value, first: _with_path(under, rest, member) if rest else member}


def _of_arrays(keys: Json, values: Json) -> dict[str, Json]:
    given = values if isinstance(values, list) else []
    found: dict[str, Json] = {}
    for at, key in enumerate(array(keys)):
        if isinstance(key, str):
            found.setdefault(key, given[at] if at < len(given) else None)
    return found


def _without_empty(value: Json) -> dict[str, Json]:
    """Without what is null or an empty text."""
    return {key: member for key, member in bag(value).items() if member is not None and member != ""}


def _paths(value: Json) -> list[str]:
    if not isinstance(value, dict | list):
        raise TypeError(value)
    return list(dict.fromkeys(_paths_below("", value)))


def _paths_below(path: str, value: Json) -> Iterator[str]:
    """An array has one path for all its elements, [0], and itself is one too."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _paths_to(f"{path}['{key}']", member)
    else:
        for member in value:
            yield from _paths_to(f"{path}[0]", member)


def _paths_to(path: str, value: Json) -> Iterator[str]:
    if not isinstance(value, dict):
        yield path
    if isinstance(value, dict | list):
        yield from _paths_below(path, value)


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "bag_merge",
        "All members; of equal names the first.",
        local("dynamic, dynamic+ -> dynamic", _merged),
        example='print bag_merge(dynamic({"a": 1}), dynamic({"a": 2, "b": 3}))',
    ),
    function(
        "bag_remove_keys",
        "The bag without some names or paths $.a.b.",
        local("dynamic, dynamic -> dynamic", _without),
        example='print bag_remove_keys(dynamic({"a": 1, "b": 2}), dynamic(["a"]))',
    ),
    function(
        "bag_has_key",
        "Whether the bag has a name, or a path $.a.b.",
        local("dynamic, string -> bool", _has_key),
        example='print bag_has_key(dynamic({"a": 1}), "a")',
    ),
    function(
        "bag_set_key",
        "The bag with a member set, by a name or a path $.a.b.",
        local("dynamic, string, dynamic -> dynamic", _with_key),
        example='print bag_set_key(dynamic({"a": 1}), "b", 2)',
    ),
    function(
        "bag_zip",
        "A bag of names and values from two arrays.",
        local("dynamic, dynamic -> dynamic", _of_arrays),
        example='print bag_zip(dynamic(["a"]), dynamic([1]))',
    ),
    function(
        "treepath",
        "The paths to all leaves of a bag or an array.",
        local("dynamic -> dynamic", _paths),
        named="prefix",
        prefix="tree",
        example='print treepath(dynamic({"a": {"b": 1}}))',
    ),
    function(
        "$without_empty",
        "A bag without its null and empty members.",
        local("dynamic -> dynamic", _without_empty),
        kind="internal",
    ),
)
