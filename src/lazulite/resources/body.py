"""The body of a resource before its kind sees it: shape, limits, merging, location.

Everything here is true of every type; what only one type demands stands in its kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from lazulite.core.caller import Caller
from lazulite.core.errors import BadRequest, Conflict, TooLarge
from lazulite.resources.kind import Body, Resource, ResourceKind
from lazulite.resources.limits import ResourceLimits

_FILLED_BY_THE_STORE = ("id", "name", "type", "etag", "systemData")
_MERGED = ("tags", "properties")


def checked(body: object, limits: ResourceLimits) -> dict[str, Any]:
    """The writable part of a body. Raises BadRequest or TooLarge naming the field and the limit."""
    if not isinstance(body, Mapping):
        raise BadRequest("InvalidRequestContent", "The request body must be a JSON object.")
    _check_size(body, limits)
    kept = {name: value for name, value in body.items() if name not in _FILLED_BY_THE_STORE and value is not None}
    for name, kind, words in (("properties", Mapping, "an object"), ("location", str, "a string")):
        if name in kept and not isinstance(kept[name], kind):
            raise BadRequest("InvalidRequestContent", f"'{name}' must be {words}.", target=name)
    _check_tags(kept.get("tags", {}), limits)
    return kept


def _check_size(body: Mapping[str, Any], limits: ResourceLimits) -> None:
    if _deeper_than(body, limits.depth):
        raise BadRequest("InvalidRequestContent", f"The body nests deeper than {limits.depth} levels.")
    if len(msgspec.json.encode(body)) > limits.body_bytes:
        raise TooLarge("RequestTooLarge", f"The resource's body is above {limits.body_bytes} bytes.")


def _deeper_than(value: object, levels: int) -> bool:
    if levels == 0:
        return isinstance(value, Mapping | list)
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(_deeper_than(item, levels - 1) for item in inner)


def _check_tags(tags: object, limits: ResourceLimits) -> None:
    if not isinstance(tags, Mapping):
        raise BadRequest("InvalidTags", "'tags' must be an object of strings.", target="tags")
    if len(tags) > limits.tags:
        raise BadRequest("TooManyTags", f"{len(tags)} tags were given; the limit is {limits.tags}.", target="tags")
    for name, value in tags.items():
        _check_tag(name, value, limits)


def _check_tag(name: str, value: object, limits: ResourceLimits) -> None:
    if not 0 < len(name) <= limits.tag_name_length:
        message = f"The tag name '{name[:40]}' must have 1 to {limits.tag_name_length} characters."
        raise BadRequest("InvalidTagNameLength", message, target="tags")
    if value is not None and not (isinstance(value, str) and len(value) <= limits.tag_value_length):
        message = f"The value of tag '{name[:40]}' must be a string of up to {limits.tag_value_length} characters."
        raise BadRequest("InvalidTagValueLength", message, target=f"tags.{name[:40]}")


def merged(current: Body, patch: Mapping[str, Any]) -> dict[str, Any]:
    """A PATCH laid over what is stored: tags and properties merge (RFC 7396, null removes), the rest replaces."""
    result = dict(current)
    for name, value in patch.items():
        result[name] = _merge(current.get(name), value) if name in _MERGED else value
    return result


def _merge(current: object, patch: object) -> object:
    if not isinstance(patch, Mapping):
        return patch
    result = dict(current) if isinstance(current, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _merge(result.get(name), value)
    return result


def placed(body: dict[str, Any], current: Resource | None, kind: ResourceKind | None) -> dict[str, Any]:
    """The body with its location settled: kept from before, or "global", or demanded, as its type has it."""
    old = current.body.get("location") if current else None
    new = body.get("location", old)
    if new is None and kind is not None:
        if kind.traits.requires_location:
            raise BadRequest("LocationRequired", "The location property is required for this resource.")
        new = "global" if kind.traits.global_location else None
    # "West Europe" and "westeurope" are one place: clients send either.
    if old is not None and _plain(old) != _plain(new):
        raise Conflict(
            "InvalidResourceLocation",
            f"The resource already exists in location '{old}' and cannot move to '{new}'. Delete it first.",
            target="location",
        )
    return body if new is None else {**body, "location": new}


def _plain(location: object) -> str:
    return str(location).replace(" ", "").lower()


def system_data(current: Resource | None, caller: Caller) -> dict[str, str]:
    """Who; when is in `created` and `changed`, and becomes text at the wire."""
    before = current.body.get("systemData", {}) if current else {}
    return {
        "createdBy": before.get("createdBy", caller.client_id),
        "createdByType": "Application",
        "lastModifiedBy": caller.client_id,
        "lastModifiedByType": "Application",
    }
