"""Reads the cases under `cases/` and turns answers into values that a person can compare.

A case is a comment line with what it shows, the query, `=>` with the columns, and a JSON array for each row (or `!!`
with the error's code and words of its message). Blank lines separate cases. A datetime and a timespan are text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from lazulite.kql import ticks

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One case; `error` is what the message must hold, instead of columns and rows."""

    title: str
    query: str
    columns: str
    rows: list[list[Any]]
    error: str


def cases(name: str) -> Iterator[Case]:
    """The cases of one file."""
    for block in (CASES / f"{name}.kql").read_text().split("\n\n"):
        if block.strip():
            yield _case(block.strip("\n").split("\n"))


def _case(lines: list[str]) -> Case:
    at = next(at for at, line in enumerate(lines) if line.startswith(("=>", "!!")))
    title, query, answer = lines[0].lstrip("# "), "\n".join(lines[1:at]), lines[at][2:].strip()
    if lines[at].startswith("!!"):
        return Case(title, query, "", [], answer)
    return Case(title, query, answer, [json.loads(line) for line in lines[at + 1 :]], "")


def columns_of(table: pa.Table) -> str:
    """`name:type, ...` as cases write it."""
    return ", ".join(f"{field.name}:{field.metadata[b'kusto_type'].decode()}" for field in table.schema)


def rows_of(table: pa.Table) -> list[list[Any]]:
    """The rows, as cases write them."""
    columns = [_values(field, column) for field, column in zip(table.schema, table.columns, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def _values(field: pa.Field, column: pa.ChunkedArray) -> list[Any]:
    kind = field.metadata[b"kusto_type"].decode()
    if kind == "dynamic":
        return [None if text is None else json.loads(text) for text in column.to_pylist()]
    if kind == "real":
        return [value if value is None or value == value else "NaN" for value in column.to_pylist()]
    if pa.types.is_timestamp(column.type):
        return [None if v is None else _datetime(ticks.from_unix_ns(v)) for v in column.cast(pa.int64()).to_pylist()]
    if pa.types.is_duration(column.type):
        return [None if v is None else ticks.format_timespan(v // 100) for v in column.cast(pa.int64()).to_pylist()]
    if kind == "datetime":
        return [None if v is None else _datetime(ticks.parse_datetime(v) or 0) for v in column.to_pylist()]
    return list(column.to_pylist())


def _datetime(value: int) -> str:
    text = ticks.format_datetime(value).removesuffix("Z").rstrip("0").rstrip(".")
    return text.removesuffix("T00:00:00")


def table(columns: dict[str, str], *rows: list[Any]) -> pa.Table:
    """A small table of storage-like text: datetime and timespan as text, dynamic as JSON text."""
    kinds = {"long": pa.int64(), "int": pa.int32(), "real": pa.float64(), "bool": pa.bool_()}
    arrays, fields = [], []
    for at, (name, kind) in enumerate(columns.items()):
        values = [json.dumps(row[at]) if kind == "dynamic" and row[at] is not None else row[at] for row in rows]
        type_ = kinds.get(kind, pa.string())
        arrays.append(pa.array(values, type_))
        fields.append(pa.field(name, type_, metadata={"kusto_type": kind}))
    return pa.table(arrays, schema=pa.schema(fields))
