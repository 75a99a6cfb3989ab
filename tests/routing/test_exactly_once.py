"""SIGKILL at random instants between door and tables: each record is there once, acknowledged or sent again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from lazulite import kql
from lazulite.engine.duckdb import DuckDbEngine
from lazulite.metrics.tables import MetricTables
from tests.conftest import ROOT
from tests.routing.emitting_process import Chain
from tests.routing.stored_tables import StoredTables

ROUNDS = 100 if os.environ.get("LAZULITE_SOAK") else 6
SEED = int(os.environ.get("LAZULITE_SEED", "0")) or random.randrange(1 << 32)


def count_jobs(engine: DuckDbEngine) -> Counter[str]:
    query = "AmlComputeJobEvent | project JobName, NodeId, _ItemId"
    answer = engine.query(lambda schema, _: kql.compile(query, StoredTables(schema, "c-logs"), kql.Options(now=0)))
    rows = answer.rows.to_pylist()
    assert len({row["_ItemId"] for row in rows}) == len(rows)
    return Counter(f"{row['JobName']}/{row['NodeId']}" for row in rows)


def metric_total(engine: DuckDbEngine) -> tuple[float, float]:
    query = "point | summarize n = sum(['count']), total = sum(['sum'])"
    answer = engine.query(lambda schema, _: kql.compile(query, MetricTables(schema), kql.Options(now=0)))
    (row,) = answer.rows.to_pylist()
    return row["n"], row["total"]


def run_and_kill(folder: Path, first: int, seconds: float) -> int:
    """Emit from `first` on, killed `seconds` after the first answer; the last number acknowledged, or `first` - 1."""
    command = [sys.executable, "-m", "tests.routing.emitting_process", str(folder), str(first)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    killer = threading.Timer(seconds, child.kill)
    last = first - 1
    try:
        for line in child.stdout:
            if killer.ident is None:
                killer.start()
            last = int(line) if line.endswith("\n") else last
    finally:
        killer.cancel()
        child.kill()
        child.wait()
    return last


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_each_record_is_in_its_table_once_after_any_number_of_kills(tmp_path: Path) -> None:
    print("seed", SEED)
    chance = random.Random(SEED)
    acknowledged = -1
    for _ in range(ROUNDS):
        acknowledged = run_and_kill(tmp_path, acknowledged + 1, chance.uniform(0.05, 1.0))
    assert acknowledged > ROUNDS, "each round gets some way"
    chain = Chain.over(tmp_path)
    # The one that was not answered before the last kill may or may not be there: it is sent again under its key.
    last = acknowledged + 1
    sequence = chain.emit(last)
    # The rounds leave tens of thousands of small batches behind, which a busy machine takes minutes to deliver.
    assert chain.drain.wait(max(sequence, chain.intake.last_sequence()), 900)
    jobs = count_jobs(chain.engine)
    points = metric_total(chain.engine)
    chain.close()
    assert jobs == Counter(f"job-{number}/{record}" for number in range(last + 1) for record in range(2))
    assert points == (last + 1, sum(range(last + 1)))


def test_a_restart_goes_on_in_the_same_tables(tmp_path: Path) -> None:
    first = Chain.over(tmp_path)
    assert first.drain.wait(first.emit(0), 30)
    first.close()
    second = Chain.over(tmp_path)
    assert second.emit(0) == 2, "the key is known after the restart"
    assert second.drain.wait(second.emit(1), 30)
    assert count_jobs(second.engine) == Counter(f"job-{number}/{record}" for number in range(2) for record in range(2))
    second.close()
