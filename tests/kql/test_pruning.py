"""A query reads the columns that it asks for, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from lazulite import kql

NAMES = ("a", "b", "c", "d", "t")


class Database:
    def table(self, name: str) -> kql.Table | None:
        if name not in self.names():
            return None
        columns = tuple(kql.Column(each, "datetime" if each == "t" else "long") for each in NAMES)
        relation = kql.Relation("s1", "t1", {each: f"p_{each}" for each in NAMES})
        return kql.Table(name, columns, (relation,))

    def names(self) -> Iterable[str]:
        return ("T", "U")


def read(query: str) -> list[str]:
    """The physical columns that the SQL of a query names."""
    compiled = kql.compile(query, Database(), kql.Options(now=0))
    found = re.findall(r'"p_(\w)"', " ".join(stage.sql for stage in compiled.stages))
    return sorted(set(found))


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("T", "abcdt"),
        ("T | where a == 1 | project b", "ab"),
        ("T | count", "a"),
        ("T | summarize sum(b) by c", "bc"),
        ("T | extend x = a + b | project c", "c"),
        ("T | extend x = a + b | project x", "ab"),
        ("T | project a, b, c | summarize max(c) by a", "ac"),
        ("T | top 3 by d | project a", "ad"),
        ("T | order by d | project a", "ad"),
        ("T | distinct a, b | project a", "ab"),
        ("T | distinct a, b | where a > 1", "ab"),
        ("T | join kind=inner (U | project a, d) on a | project b", "ab"),
        ("T | join kind=leftsemi (U | where d > 0) on a | project b", "abd"),
        ("union T, U | project c", "c"),
        ("union T, U | count", "a"),
        ("T | where a in ((U | project d)) | project b", "abd"),
        ("T | summarize arg_max(t, *) by a | project b", "abcdt"),
        ("T | mv-expand x = range(1, a) | project b", "ab"),
        ("T | serialize n = row_number() | project n", "a"),
    ],
)
def test_only_what_is_asked_for(query: str, columns: str) -> None:
    assert "".join(read(query)) == columns


def test_the_time_range_reads_the_time() -> None:
    columns = (kql.Column("TimeGenerated", "datetime"), kql.Column("a", "long"), kql.Column("b", "long"))
    relation = kql.Relation("s1", "t1", {column.name: f"p_{column.name}" for column in columns})

    class Log(Database):
        def table(self, name: str) -> kql.Table | None:
            return kql.Table(name, columns, (relation,))

    compiled = kql.compile("T | project a", Log(), kql.Options(now=0, time_range=(1, 2)))
    assert set(re.findall(r'"p_(\w+)"', compiled.sql)) == {"TimeGenerated", "a"}
