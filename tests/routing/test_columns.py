"""What each Kusto type takes, as a table: value sent, value stored (or refused)."""

from __future__ import annotations

from typing import Any

import pytest

from lazulite.kql.ticks import parse_datetime, parse_timespan
from lazulite.routing.columns import LI_FIELD_SIZE, column

REFUSED = object()


@pytest.mark.parametrize(
    ("kusto_type", "sent", "stored"),
    [
        ("string", "text", "text"),
        ("string", None, ""),
        ("string", 12, "12"),
        ("string", 1.5, "1.5"),
        ("string", True, "true"),
        ("string", {"a": 1}, '{"a":1}'),
        ("string", "\ud800", REFUSED),
        ("string", "x" * LI_FIELD_SIZE, "x" * LI_FIELD_SIZE),
        ("string", "x" * (LI_FIELD_SIZE + 1), REFUSED),
        ("string", "é" * (LI_FIELD_SIZE // 2 + 1), REFUSED),
        ("string", ["x" * LI_FIELD_SIZE], REFUSED),
        ("int", 7, 7),
        ("int", "7", 7),
        ("int", "-7", -7),
        ("int", 7.0, 7),
        ("int", "", None),
        ("int", 7.5, REFUSED),
        ("int", "seven", REFUSED),
        ("int", True, REFUSED),
        ("int", 2**31, REFUSED),
        ("int", [], REFUSED),
        ("long", 2**31, 2**31),
        ("long", 2**63, REFUSED),
        ("real", 1, 1.0),
        ("real", "1e3", 1000.0),
        ("real", 2**60 + 1, float(2**60)),
        ("real", "Infinity", float("inf")),
        ("real", "much", REFUSED),
        ("real", True, REFUSED),
        ("bool", True, True),
        ("bool", "False", False),
        ("bool", 1, True),
        ("bool", 2, REFUSED),
        ("datetime", "2024-01-01T00:00:00Z", parse_datetime("2024-01-01")),
        ("datetime", "2024-01-01T00:00:00.1234567Z", (parse_datetime("2024-01-01") or 0) + 1_234_567),
        ("datetime", "2024-01-01T02:00:00+02:00", parse_datetime("2024-01-01")),
        ("datetime", "0001-01-01T00:00:00Z", 0),
        ("datetime", "9999-12-31T00:00:00Z", parse_datetime("9999-12-31")),
        ("datetime", "", None),
        ("datetime", "2024-02-30T00:00:00Z", REFUSED),
        ("datetime", 1704067200, REFUSED),
        ("timespan", "1.02:03:04", parse_timespan("1.02:03:04")),
        ("dynamic", {"b": 1, "a": None}, '{"b":1,"a":null}'),
        ("dynamic", "[1,2]", "[1,2]"),
        ("dynamic", "[1,2", '"[1,2"'),
        ("dynamic", 5, "5"),
        ("dynamic", None, None),
        ("dynamic", "[" * 201 + "]" * 201, REFUSED),
        ("guid", "74BE27DE-1E4E-49D9-B579-FE0B331D3642", "74be27de-1e4e-49d9-b579-fe0b331d3642"),
        ("guid", "x", REFUSED),
        ("decimal", "1.50", "1.50"),
        ("decimal", "x", REFUSED),
    ],
)
def test_a_value_and_what_is_stored(kusto_type: str, sent: Any, stored: Any) -> None:
    alone = column(kusto_type, [sent])
    assert (REFUSED if alone.bad else alone.array[0].as_py()) == stored
    beside = column(kusto_type, [{}, sent, None])
    assert (REFUSED if 1 in beside.bad else beside.array[1].as_py()) == stored, "the same among values of other types"


def test_what_is_refused_is_shown_shortened() -> None:
    assert column("int", ["x" * 1000]).bad[0] == "'" + "x" * 99 + "..."


def test_a_text_that_is_too_long_is_named_by_its_size() -> None:
    built = column("string", ["short", "x" * 70_000])
    assert built.array.to_pylist() == ["short", ""]
    assert "... (70000 bytes; a field has at most 65536)" in built.bad[1]


def test_a_dynamic_past_a_bound_costs_its_own_record_alone() -> None:
    """The engine would refuse the batch: with many such values, good ones would go with the bad."""
    built = column("dynamic", [{"a": 1}, {str(number): 0 for number in range(10_001)}])
    assert built.array.to_pylist() == ['{"a":1}', None]
    assert built.bad[1].endswith("... (more than 10000 members; send it in parts)")
