"""Queries are bounded in time, number, rows and bytes, and end cleanly when they go wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import duckdb
import pyarrow as pa
import pytest

from lazulite import kql
from lazulite.core.errors import DeadlineExceeded, LazuliteError, Throttled, TooLarge
from lazulite.engine import QueryCancelled, QueryLimits
from lazulite.engine.duckdb import queries
from lazulite.kql.stages import scanning
from tests.engine.conftest import SLOW, Rig, fill_numbers, rows_of

PATIENCE = 20.0


def until(state: Callable[[], bool]) -> None:
    """Wait for a state; fails after PATIENCE seconds."""
    deadline = time.monotonic() + PATIENCE
    while not state():
        assert time.monotonic() < deadline, "the state was not reached"
        threading.Event().wait(0.005)


def test_a_query_past_its_deadline_is_stopped(rig: Rig) -> None:
    fill_numbers(rig)
    begun = time.monotonic()
    with pytest.raises(DeadlineExceeded, match=r"stopped after 0.2 s"):
        rig.ask(SLOW, seconds=0.2)
    assert time.monotonic() - begun < 5
    assert rig.rows("Numbers | count") == [{"Count": 200_000}]


def test_a_query_is_stopped_when_its_caller_goes_away(rig: Rig) -> None:
    fill_numbers(rig)
    gone = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(rig.ask, SLOW, cancelled=gone.is_set)
        gone.set()
        with pytest.raises(QueryCancelled):
            answer.result(PATIENCE)
    assert rig.rows("Numbers | count") == [{"Count": 200_000}]


def test_a_failing_cancellation_check_ends_the_query_and_not_the_watchdog(rig: Rig) -> None:
    fill_numbers(rig)

    def broken() -> bool:
        raise RuntimeError("the connection object is gone")

    with pytest.raises(RuntimeError, match="connection object"):
        rig.ask(SLOW, cancelled=broken)
    with pytest.raises(DeadlineExceeded):
        rig.ask(SLOW, seconds=0.1)


def test_past_the_queue_a_query_is_told_to_come_back(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(queries=1, queries_waiting=2)
    fill_numbers(rig)
    stop = threading.Event()
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(rig.ask, SLOW, cancelled=stop.is_set) for _ in range(3)]
        until(lambda: "lazulite_engine_query_queue_depth 2\n" in rig.counters.text())
        with pytest.raises(Throttled) as refused:
            rig.rows("Numbers | count")
        assert refused.value.retry_after > 0
        assert rig.ask("Numbers | count", slot="alerts").rows.to_pylist() == [{"Count": 200_000}]
        with pytest.raises(DeadlineExceeded):  # the alerts' slot is bounded as well
            rig.ask(SLOW, slot="alerts", seconds=0.1)
        stop.set()
        for each in running:
            assert isinstance(each.exception(PATIENCE), QueryCancelled)
    assert rig.rows("Numbers | count") == [{"Count": 200_000}]


def test_time_spent_waiting_counts_towards_the_deadline(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(queries=1)
    fill_numbers(rig)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(rig.ask, SLOW, cancelled=stop.is_set)
        until(lambda: not running.running() or rig.engine._queries._slots._free["query"] == 0)
        with pytest.raises(DeadlineExceeded):
            rig.ask("Numbers | count", seconds=0.1)
        stop.set()
        assert isinstance(running.exception(PATIENCE), QueryCancelled)


@pytest.mark.parametrize(("limit", "kept", "cut"), [(999, 999, "max_rows"), (1000, 1000, None), (0, 0, "max_rows")])
def test_an_answer_is_cut_at_its_rows(rig: Rig, limit: int, kept: int, cut: str | None) -> None:
    fill_numbers(rig, 1000)
    answer = rig.ask("Numbers", max_rows=limit)
    assert (answer.rows.num_rows, answer.cut) == (kept, cut)
    assert answer.rows.schema.names == ["n"]


@pytest.mark.parametrize("ending", ["cut", "failed"])
def test_a_query_that_ended_early_holds_nothing(make_rig: Callable[..., Rig], ending: str) -> None:
    """A transaction from before a table change would hold off every checkpoint."""
    rig = make_rig(checkpoint_bytes=0)
    fill_numbers(rig)
    kept: list[object] = []
    if ending == "cut":
        kept.append(rig.ask("Numbers", max_rows=10))
    else:
        calls = count()
        with pytest.raises(QueryCancelled) as stopped:
            rig.ask("Numbers", cancelled=lambda: next(calls) > 2)
        kept.append(stopped)
    rig.deliver(rows_of("Numbers", {"n": "long", "later": "string"}, [(1, "x")]))
    until(lambda: rig.engine._instance.wal_bytes == 0)


LOCAL = "| extend sorted = array_sort_asc(pack_array(n, 1, 2))"


def test_a_query_with_a_function_beside_the_engine_is_stopped_at_its_deadline(rig: Rig) -> None:
    begun = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        rig.ask(f"range n from 1 to 600000 step 1 {LOCAL} | summarize dcount(tostring(sorted))", seconds=0.5)
    assert time.monotonic() - begun < 3


def test_rows_of_a_function_beside_the_engine_are_bounded(rig: Rig) -> None:
    query = f"range n from 1 to 100000 step 1 {LOCAL} | summarize count() by tostring(sorted) | count"
    assert rig.rows(query) == [{"Count": 100_000}]
    with pytest.raises(kql.KqlError, match=r"array_sort_asc\(\) is computed row by row"):
        rig.ask(query, max_bytes=1_000_000)


def test_an_error_after_a_function_beside_the_engine_is_told_as_it_is(rig: Rig) -> None:
    with pytest.raises(kql.KqlError, match="outside the range of its type"):
        rig.ask(f"print n = 9223372036854775807 {LOCAL} | project n + 1, sorted")


def test_an_answer_is_cut_at_its_bytes(rig: Rig) -> None:
    rig.deliver(rows_of("T", {"s": "string"}, [("x" * 1000,)] * 500))
    answer = rig.ask("T", max_bytes=100_000)
    assert answer.cut == "max_bytes"
    assert 90 <= answer.rows.num_rows < 100
    assert answer.rows.nbytes <= 100_000
    assert rig.ask("T", max_bytes=1_000_000).cut is None


def test_a_row_past_the_byte_limit_gives_no_rows(rig: Rig) -> None:
    rig.deliver(rows_of("T", {"s": "string"}, [("x" * 5000,)]))
    answer = rig.ask("T", max_bytes=100)
    assert (answer.rows.num_rows, answer.cut) == (0, "max_bytes")


def test_an_empty_answer_has_its_columns(rig: Rig) -> None:
    rig.deliver(rows_of("T", {"a": "long", "s": "string"}, [(1, "x")]))
    answer = rig.ask("T | take 0")
    assert answer.rows.schema.names == ["a", "s"]
    assert answer.rows.num_rows == 0
    assert answer.cut is None


def test_what_the_plan_raises_reaches_the_caller_and_ends_the_transaction(rig: Rig) -> None:
    def plan(*_: object) -> kql.Compiled:
        raise ValueError("no such table")

    with pytest.raises(ValueError, match="no such table"):
        rig.engine.query(plan)
    rig.deliver(rows_of("T", {"a": "long"}, [(1,)]))
    assert rig.rows("T") == [{"a": 1}]


def test_a_query_that_needs_too_much_memory_fails_alone(make_rig: Callable[..., Rig]) -> None:
    filler = make_rig()
    for part in range(10):
        rows = [(number, f"{number * 7919 % 100_003:0>300}") for number in range(part * 10_000, (part + 1) * 10_000)]
        filler.deliver(rows_of("T", {"n": "long", "s": "string"}, rows))
    filler.engine.close()
    rig = make_rig(memory_bytes=24 * 1024 * 1024, spill_bytes=1024 * 1024)
    with pytest.raises(TooLarge, match="needs more memory"):
        rig.ask("T | order by s asc")
    assert rig.rows("T | count") == [{"Count": 100_000}]
    rig.deliver(rows_of("T", {"n": "long"}, [(1,)]))


ENDINGS = [
    (duckdb.OutOfMemoryException("Out of Memory Error: failed to pin block"), TooLarge, "narrow its time range"),
    (duckdb.BinderException("Binder Error: Referenced column c9 not found"), LazuliteError, "error inside the service"),
    (duckdb.OutOfRangeException("Out of Range Error: Overflow"), LazuliteError, "outside the range of its type"),
    (OSError("Conversion Error: Could not convert string 'secret'"), LazuliteError, "cannot be converted"),
]


@pytest.mark.parametrize(("raised", "expected", "message"), ENDINGS)
def test_the_engines_own_words_never_reach_a_caller(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, raised: Exception, expected: type[Exception], message: str
) -> None:
    rig.deliver(rows_of("T", {"a": "long"}, [(1,)]))

    def fail(*_: object) -> pa.RecordBatchReader:
        raise raised

    monkeypatch.setattr(queries.local, "stream", fail)
    with pytest.raises(expected, match=message) as got:
        rig.ask("T")
    assert isinstance(got.value, LazuliteError)
    assert "Error:" not in got.value.message
    assert "secret" not in got.value.message


def test_readers_are_not_blocked_by_the_writer(rig: Rig) -> None:
    """While deliveries, a table change and checkpoints go on, every query sees whole deliveries only."""
    rig.engine.adopt("11111111-1111-1111-1111-111111111111")
    stop = threading.Event()

    def write() -> int:
        done = 0
        while not stop.is_set() and done < 400:
            rig.deliver(rows_of("T", {"a": "long", f"k{done % 20}": "string"}, [(1, "x" * 50)] * 100))
            done += 1
        return done

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        until(lambda: ("workspace", "T") in rig.engine.schema().tables)
        counts = [rig.rows("T | count")[0]["Count"] for _ in range(50)]
        stop.set()
        done = writing.result(PATIENCE)
    assert counts == sorted(counts)
    assert all(count % 100 == 0 and count for count in counts)
    assert rig.rows("T | count") == [{"Count": done * 100}]


def test_limits_have_the_services_own_defaults() -> None:
    limits = QueryLimits()
    assert (limits.max_rows, limits.max_bytes) == (500_000, 100 * 1024 * 1024)


def test_columns_that_depend_on_rows_are_found_in_the_same_transaction(rig: Rig) -> None:
    rig.deliver(rows_of("T", {"k": "string", "v": "string"}, [("a", "x"), ("a", "y"), ("b", "x")]))
    assert rig.rows("T | evaluate pivot(v) | order by k asc") == [
        {"k": "a", "x": 1, "y": 1},
        {"k": "b", "x": 1, "y": 0},
    ]


def test_the_deadline_holds_while_columns_are_found(rig: Rig) -> None:
    with pytest.raises(DeadlineExceeded):
        rig.ask("range n from 1 to 200000000000 step 1 | extend k = tostring(n % 7) | evaluate pivot(k)", seconds=0.3)


STATE = "scan declare (total:long = 0) with (step s: true => total = s.total + n % 3;)"


def test_the_deadline_holds_in_a_stage_that_sees_all_rows(rig: Rig) -> None:
    begun = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        rig.ask(f"range n from 1 to 900000 step 1 | {STATE} | summarize max(total)", seconds=0.3)
    assert time.monotonic() - begun < 3


def test_rows_of_a_stage_that_sees_all_rows_are_bounded(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(kql.KqlError, match="'scan' is computed row by row"):
        rig.ask(f"range n from 1 to 100000 step 1 | {STATE} | count", max_bytes=1_000_000)
    monkeypatch.setattr(scanning, "MOST_ROWS", 1_000)
    assert rig.rows(f"range n from 1 to 1000 step 1 | {STATE} | count") == [{"Count": 1_000}]
    with pytest.raises(kql.KqlError, match="scan makes more than 1,000 rows"):
        rig.ask(f"range n from 1 to 1001 step 1 | {STATE} | count")
