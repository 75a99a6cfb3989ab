"""$filter of resource lists: comparisons joined by `and`. Anything else is refused by name."""

from __future__ import annotations

import re

from lazulite.core.errors import BadRequest
from lazulite.resources.listing import ResourceFilter

MAX_FILTER = 4_000
_TERM = re.compile(r"\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*(?:(and)\s+|$)", re.IGNORECASE)
_FIELDS = {
    "resourcetype": "type",
    "resourcegroup": "resource_group",
    "name": "name",
    "tagname": "tag_name",
    "tagvalue": "tag_value",
}


def parse_filter(text: str) -> ResourceFilter:
    """Raises BadRequest `InvalidFilterInQueryString` with what could not be read."""
    if len(text) > MAX_FILTER:
        raise _invalid(f"it is longer than {MAX_FILTER} characters")
    found: dict[str, str] = {}
    position, more = 0, bool(text.strip())
    while more:
        term = _TERM.match(text, position)
        if term is None:
            raise _invalid(f"at '{text[position : position + 60]}' a comparison like resourceType eq 'x' was expected")
        field = _FIELDS.get(term[1].lower())
        if field is None or field in found:
            raise _invalid(
                f"'{term[1]}' is unknown or given twice; known are resourceType, resourceGroup, name, tagName"
            )
        found[field] = term[2].replace("''", "'")
        position, more = term.end(), term[3] is not None
    if "tag_value" in found and "tag_name" not in found:
        raise _invalid("tagValue needs tagName")
    return ResourceFilter(**found)


def _invalid(why: str) -> BadRequest:
    return BadRequest("InvalidFilterInQueryString", f"The $filter is invalid: {why}.", target="$filter")
