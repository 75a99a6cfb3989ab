"""Rows go in as the batch has them and come out as KQL has them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lazulite import kql
from lazulite.engine import Append, EngineRefused
from tests.engine.conftest import SPACE, Rig, rows_of

GUID = "6f1c1f2e-1111-2222-3333-444455556666"
EVERY_TYPE = {
    "s": "string",
    "b": "bool",
    "i": "int",
    "l": "long",
    "r": "real",
    "t": "datetime",
    "p": "timespan",
    "g": "guid",
    "d": "dynamic",
}


def test_every_type_comes_back_as_it_went_in(rig: Rig) -> None:
    full = ("text \u20ac", True, -7, 2**62, 0.1, 638_000_000_000_000_001, -5, GUID, '{"a":[1,null]}')
    rig.deliver(rows_of("T", EVERY_TYPE, [full]))
    assert rig.rows("T") == [dict(zip(EVERY_TYPE, full, strict=True))]


def test_a_missing_value_is_null_but_a_string_is_empty(rig: Rig) -> None:
    rig.deliver(rows_of("T", EVERY_TYPE, [(None,) * len(EVERY_TYPE)]))
    assert rig.rows("T") == [{name: "" if name == "s" else None for name in EVERY_TYPE}]


def test_a_decimal_keeps_its_digits(rig: Rig) -> None:
    rig.deliver(rows_of("T", {"x": "decimal"}, [("12345678901234567.123456789",), (None,)]))
    found = [row["x"] for row in rig.rows("T | project x")]
    assert found[1] is None
    assert found[0].rstrip("0") == "12345678901234567.123456789"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("not json", None),
        ('{"a":', None),
        ("", None),
        ('"text"', '"text"'),
        ("7", "7"),
        ("null", None),
        ('{"b":1,"a":"x"}', '{"a":"x","b":1}'),
    ],
)
def test_a_malformed_dynamic_costs_its_own_value_only(rig: Rig, sent: str, read: str | None) -> None:
    rig.deliver(rows_of("T", {"n": "long", "d": "dynamic"}, [(1, '{"ok":true}'), (2, sent), (3, "[1]")]))
    assert [row["d"] for row in rig.rows("T | order by n asc")] == ['{"ok":true}', read, "[1]"]


def test_columns_that_the_rows_lack_are_filled(rig: Rig) -> None:
    columns = (kql.Column("a", "string"), kql.Column("b", "long"), kql.Column("c", "string"))
    rig.deliver(Append(SPACE, "T", columns, pa.table({"b": pa.array([1])})))
    assert rig.rows("T") == [{"a": "", "b": 1, "c": ""}]


def test_many_appends_to_one_table_are_one_insert_in_order(rig: Rig) -> None:
    rig.deliver(
        rows_of("T", {"n": "long", "s": "string"}, [(1, "x")]),
        rows_of("U", {"n": "long"}, [(10,)]),
        rows_of("T", {"r": "real", "n": "long"}, [(0.5, 2)]),
    )
    assert rig.rows("T") == [{"n": 1, "s": "x", "r": None}, {"n": 2, "s": "", "r": 0.5}]
    assert rig.rows("U") == [{"n": 10}]


def test_dictionary_and_large_strings_are_stored_as_strings(rig: Rig) -> None:
    column = pa.array(["a", "b", "a"]).dictionary_encode()
    rig.deliver(Append(SPACE, "T", (kql.Column("s", "string"),), pa.table({"s": column})))
    rig.deliver(Append(SPACE, "T", (kql.Column("s", "string"),), pa.table({"s": pa.array(["c"], pa.large_string())})))
    assert [row["s"] for row in rig.rows("T")] == ["a", "b", "a", "c"]


def test_a_refused_value_names_the_senders_column_and_leaves_nothing(rig: Rig) -> None:
    rig.deliver(rows_of("T", {"Id": "guid"}, [(GUID,)]))
    with pytest.raises(EngineRefused, match=r"column 'Id' of table 'T'.*'zz'") as refused:
        rig.deliver(rows_of("New", {"n": "long"}, [(1,)]), rows_of("T", {"Id": "guid"}, [(GUID,), ("zz",)]))
    assert refused.value.target == "Id"
    assert rig.rows("T | count") == [{"Count": 1}]
    assert set(rig.engine.schema().of(SPACE)) == {"T"}
    rig.deliver(rows_of("T", {"Id": "guid"}, [(GUID,)]))
    assert rig.rows("T | count") == [{"Count": 2}]


def test_rows_with_an_undeclared_column_are_refused(rig: Rig) -> None:
    with pytest.raises(EngineRefused, match="undeclared"):
        rig.deliver(Append(SPACE, "T", (kql.Column("a", "long"),), pa.table({"a": [1], "b": [2]})))


def test_rows_of_another_type_than_declared_are_refused(rig: Rig) -> None:
    with pytest.raises(EngineRefused, match="storage form"):
        rig.deliver(Append(SPACE, "T", (kql.Column("a", "long"),), pa.table({"a": ["x"]})))


@pytest.mark.parametrize("kind", ["string", "dynamic", "guid"])
def test_text_that_is_not_utf8_is_refused(rig: Rig, kind: str) -> None:
    buffers = [None, pa.array([0, 3], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff\xfe")]
    column = pa.Array.from_buffers(pa.string(), 1, buffers)
    with pytest.raises(EngineRefused, match="UTF8"):
        rig.deliver(Append(SPACE, "T", (kql.Column("s", kind),), pa.table({"s": column})))


def test_a_guid_is_stored_in_lower_case(rig: Rig) -> None:
    rig.deliver(rows_of("T", {"g": "guid"}, [(GUID.upper(),), ("{" + GUID + "}",)]))
    assert rig.rows("T") == [{"g": GUID}, {"g": GUID}]


def test_a_caller_that_halves_finds_the_bad_row_and_keeps_its_neighbours(rig: Rig) -> None:
    values = [GUID] * 37
    values[23] = "not-a-guid"
    refused: list[str] = []

    def deliver(part: list[str]) -> None:
        try:
            rig.deliver(rows_of("T", {"g": "guid"}, [(value,) for value in part]))
        except EngineRefused:
            if len(part) == 1:
                refused.extend(part)
                return
            deliver(part[: len(part) // 2])
            deliver(part[len(part) // 2 :])

    deliver(values)
    assert refused == ["not-a-guid"]
    assert rig.rows("T | count") == [{"Count": 36}]
