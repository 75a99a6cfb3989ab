"""The explanation of a query in the shape of an answer, so that every client can show it: three tables of texts."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa

from lazulite.kql import Column, Compiled
from lazulite.kql.explaining import explain
from lazulite.logs.answer import LogAnswer, LogTable

SCANS = ("Table", "Relations", "Columns", "Filters", "Since", "Until")


def explained(compiled: Compiled) -> LogAnswer:
    """Plan (a line a node), Scans (what reaches each), Sql (a statement a row)."""
    found = explain(compiled)
    scans = [
        (
            each.table,
            _array(each.relations),
            _array(each.columns),
            _array(each.filters),
            each.since or "",
            each.until or "",
        )
        for each in found.scans
    ]
    tables = (
        _table("Plan", ("Node",), [(line,) for line in found.plan]),
        _table("Scans", SCANS, scans),
        _table("Sql", ("Sql",), [(text,) for text in found.sql]),
    )
    return LogAnswer(tables, None)


def _array(values: Sequence[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def _table(name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> LogTable:
    arrays = [pa.array([row[at] for row in rows], pa.string()) for at in range(len(columns))]
    kinds = tuple(Column(column, "dynamic" if column in SCANS[1:4] else "string") for column in columns)
    return LogTable(name, kinds, pa.table(arrays, names=list(columns)))
