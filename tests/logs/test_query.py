"""The query service over the real language and the real engine."""

from __future__ import annotations

import pytest

from lazulite.core.errors import BadRequest, NotFound
from lazulite.engine.interface import QueryCancelled, QueryLimits
from lazulite.kql import KqlError
from lazulite.logs.query import LogQueries, LogQuery
from tests.logs.conftest import RG, LogsRig, at

EVENTS = "AmlComputeJobEvent"
ML = f"{RG}/providers/microsoft.machinelearningservices/workspaces"


@pytest.fixture
def logs(rig: LogsRig) -> str:
    """A workspace with three events of two resources, on three days."""
    space = rig.workspace("logs")
    rig.fill(
        space,
        EVENTS,
        [
            {"JobName": "a", "TimeGenerated": at("2024-06-13T12:00:00Z"), "_ResourceId": f"{ML}/one".lower()},
            {
                "JobName": "b",
                "TimeGenerated": at("2024-06-14T12:00:00Z"),
                "_ResourceId": f"{ML}/one/computes/c".lower(),
            },
            {"JobName": "c", "TimeGenerated": at("2024-06-15T12:00:00Z"), "_ResourceId": f"{ML}/one-more".lower()},
        ],
    )
    return space


def names(rig: LogsRig, query: LogQuery) -> list[str]:
    answer = rig.queries.run(query)
    assert not answer.partial
    return sorted(answer.tables[0].rows.column("JobName").to_pylist())


def test_a_query_answers_with_columns_and_rows(rig: LogsRig, logs: str) -> None:
    answer = rig.queries.run(LogQuery(f"{EVENTS} | summarize n = count() by JobName | order by JobName asc", (logs,)))
    (table,) = answer.tables
    assert table.name == "PrimaryResult"
    assert [(column.name, column.type) for column in table.columns] == [("JobName", "string"), ("n", "long")]
    assert table.rows.to_pylist() == [{"JobName": name, "n": 1} for name in "abc"]
    assert answer.statistics["query"]["executionTime"] > 0


def test_a_query_with_several_results_answers_with_a_table_each(rig: LogsRig, logs: str) -> None:
    answer = rig.queries.run(
        LogQuery(f"{EVENTS} | fork Jobs=(project JobName | order by JobName asc) (count)", (logs,))
    )
    assert [table.name for table in answer.tables] == ["Jobs", "PrimaryResult"]
    assert [table.rows.num_rows for table in answer.tables] == [3, 1]
    assert len(answer.statistics["query"]["datasetStatistics"]) == 2


def test_the_results_of_a_query_keep_to_the_limits_together(rig: LogsRig, logs: str) -> None:
    queries = LogQueries(rig.engine, rig.workspaces, rig.clock, QueryLimits(max_rows=4))
    answer = queries.run(LogQuery(f"{EVENTS} | fork (project JobName) (project JobName)", (logs,)))
    assert [table.rows.num_rows for table in answer.tables] == [3, 1]
    (partial,) = answer.partial
    assert partial.limit == "max_rows"


@pytest.mark.parametrize(
    ("timespan", "expected"),
    [
        (None, "abc"),
        ("P1D", "bc"),
        ("PT1H", "c"),
        ("2024-06-13T12:00:00Z/P1D", "a"),
        ("2024-06-01/2024-06-15", "ab"),
    ],
)
def test_the_timespan_bounds_time_generated(rig: LogsRig, logs: str, timespan: str | None, expected: str) -> None:
    assert names(rig, LogQuery(EVENTS, (logs,), timespan=timespan)) == list(expected)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (f"{ML}/one", "ab"),
        (f"{ML}/ONE/", "ab"),
        (f"{ML}/one/computes/c", "b"),
        (RG, "abc"),
        (f"{ML}/none", ""),
        (f"{RG}/providers/Microsoft.OperationalInsights/workspaces/logs", "abc"),
    ],
)
def test_a_resource_sees_its_rows_and_those_below_it(rig: LogsRig, logs: str, resource: str, expected: str) -> None:
    assert names(rig, LogQuery(EVENTS, resource_id=resource)) == list(expected)


def test_a_resource_is_asked_in_every_workspace(rig: LogsRig, logs: str) -> None:
    other = rig.workspace("other")
    rig.fill(
        other,
        EVENTS,
        [{"JobName": "d", "TimeGenerated": at("2024-06-14T12:00:00Z"), "_ResourceId": f"{ML}/one".lower()}],
    )
    assert names(rig, LogQuery(EVENTS, resource_id=f"{ML}/one")) == ["a", "b", "d"]
    assert names(rig, LogQuery(EVENTS, (logs,))) == ["a", "b", "c"]
    assert names(rig, LogQuery(EVENTS, (logs, "other"))) == ["a", "b", "c", "d"]


def test_an_empty_workspace_answers_with_no_rows(rig: LogsRig) -> None:
    assert names(rig, LogQuery(EVENTS, (rig.workspace("logs"),))) == []


def test_now_is_the_event_clock(rig: LogsRig, logs: str) -> None:
    assert names(rig, LogQuery(f"{EVENTS} | where TimeGenerated > ago(25h)", (logs,))) == ["b", "c"]


def test_a_cut_answer_says_which_limit_cut_it(rig: LogsRig, logs: str) -> None:
    queries = LogQueries(rig.engine, rig.workspaces, rig.clock, QueryLimits(max_rows=2))
    answer = queries.run(LogQuery(EVENTS, (logs,)))
    assert answer.tables[0].rows.num_rows == 2
    (partial,) = answer.partial
    assert partial.limit == "max_rows"
    assert "2 rows (max_rows)" in partial.message
    assert "bytes (max_bytes)" in partial.message


def test_render_is_handed_on(rig: LogsRig, logs: str) -> None:
    answer = rig.queries.run(LogQuery(f"{EVENTS} | summarize count() by JobName | render piechart", (logs,)))
    assert answer.render is not None
    assert answer.render.visualization == "piechart"


def test_an_unknown_column_is_named_with_its_place(rig: LogsRig, logs: str) -> None:
    with pytest.raises(KqlError) as error:
        rig.queries.run(LogQuery(f"{EVENTS}\n| where JobNam == 'a'", (logs,)))
    assert (error.value.line, error.value.column, error.value.token) == (2, 9, "JobNam")
    assert error.value.suggestion == "JobName"


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_query_is_refused(rig: LogsRig, logs: str, text: str) -> None:
    with pytest.raises(BadRequest, match="The query is empty"):
        rig.queries.run(LogQuery(text, (logs,)))


def test_a_huge_query_is_refused(rig: LogsRig, logs: str) -> None:
    with pytest.raises(BadRequest, match="longer than 100000 characters"):
        rig.queries.run(LogQuery(f"{EVENTS} //" + "x" * 100_000, (logs,)))


def test_an_unknown_workspace_is_named(rig: LogsRig, logs: str) -> None:
    with pytest.raises(NotFound, match="The workspace 'nowhere' could not be found"):
        rig.queries.run(LogQuery(EVENTS, (logs, "nowhere")))


def test_more_than_a_hundred_workspaces_are_refused(rig: LogsRig) -> None:
    ids = tuple(rig.workspace(f"logs-{index}") for index in range(101))
    rig.queries.scope(LogQuery(EVENTS, ids[:100]))
    with pytest.raises(BadRequest, match="101 workspaces; at most 100"):
        rig.queries.scope(LogQuery(EVENTS, ids))


def test_a_query_that_nobody_waits_for_is_stopped(rig: LogsRig, logs: str) -> None:
    with pytest.raises(QueryCancelled):
        rig.queries.run(LogQuery(EVENTS, (logs,)), cancelled=lambda: True)
