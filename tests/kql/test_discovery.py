"""Columns that depend on rows: found on the query's own data, refused where there is none, and bounded."""

from __future__ import annotations

import pytest

from lazulite import kql
from lazulite.kql import KqlError, run
from tests.kql.test_samples import Catalog

OPTIONS = kql.Options(now=0)
PLUGINS = [
    'print d = dynamic({"a": 1}) | evaluate bag_unpack(d)',
    'print k = "a", v = "b" | evaluate pivot(v)',
]


@pytest.mark.parametrize("query", PLUGINS)
def test_without_data_it_is_refused_by_name(query: str) -> None:
    with pytest.raises(KqlError, match=r"^UNS0001: (bag_unpack|pivot) without data .* \(line 1, column \d+\)"):
        kql.compile(query, Catalog(), OPTIONS)


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        (PLUGINS[0] + " : (a:long)", [("a", "long")]),
        (PLUGINS[1] + " : (k:string, b:long)", [("k", "string"), ("b", "long")]),
    ],
)
def test_declared_columns_need_no_data(query: str, columns: list[tuple[str, str]]) -> None:
    compiled = kql.compile(query, Catalog(), OPTIONS)
    assert [(column.name, column.type) for column in compiled.columns] == columns


def test_it_asks_for_no_more_than_it_needs() -> None:
    asked: list[kql.Compiled] = []

    def discover(part: kql.Compiled) -> None:
        asked.append(part)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        kql.compile("AmlComputeJobEvent | evaluate pivot(EventType)", Catalog(), OPTIONS, discover)
    (part,) = asked
    assert [column.name for column in part.columns] == ["value"]
    assert "LIMIT 1001" in part.sql


def test_the_number_of_columns_is_bounded() -> None:
    assert run("range n from 1 to 1000 step 1 | extend k = 1 | evaluate pivot(n)", {}).num_columns == 1001
    with pytest.raises(KqlError, match=r"^LIM0001: pivot would make more than 1000 columns"):
        run("range n from 1 to 1001 step 1 | extend k = 1 | evaluate pivot(n)", {})
