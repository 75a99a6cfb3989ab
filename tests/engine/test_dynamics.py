"""A dynamic value that would end the process, or hold up its readers, is refused with its column."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest

from lazulite.core.errors import LazuliteError
from lazulite.engine import EngineRefused
from lazulite.engine.dynamics import MAX_BYTES, MAX_DEPTH, MAX_MEMBERS, check, fault_of
from tests.engine.conftest import Rig, rows_of


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def members(count: int) -> str:
    return "{" + ",".join(f'"k{number}":{number}' for number in range(count)) + "}"


REFUSED = {
    "levels": nested(100_000),
    "one level too many": nested(MAX_DEPTH + 1),
    "objects": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "unclosed": "[" * 50_000,
    "members": members(MAX_MEMBERS + 1),
    "bytes": '"' + "x" * MAX_BYTES + '"',
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_value_past_a_bound_is_refused_and_the_engine_lives(rig: Rig, name: str) -> None:
    with pytest.raises(EngineRefused, match="column 'Properties'"):
        rig.deliver(rows_of("T", {"Properties": "dynamic"}, [("{}",), (REFUSED[name],), (None,)]))
    rig.deliver(rows_of("T", {"Properties": "dynamic"}, [("{}",)]))
    assert rig.rows("T | count") == [{"Count": 1}]


STORED = {
    "levels": nested(MAX_DEPTH),
    "members": members(MAX_MEMBERS),
    "wide array": "[" + ",".join(["[]", "{}"] * 5_000) + "]",
    "brackets in a string": '"' + "[{" * 5_000 + '"',
    "an escaped quote before brackets": '["\\"' + "[" * 5_000 + '"]',
    "colons in a string": '{"a":"' + ":" * 50_000 + '"}',
}


def test_a_door_can_ask_before() -> None:
    assert [name for name, text in REFUSED.items() if not fault_of(text)] == []
    assert [name for name, text in STORED.items() if fault_of(text)] == []
    assert fault_of(nested(MAX_DEPTH + 1)) == "more than 200 levels"


@pytest.mark.parametrize("name", STORED)
def test_a_value_within_the_bounds_is_stored(rig: Rig, name: str) -> None:
    rig.deliver(rows_of("T", {"d": "dynamic"}, [(STORED[name],)]))
    assert len(rig.rows("T")[0]["d"]) == len(STORED[name])


def test_a_hostile_text_costs_one_pass() -> None:
    text = '"' + '\\"' * 500_000 + "[" * 300
    begun = time.monotonic()
    check(pa.chunked_array([[text[:MAX_BYTES]]]), "d")
    assert time.monotonic() - begun < 2


def test_the_refusal_is_an_error_of_the_sender() -> None:
    with pytest.raises(LazuliteError) as refused:
        check(pa.chunked_array([[nested(999)]]), "d")
    assert (refused.value.code, refused.value.target) == ("DynamicTooLarge", "d")
