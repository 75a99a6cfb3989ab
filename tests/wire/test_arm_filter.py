"""$filter of resource lists, api-versions, and secrets that are not shown."""

from __future__ import annotations

import pytest

from lazulite.core.errors import BadRequest
from lazulite.resources.listing import ResourceFilter
from lazulite.wire.arm_answers import _without
from lazulite.wire.arm_filter import parse_filter
from lazulite.wire.arm_versions import nearest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ResourceFilter()),
        ("resourceType eq 'A.B/c'", ResourceFilter(type="A.B/c")),
        ("ResourceGroup EQ 'g' AND name eq 'it''s'", ResourceFilter(resource_group="g", name="it's")),
        ("tagName eq 'a' and tagValue eq 'b c'", ResourceFilter(tag_name="a", tag_value="b c")),
    ],
)
def test_comparisons_joined_by_and(text: str, expected: ResourceFilter) -> None:
    assert parse_filter(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "location eq 'x'",
        "name ne 'x'",
        "name eq 'x' or name eq 'y'",
        "name eq 'x",
        "name eq 'x' and",
        "tagValue eq 'b'",
        "name eq 'x' and name eq 'y'",
        "substringof('a', name)",
        "name eq '" + "x" * 5_000 + "'",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="InvalidFilterInQueryString"):
        parse_filter(text)


@pytest.mark.parametrize(
    ("asked", "used"), [("2022-01-01", "2022-01-01"), ("2023-06-01", "2022-01-01"), ("2001-01-01", "2020-01-01")]
)
def test_an_unknown_version_is_the_nearest_known(asked: str, used: str) -> None:
    assert nearest(asked, ("2020-01-01", "2022-01-01", "2024-01-01")) == used
    assert nearest(asked, ()) == asked


def test_secret_properties_are_left_out() -> None:
    properties = {"a": 1, "key": "s", "keys": {"one": "s", "two": 2}}
    assert _without(properties, ("key", "keys.one")) == {"a": 1, "keys": {"two": 2}}
