"""fork, facet and preview: queries with several results."""

from __future__ import annotations

import pytest

from lazulite.kql import KqlError, run, run_all
from lazulite.kql.results import MOST
from tests.kql.reading import columns_of, rows_of

ROWS = 'datatable(k:string, v:long)["a", 1, "a", 2, "b", 5] '


def found(query: str) -> dict[str, list[list[object]]]:
    return {name: rows_of(table) for name, table in run_all(query, {}).items()}


def test_fork_gives_a_result_for_each_of_its_parts() -> None:
    query = f"let least = 2; {ROWS} | fork (count) (where v >= least | project v | order by v asc)"
    assert found(query) == {"PrimaryResult": [[3]], "PrimaryResult1": [[2], [5]]}
    assert rows_of(run(query, {})) == [[3]]


def test_results_are_named_before_them_or_by_as() -> None:
    assert found(f'{ROWS} | fork A=(where k == "b") (count | as B)') == {"A": [["b", 5]], "B": [[3]]}


def test_facet_counts_the_values_of_each_column() -> None:
    answers = run_all(f"{ROWS} | facet by k, v with (where v > 1 | top 1 by v)", {})
    first, second, third = answers.values()
    assert rows_of(first) == [["b", 5]]
    assert columns_of(second) == "k:string, count_k:long"
    assert sorted(rows_of(second)) == [["a", 2], ["b", 1]]
    assert columns_of(third) == "v:long, count_v:long"
    assert sorted(rows_of(third)) == [[1, 1], [2, 1], [5, 1]]


def test_facet_alone() -> None:
    assert [sorted(rows) for rows in found(f"{ROWS} | facet by k").values()] == [[["a", 2], ["b", 1]]]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("print x=1 | fork (count) | take 1", "UNS0001: The operator 'fork' anywhere but at the end of a query"),
        ("print x=1 | facet by x | take 1", "UNS0001: The operator 'facet' anywhere but at the end of a query"),
        ("let T = print x=1 | fork (count); T", "UNS0001: The operator 'fork' anywhere but at the end of a query"),
        ("print x=1 | fork (fork (count))", "UNS0001: The operator 'fork' anywhere but at the end of a query"),
        ("print x=1 | fork count", "SYN0002: Expected '='"),
        ("print x=1 | facet by y", "There is no column named 'y'"),
        ("print x=1 | fork " + "(count) " * (MOST + 1), f"LIM0001: The query has more than {MOST} results"),
    ],
)
def test_refusals(query: str, message: str) -> None:
    with pytest.raises(KqlError) as caught:
        run(query, {})
    assert message in str(caught.value)


def test_preview_gives_some_rows_and_their_number() -> None:
    answers = run_all(f"{ROWS} | order by v desc | evaluate preview(2)", {})
    assert [rows_of(table) for table in answers.values()] == [[["b", 5], ["a", 2]], [[3]]]
    assert [columns_of(table) for table in answers.values()] == ["k:string, v:long", "Count:long"]


def test_preview_ends_a_query() -> None:
    with pytest.raises(KqlError, match=r"^UNS0001: The plugin 'preview' anywhere but at the end of a query"):
        run(f"{ROWS} | evaluate preview(2) | count", {})
    with pytest.raises(KqlError, match=r"^SEM[0-9]+: preview takes \(NumberOfRows\)"):
        run(f"{ROWS} | evaluate preview()", {})
