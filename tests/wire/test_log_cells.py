"""Cells as the query API has them, for every type and every awkward value."""

from __future__ import annotations

import json
import math
import os
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazulite.kql import Column, ticks
from lazulite.wire.log_cells import CELLS, row_chunks

ARROW = {"datetime": pa.int64(), "timespan": pa.int64(), "long": pa.int64(), "int": pa.int32(), "real": pa.float64()}
ARROW |= {"bool": pa.bool_()}


def rows(columns: dict[str, list[Any]], chunk_rows: int = 3) -> Any:
    """The decoded rows of columns named after their types; an `x` behind a type makes another name."""
    kinds = [name.rstrip("x") for name in columns]
    declared = [Column(name, kind) for name, kind in zip(columns, kinds, strict=True)]
    both = zip(declared, columns.values(), strict=True)
    arrays = [pa.array(values, ARROW.get(column.type, pa.string())) for column, values in both]
    text = b"".join(row_chunks(pa.Table.from_arrays(arrays, names=list(columns)), declared, chunk_rows))
    return json.loads(b"[" + text + b"]")


def cells(kind: str, *values: Any) -> list[Any]:
    """Each value through the encoder and a JSON reader, alone and beside a null."""
    alone = [row[0] for row in rows({kind: list(values)})]
    beside = [row[0] for row in rows({kind: [*values, None]})]
    assert beside == [*alone, None]
    return alone


def test_every_type_has_an_encoding() -> None:
    assert set(CELLS) == {
        "bool", "int", "long", "real", "decimal", "guid", "datetime", "timespan", "string", "dynamic"
    }  # fmt: skip


def test_datetimes_have_seven_digits() -> None:
    ticks_ = ticks.parse_datetime("2024-02-29T12:34:56.7891234Z")
    assert cells("datetime", ticks_, 0, ticks.MAX_TICKS) == [
        "2024-02-29T12:34:56.7891234Z",
        "0001-01-01T00:00:00.0000000Z",
        "9999-12-31T23:59:59.9999999Z",
    ]


def test_timespans_are_text() -> None:
    found = cells("timespan", 0, 15_000_000, -864_000_000_000 - 1)
    assert found == ["00:00:00", "00:00:01.5000000", "-1.00:00:00.0000001"]


def test_integers_keep_all_their_bits() -> None:
    assert cells("long", 2**63 - 1, -(2**63), 0) == [2**63 - 1, -(2**63), 0]
    assert cells("int", 2**31 - 1, -(2**31)) == [2**31 - 1, -(2**31)]


def test_reals_stay_reals() -> None:
    found = cells("real", 1.0, -0.0, 0.1, 1e15, 1e300, 5e-324, 123456789.0, 2.0**53)
    assert found == [1.0, -0.0, 0.1, 1e15, 1e300, 5e-324, 123456789.0, 2.0**53]
    assert all(isinstance(value, float) for value in found)


def test_what_json_has_no_number_for_is_text() -> None:
    assert cells("real", math.nan, math.inf, -math.inf, 2.5) == ["NaN", "Infinity", "-Infinity", 2.5]


def test_booleans_guids_and_decimals() -> None:
    assert cells("bool", True, False) == [True, False]
    assert cells("guid", "74be27de-1e4e-49d9-b579-fe0b331d3642") == ["74be27de-1e4e-49d9-b579-fe0b331d3642"]
    assert cells("decimal", "0.1000000000000000000000000001") == ["0.1000000000000000000000000001"]


def test_dynamic_is_a_string_that_holds_json() -> None:
    assert cells("dynamic", '{"a":"x\\ny"}', "[1]") == ['{"a":"x\\ny"}', "[1]"]


def test_strings_with_every_awkward_character() -> None:
    awkward = ["", 'say "hi"', "back\\slash", "a\nb\tc\rd", "\x00\x01\x1f\x7f", "\u2028 é 漢 🚀", "null", "]],[["]
    assert cells("string", *awkward) == awkward


def test_columns_stand_side_by_side() -> None:
    found = rows({"string": ["a", "b"], "long": [1, None], "datetime": [None, 0], "stringx": ["c", 'd"']})
    assert found == [["a", 1, None, "c"], ["b", None, "0001-01-01T00:00:00.0000000Z", 'd"']]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 6, 7])
def test_chunks_join_without_seams(count: int) -> None:
    assert rows({"long": list(range(count))}) == [[value] for value in range(count)]


def test_rows_without_columns_are_empty() -> None:
    table = pa.table({"a": [1, 2]}).select([])
    assert table.num_rows == 2
    assert b"".join(row_chunks(table, [])) == b"[],[]"


def test_a_slice_is_not_taken_for_the_whole() -> None:
    table = pa.table({"string": ['"' * 10, "a", "b", "\n"]}).slice(1, 2)
    assert b"".join(row_chunks(table, [Column("string", "string")])) == b'["a"],["b"]'


@settings(max_examples=2000 if os.environ.get("LAZULITE_SOAK") else 200, print_blob=True)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"])),
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
        ),
        max_size=20,
    )
)
def test_what_goes_in_comes_out(values: list[tuple[str, int | None, float | None]]) -> None:
    found = rows({"string": [v[0] for v in values], "long": [v[1] for v in values], "real": [v[2] for v in values]})
    assert found == [list(value) for value in values]
