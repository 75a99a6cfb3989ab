"""What a log query's request may say."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from lazulite.core.errors import BadRequest
from lazulite.wire.log_requests import (
    MAX_BATCH,
    Asked,
    Prefer,
    asked,
    decode,
    decode_batch,
    from_parameters,
    parse_prefer,
)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", Prefer()),
        ("wait=30", Prefer(wait=30)),
        ("wait=600, include-statistics=true,include-render=true", Prefer(600, True, True)),
        ("Include-Render=TRUE", Prefer(render=True)),
        ("include-statistics=false, respond-async", Prefer()),
        (" , ,", Prefer()),
    ],
)
def test_prefer(header: str, expected: Prefer) -> None:
    assert parse_prefer(header) == expected


@pytest.mark.parametrize("wait", ["0", "-1", "601", "soon", "nan", "inf", ""])
def test_a_wait_that_is_no_number_of_seconds_is_refused(wait: str) -> None:
    with pytest.raises(BadRequest, match="is not a number of seconds up to 600"):
        parse_prefer(f"wait={wait}")


def test_a_prefer_header_is_bounded() -> None:
    with pytest.raises(BadRequest, match="more than 32"):
        parse_prefer("a=1," * 40)


def test_the_path_and_the_body_name_workspaces_together() -> None:
    found = asked(decode(b'{"query":"T","timespan":"P1D","workspaces":["b"],"other":1}'), "wait=5", workspace="a")
    assert found.query.workspaces == ("a", "b")
    assert (found.query.text, found.query.timespan, found.query.seconds) == ("T", "P1D", 5)


def test_the_get_form() -> None:
    body = from_parameters({"Query": "T", "timespan": "P1D", "workspaces": "a, b"})
    assert (body.query, body.timespan, body.workspaces) == ("T", "P1D", ["a", "b"])
    with pytest.raises(BadRequest, match="'query' is missing"):
        from_parameters({"timespan": "P1D"})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is empty"),
        (b"  ", "The body is empty"),
        (b"{", "cannot be read"),
        (b"[]", "Expected `object`"),
        (b"{}", "missing required field `query`"),
        (b'{"query":5}', "Expected `str`, got `int` - at `$.query`"),
        (b'{"query":"T","workspaces":"a"}', "at `$.workspaces`"),
        (b'{"query":"\xff"}', "cannot be read"),
    ],
)
def test_a_wrong_body_says_where(body: bytes, message: str) -> None:
    with pytest.raises(BadRequest) as error:
        decode(body)
    assert message in error.value.message
    assert '{"query": "..."' in error.value.message


def batch(*members: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"requests": members})


def test_a_batch_keeps_its_order_and_reads_prefer_in_either_case() -> None:
    good = {"workspace": "w", "body": {"query": "T"}, "path": "/query", "method": "POST"}
    found = decode_batch(
        batch(
            {"id": "z", **good, "headers": {"prefer": "wait=5"}},
            {"id": "a", **good, "headers": {"Prefer": "include-render=true"}},
            {"id": "m", "workspace": "w", "body": {"query": "T"}},
        )
    )
    assert [member.id for member in found] == ["z", "a", "m"]
    one, two, three = (member.asked for member in found)
    assert isinstance(one, Asked)
    assert isinstance(two, Asked)
    assert isinstance(three, Asked)
    assert (one.prefer.wait, two.prefer.render, three.query.workspaces) == (5, True, ("w",))


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ({"body": {"query": "T"}}, "names no workspace"),
        ({"workspace": "w"}, "Expected `object`, got `null`"),
        ({"workspace": "w", "body": {"query": 1}}, "at `$.query`"),
        ({"workspace": "w", "body": {"query": "T"}, "path": "/metadata"}, "POST /query only, not POST /metadata"),
        ({"workspace": "w", "body": {"query": "T"}, "method": "GET"}, "not GET /query"),
        ({"workspace": "w", "body": {"query": "T"}, "headers": {"Prefer": "wait=x"}}, "wait=x"),
    ],
)
def test_a_wrong_member_fails_alone(member: dict[str, Any], message: str) -> None:
    bad, good = decode_batch(batch({"id": "1", **member}, {"id": "2", "workspace": "w", "body": {"query": "T"}}))
    assert isinstance(bad.asked, BadRequest)
    assert message in bad.asked.message
    assert isinstance(good.asked, Asked)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"requests":[]}', "has no requests"),
        (b"{}", "missing required field `requests`"),
        (batch({"id": "1"}, {"id": "1"}), "the same id"),
        (batch(*({"id": str(index)} for index in range(MAX_BATCH + 1))), "at most 100"),
        (batch({"workspace": "w"}), "`id`"),
    ],
)
def test_a_wrong_batch_is_refused_as_a_whole(body: bytes, message: str) -> None:
    with pytest.raises(BadRequest) as error:
        decode_batch(body)
    assert message in error.value.message
