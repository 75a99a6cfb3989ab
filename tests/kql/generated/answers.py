"""The engine's answer to a query, and whether it is the reference's."""

from __future__ import annotations

import json
import math
import os
import random
from collections.abc import Iterable
from typing import Any

import duckdb
import pyarrow as pa

from lazulite.kql import KqlError, Options, local
from lazulite.kql import compile as compile_query
from lazulite.kql.memory import Memory
from tests.kql.reference import relations as r

SEED = int(os.environ.get("LAZULITE_SEED", "0")) or random.randrange(1 << 32)
SOAK = bool(os.environ.get("LAZULITE_SOAK"))
NOW = 638_000_000_000_000_000
ARROW = {"bool": pa.bool_(), "int": pa.int32(), "real": pa.float64(), "string": pa.string(), "dynamic": pa.string()}
Rows = list[tuple[Any, ...]]


def arrow(rel: r.Rel) -> pa.Table:
    """A reference's table as the engine loads it."""
    arrays, fields = [], []
    for at, (name, kind) in enumerate(rel.columns.items()):
        cells = [row[at] for row in rel.rows]
        if kind == "dynamic":
            cells = [None if cell is None else json.dumps(cell) for cell in cells]
        arrays.append(pa.array(cells, ARROW.get(kind, pa.int64())))
        fields.append(pa.field(name, arrays[-1].type, metadata={"kusto_type": kind}))
    return pa.table(arrays, schema=pa.schema(fields))


def ask(text: str, tables: Iterable[r.Rel]) -> tuple[dict[str, str], Rows]:
    """The engine's columns and rows; datetime and timespan as ticks, dynamic parsed."""
    with duckdb.connect(config={"threads": 1}) as connection:
        database = Memory({rel.text: arrow(rel) for rel in tables}, connection)
        found = local.execute(compile_query(text, database, Options(now=NOW)), connection)
    columns = {field.name: field.metadata[b"kusto_type"].decode() for field in found.schema}
    assert len(columns) == len(found.schema), found.schema.names
    cells = [
        [None if cell is None else json.loads(cell) for cell in column.to_pylist()]
        if kind == "dynamic"
        else column.to_pylist()
        for kind, column in zip(columns.values(), found.columns, strict=True)
    ]
    return columns, list(zip(*cells, strict=True)) if cells else [()] * found.num_rows


def outcome(text: str, tables: Iterable[r.Rel]) -> tuple[dict[str, str], Rows] | None:
    """The answer; None where a value left its type and the engine said so."""
    try:
        return ask(text, tables)
    except KqlError as error:
        if error.code != "RUN0001":
            raise
        return None


def same(one: Any, two: Any) -> bool:
    """Equal values; reals to nine digits, NaN to NaN, and no number is a boolean."""
    if isinstance(one, float) and isinstance(two, float):
        return one == two or (math.isnan(one) and math.isnan(two)) or math.isclose(one, two, rel_tol=1e-9)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[name], two[name]) for name in one)
    return isinstance(one, bool) == isinstance(two, bool) and bool(one == two)


def same_rows(one: Rows, two: Rows, ordered: bool) -> bool:
    """The same rows: in this order, or in any."""
    if len(one) != len(two):
        return False
    if ordered:
        return all(all(map(same, a, b)) for a, b in zip(one, two, strict=True))
    rest = list(two)
    for row in one:
        at = next((at for at, other in enumerate(rest) if all(map(same, row, other))), None)
        if at is None:
            return False
        del rest[at]
    return True


def check(answer: r.Rel, tables: Iterable[r.Rel]) -> None:
    """The engine's answer to the reference's text is the reference's, or a refusal of a value out of its range."""
    columns, rows = ask(answer.text, tables)
    assert columns == answer.columns, answer.text
    assert list(columns) == answer.names, answer.text
    assert same_rows(rows, answer.rows, answer.ordered), f"{answer.text}\nours {rows}\nreference {answer.rows}"
