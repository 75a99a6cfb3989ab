"""Rows survive the disk exactly, and damage is always noticed."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as some

from lazulite.routing.payload import CorruptPayload, decode, encode

texts = some.text(some.characters(codec="utf-8"), max_size=20)
rows = some.lists(
    some.tuples(
        some.integers(-(2**63), 2**63 - 1),
        some.none() | texts,
        some.floats(allow_nan=False),
        some.none() | some.booleans(),
    ),
    max_size=30,
)


def table(values: list[tuple[int, str | None, float, bool | None]]) -> pa.Table:
    types = {"TimeGenerated": pa.int64(), "Message": pa.string(), "Score": pa.float64(), "Ready": pa.bool_()}
    columns = list(zip(*values, strict=True)) or [()] * 4
    return pa.table({name: pa.array(column, types[name]) for name, column in zip(types, columns, strict=True)})


@given(rows)
def test_what_is_encoded_is_decoded_again(values: list[tuple[int, str | None, float, bool | None]]) -> None:
    assert decode(encode(table(values))).equals(table(values))


@given(rows, some.data())
def test_a_changed_or_cut_payload_is_noticed(
    values: list[tuple[int, str | None, float, bool | None]], data: some.DataObject
) -> None:
    whole = encode(table(values))
    place = data.draw(some.integers(0, len(whole) - 1))
    flipped = bytes([*whole[:place], whole[place] ^ data.draw(some.integers(1, 255)), *whole[place + 1 :]])
    for damaged in (flipped, whole[:place]):
        with pytest.raises(CorruptPayload):
            decode(damaged)
