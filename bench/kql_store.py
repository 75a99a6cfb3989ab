"""A store of many job events, the Philly trace's repeated day by day, and queries on it in KQL and in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.e2e import traces

from bench import queries
from bench.queries import DAY, NOW, SPACE, Pair
from lazulite.engine.duckdb.engine import DuckDbEngine

ROUNDS = 5
# What every copy has of its own.
OWN = ("JobName", "JobId", "_ItemId")
T = "AmlComputeJobEvent"
PAIRS = (
    *(pair for pair in queries.PAIRS if pair.table == traces.JOB and "philly-" not in pair.kql),
    Pair(
        "records of a job",
        T,
        f'{T} | where JobName == "philly-20000-7" | project TimeGenerated, ClusterId, EventType, ExecutionState',
        "SELECT {TimeGenerated}, {ClusterId}, {EventType}, {ExecutionState} FROM {table}"
        " WHERE {JobName} = 'philly-20000-7'",
    ),
    Pair(
        "jobs by day and kind",
        T,
        f'{T} | where EventType in ("JobSubmitted", "JobFailed", "JobSucceeded")'
        " | summarize count=count() by EventType, Hourly=bin(TimeGenerated,1day) | order by Hourly asc, EventType asc",
        f"SELECT {{EventType}} AS e, {{TimeGenerated}} - {{TimeGenerated}} % {DAY} AS h, count(*) FROM {{table}}"
        " WHERE {EventType} IN ('JobSubmitted', 'JobFailed', 'JobSucceeded') GROUP BY ALL ORDER BY h, e",
    ),
    Pair(
        "jobs by experiment",
        T,
        f"{T} | summarize Count=count() by ExperimentName",
        "SELECT {ExperimentName}, count(*) FROM {table} GROUP BY ALL",
    ),
    Pair(
        "failed jobs by cluster, 30 days",
        T,
        f'{T} | where TimeGenerated > ago(30d) | summarize Failed = countif(EventType == "JobFailed"), All = count()'
        " by ClusterName | top 10 by Failed desc",
        "SELECT {ClusterName}, count(*) FILTER (WHERE {EventType} = 'JobFailed') AS f, count(*) FROM {table}"
        f" WHERE {{TimeGenerated}} > {NOW - 30 * DAY} GROUP BY ALL ORDER BY f DESC LIMIT 10",
    ),
    Pair(
        "how long jobs took, 7 days",
        T,
        f'{T} | where TimeGenerated > ago(7d) and OperationName == "JobSubmitted" | project JobId, TimeGenerated'
        f' | join kind=inner ({T} | where OperationName == "JobSucceeded" | project JobId, Ended = TimeGenerated)'
        " on JobId | summarize avg(Ended - TimeGenerated), count()",
        "SELECT avg(e.t - s.t), count(*) FROM (SELECT {JobId} AS j, {TimeGenerated} AS t FROM {table}"
        f" WHERE {{TimeGenerated}} > {NOW - 7 * DAY} AND {{OperationName}} = 'JobSubmitted') AS s"
        " JOIN (SELECT {JobId} AS j, {TimeGenerated} AS t FROM {table} WHERE {OperationName} = 'JobSucceeded') AS e"
        " ON s.j = e.j",
    ),
    Pair(
        "the last event of each job, 2 days",
        T,
        f"{T} | where TimeGenerated > ago(2d) | summarize arg_max(TimeGenerated, EventType) by JobName | count",
        "SELECT count(*) FROM (SELECT {JobName} AS j, arg_max({EventType}, {TimeGenerated}), max({TimeGenerated})"
        f" FROM {{table}} WHERE {{TimeGenerated}} > {NOW - 2 * DAY} GROUP BY j)",
    ),
    Pair(
        "an hour's count",
        T,
        f"{T} | where TimeGenerated between (ago(51h) .. ago(50h)) | count",
        f"SELECT count(*) FROM {{table}} WHERE {{TimeGenerated}} BETWEEN {NOW} - {51 * DAY // 24}"
        f" AND {NOW} - {50 * DAY // 24}",
    ),
)


def fill(engine: DuckDbEngine, shared: Path, rows: int) -> int:
    """Deliver the trace once, through the engine; then insert each of its days as many times as it takes."""
    queries.fill(engine, shared, 1)
    relation = engine.schema().tables[(SPACE, traces.JOB)].relation
    table, time = f'"{relation.schema}"."{relation.table}"', f'"{relation.columns["TimeGenerated"]}"'
    own = ", ".join(f'"{relation.columns[name]}" || \'-\' || k AS "{relation.columns[name]}"' for name in OWN)
    with engine._instance.cursor() as cursor:
        (once,) = cursor.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
        days = cursor.execute(f"SELECT DISTINCT {time} // {DAY} FROM {table} ORDER BY 1").fetchall()
        cursor.execute(f"CREATE TEMP TABLE first AS SELECT * FROM {table}")
        cursor.execute(f"DELETE FROM {table}")
        for (day,) in days:
            cursor.execute(
                f"INSERT INTO {table} SELECT first.* REPLACE ({own}) FROM first, range({-(-rows // once)}) AS r(k)"
                f" WHERE {time} // {DAY} = {day}"
            )
        cursor.execute("DROP TABLE first")
        cursor.execute("CHECKPOINT")
        (count,) = cursor.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
    return int(count)


def compared(engine: DuckDbEngine) -> Iterator[tuple[object, ...]]:
    """Each query in both languages, in turn."""
    for pair in PAIRS:
        yield queries.compare(engine, pair, ROUNDS)
