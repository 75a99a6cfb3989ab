"""The documentation's five queries as KQL beside the same by hand in SQL, on the same store of 1.6 million job events.

Both run on the same DuckDB instance in turn, A B A B; the KQL time includes compiling, its transaction and its limits.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.conftest import shared_folder
from tests.e2e import traces
from tests.e2e.harness import ndjson

from bench.table import show
from lazulite import kql
from lazulite.core.batch import StoredBatch
from lazulite.core.counters import Counters
from lazulite.core.resource_id import parse
from lazulite.destinations.workspace import WorkspaceEncoder
from lazulite.engine import Delivery, QueryLimits, Schema
from lazulite.engine.duckdb.engine import DuckDbEngine
from lazulite.engine.duckdb.settings import DuckDbSettings
from lazulite.kql import ticks
from lazulite.logs.database import WorkspaceDatabase
from lazulite.routing.records import decode

COPIES = 10
ROUNDS = 15
SPACE = "00000000-0000-0000-0000-000000000001"
WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/demo"
NOW = ticks.parse_datetime("2017-11-01T00:00:00Z") or 0
DAY = 864_000_000_000


@dataclass(frozen=True)
class Pair:
    """A query in both languages. In the SQL `{JobName}` stands for a column, `{table}` for the table."""

    name: str
    table: str
    kql: str
    sql: str


PAIRS = (
    Pair(
        "failed jobs, 5 days",
        traces.JOB,
        'AmlComputeJobEvent | where TimeGenerated > ago(5d) and EventType == "JobFailed"'
        " | project TimeGenerated, ClusterId, EventType, ExecutionState, ToolType",
        "SELECT {TimeGenerated}, {ClusterId}, {EventType}, {ExecutionState}, {ToolType} FROM {table}"
        f" WHERE {{TimeGenerated}} > {NOW - 5 * DAY} AND {{EventType}} = 'JobFailed'",
    ),
    Pair(
        "records of a job",
        traces.JOB,
        'AmlComputeJobEvent | where JobName == "philly-20000"'
        " | project TimeGenerated, ClusterId, EventType, ExecutionState, ToolType",
        "SELECT {TimeGenerated}, {ClusterId}, {EventType}, {ExecutionState}, {ToolType} FROM {table}"
        " WHERE {JobName} = 'philly-20000'",
    ),
    Pair(
        "clusters of a VM size",
        traces.CLUSTER,
        'AmlComputeClusterEvent | where TimeGenerated > ago(4d) and VmSize == "STANDARD_D1_V2"'
        " | project ClusterName, InitialNodeCount, MaximumNodeCount, QuotaAllocated, QuotaUtilized",
        "SELECT {ClusterName}, {InitialNodeCount}, {MaximumNodeCount}, {QuotaAllocated}, {QuotaUtilized} FROM {table}"
        f" WHERE {{TimeGenerated}} > {NOW - 4 * DAY} AND {{VmSize}} = 'STANDARD_D1_V2'",
    ),
    Pair(
        "allocations, 8 days",
        traces.CLUSTER,
        "AmlComputeClusterEvent | where TimeGenerated > ago(8d) and TargetNodeCount > CurrentNodeCount"
        " | project TimeGenerated, ClusterName, CurrentNodeCount, TargetNodeCount",
        "SELECT {TimeGenerated}, {ClusterName}, {CurrentNodeCount}, {TargetNodeCount} FROM {table}"
        f" WHERE {{TimeGenerated}} > {NOW - 8 * DAY} AND {{TargetNodeCount}} > {{CurrentNodeCount}}",
    ),
    Pair(
        "running nodes, 1 day",
        traces.CLUSTER,
        "AmlComputeClusterEvent | where TimeGenerated > ago(1d)"
        " | summarize avgRunningNodes=avg(TargetNodeCount), maxRunningNodes=max(TargetNodeCount)"
        ' by Workspace=tostring(split(_ResourceId, "/")[8]), ClusterName, ClusterType, VmSize, VmPriority',
        "SELECT string_split({_ResourceId}, '/')[9], {ClusterName}, {ClusterType}, {VmSize}, {VmPriority},"
        " avg({TargetNodeCount}), max({TargetNodeCount}) FROM {table}"
        f" WHERE {{TimeGenerated}} > {NOW - DAY} GROUP BY ALL",
    ),
)


def main() -> None:
    shared = shared_folder()
    if shared is None:
        print("skipped: no shared folder (set LAZULITE_SHARED)")
        return
    with tempfile.TemporaryDirectory() as folder:
        engine = DuckDbEngine(Path(folder), DuckDbSettings(), Counters())
        try:
            fill(engine, shared, COPIES)
            rows = [compare(engine, pair, ROUNDS) for pair in PAIRS]
        finally:
            engine.close()
    show(("query", "rows", "KQL ms", "SQL ms", "ratio (median of pairs)"), rows)


def fill(engine: DuckDbEngine, shared: Path, copies: int) -> None:
    """The replay's job and cluster events, each so many times."""
    engine.adopt("epoch")
    encoder = WorkspaceEncoder("epoch")
    loads = [load for load in traces.everything(shared) if load.category in (traces.JOB, traces.CLUSTER)]
    batches = [
        batch for load in loads for batch in decode(ndjson(load.records), parse(WORKSPACE), load.category, NOW).batches
    ]
    sequence = 0
    for _ in range(copies):
        for batch in batches:
            stored = StoredBatch(sequence + 1, batch.resource_id, batch.category, NOW, "bench", "bench", batch.rows)
            appends = tuple(encoder.encode(stored, (SPACE,)))
            engine.deliver(Delivery("epoch", sequence + 1, appends, sequence))
            sequence += 1


def compare(engine: DuckDbEngine, pair: Pair, rounds: int) -> tuple[object, ...]:
    """A query in both languages, in turn: name, rows, milliseconds of each, and the median of the ratios."""
    sql = _sql(engine.schema(), pair)
    by_kql, by_sql, ratios = [], [], []
    for _ in range(rounds):
        first, rows = _timed(lambda: _ask(engine, pair.kql))
        second, expected = _timed(lambda: _by_hand(engine, sql))
        assert rows == expected, f"{pair.name}: {rows} rows in KQL, {expected} in SQL"
        by_kql.append(first)
        by_sql.append(second)
        ratios.append(first / second)
    return (pair.name, rows, f"{median(by_kql):.1f}", f"{median(by_sql):.1f}", f"{median(ratios):.2f}")


def _ask(engine: DuckDbEngine, text: str) -> int:
    def plan(schema: Schema, _: object) -> kql.Compiled:
        return kql.compile(text, WorkspaceDatabase(schema, (SPACE,)), kql.Options(now=NOW))

    return int(engine.query(plan, QueryLimits()).rows.num_rows)


def _by_hand(engine: DuckDbEngine, sql: str) -> int:
    with engine._instance.cursor() as cursor:
        return int(cursor.sql(sql).to_arrow_table().num_rows)


def _sql(schema: Schema, pair: Pair) -> str:
    relation = schema.tables[(SPACE, pair.table)].relation
    columns = {name: f'"{physical}"' for name, physical in relation.columns.items()}
    return pair.sql.format(table=f'"{relation.schema}"."{relation.table}"', **columns)


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    began = time.perf_counter()
    found = work()
    return (time.perf_counter() - began) * 1000, found
