"""The plan of a query as people read it: the tree, what reaches each scan, the SQL."""

from __future__ import annotations

from collections.abc import Iterable

from lazulite import kql
from lazulite.kql.explaining import Explanation, Reached, explain
from lazulite.kql.schema import Column, Options, Relation, Table
from tests.kql.reading import CASES, cases

COLUMNS = {"TimeGenerated": "datetime", "Name": "string", "Size": "long", "Bag": "dynamic", "_ResourceId": "string"}


class Stored:
    def table(self, name: str) -> Table | None:
        physical = {column: f"p{at}" for at, column in enumerate(COLUMNS)}
        columns = tuple(Column(*pair) for pair in COLUMNS.items())
        return Table(name, columns, (Relation("s1", f"t_{name}", physical),)) if name in "TU" else None

    def names(self) -> Iterable[str]:
        return "TU"


def explained(query: str, **options: object) -> Explanation:
    return explain(kql.compile(query, Stored(), Options(now=0, **options)))  # type: ignore[arg-type]


def test_the_filters_and_columns_that_reach_a_scan() -> None:
    found = explained(
        "T | where TimeGenerated >= datetime(2024-01-02) and Name has 'x'"
        " | extend b = Size * 2 | where b > 1 and Size < 9 | summarize n = count() by Name | where n > 5"
    )
    assert found.scans == (
        Reached(
            "T",
            ("s1.t_T",),
            ("TimeGenerated", "Name", "Size"),
            ("Size < 9", "TimeGenerated >= datetime(2024-01-02T00:00:00.0000000Z)", "has(Name, 'x')"),
            "datetime(2024-01-02T00:00:00.0000000Z)",
        ),
    )
    assert [line.strip().split(" ")[0] for line in found.plan][-3:] == ["Project", "Filter", "Scan"]
    assert [len(line) - len(line.lstrip()) for line in found.plan] == [2 * at for at in range(len(found.plan))]
    assert "Name" not in found.sql[-1]
    assert "t_T" in found.sql[-1]


def test_the_time_range_and_resource_of_the_request_reach_every_scan() -> None:
    found = explained("union T, U | count", time_range=(10_000_000, 20_000_000), resource_id="/r")
    assert [scan.table for scan in found.scans] == ["T", "U"]
    for scan in found.scans:
        assert scan.since == "datetime(0001-01-01T00:00:01.0000000Z)"
        assert scan.until == "datetime(0001-01-01T00:00:02.0000000Z)"
        assert any("_ResourceId" in text for text in scan.filters)


def test_what_stands_above_an_aggregate_does_not_reach_below_it() -> None:
    (scan,) = explained("T | summarize TimeGenerated = max(TimeGenerated) | where TimeGenerated > datetime(2024)").scans
    assert (scan.filters, scan.since) == ((), None)


def test_queries_inside_expressions_stand_in_the_tree() -> None:
    found = explained("T | where Name in (U | where Size == 1 | project Name) | take 3")
    assert sorted(scan.table for scan in found.scans) == ["T", "U"]
    assert sum(" Scan" in line or line.startswith("Scan") for line in found.plan) == 2


def test_each_of_several_results_is_explained() -> None:
    found = explained("T | where Size > 1 | fork a = (count) b = (take 1 | project Name)")
    assert [line for line in found.plan if line.startswith("Result ")] == ["Result a", "Result b"]
    assert [scan.columns for scan in found.scans][1] == ("Name", "Size")
    assert len(found.sql) == 2


def test_every_case_can_be_explained() -> None:
    found = [case for path in CASES.glob("*.kql") for case in cases(path.stem) if not case.error]
    assert found
    for case in found:
        try:
            compiled = kql.compile(case.query, Stored(), Options(now=0))
        except kql.KqlError as error:
            assert "without data to find its columns in" in error.message, case.query
            continue
        assert explain(compiled).plan, case.query
