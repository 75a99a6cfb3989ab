"""One thread writes: bounded queue, explicit checkpoints."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from lazulite.core.errors import Unavailable
from lazulite.engine import Append
from tests.engine.conftest import Rig, rows_of
from tests.engine.test_queries import until

MIB = 1024 * 1024
WIDE = rows_of("T", {"n": "long", "s": "string"}, [(number, f"{number:0>200}") for number in range(2000)])


def checkpoints(rig: Rig) -> int:
    text = rig.counters.text()
    lines = [line for line in text.splitlines() if line.startswith("lazulite_engine_checkpoint_seconds_count")]
    return int(lines[0].split()[1]) if lines else 0


def test_no_checkpoint_comes_before_its_size(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(checkpoint_bytes=512 * MIB)
    for _ in range(40):  # 16 MB of rows and more, where DuckDB's own threshold would have been passed
        rig.deliver(WIDE)
    assert checkpoints(rig) == 0
    assert rig.engine._instance.wal_bytes > 16 * MIB


def test_the_writer_checkpoints_at_its_size(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(checkpoint_bytes=1 * MIB)
    for _ in range(8):
        rig.deliver(WIDE)
    until(lambda: checkpoints(rig) >= 2)
    until(lambda: rig.engine._instance.wal_bytes <= 1 * MIB)
    assert rig.rows("T | count") == [{"Count": 16_000}]


def test_the_writer_checkpoints_when_idle(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(checkpoint_idle_seconds=0.05)
    rig.deliver(WIDE)
    until(lambda: checkpoints(rig) == 1)
    assert rig.engine._instance.wal_bytes == 0


def test_closing_leaves_no_write_ahead_log(rig: Rig) -> None:
    rig.deliver(WIDE)
    rig.engine.close()
    assert sorted(path.name for path in rig.folder.iterdir() if path.is_file()) == ["logs.duckdb"]


def test_a_full_queue_of_writes_answers_at_once(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(writes_waiting=1)
    writer, entered, go = rig.engine._writer, threading.Event(), threading.Event()

    def block(_: object) -> None:
        entered.set()
        assert go.wait(20)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(writer.run, block)
        assert entered.wait(20)
        second = pool.submit(writer.run, lambda _: None)
        until(lambda: writer.depth == 1)
        with pytest.raises(Unavailable, match="1 writes are waiting"):
            writer.run(lambda _: None)
        go.set()
        first.result(20)
        second.result(20)


def test_a_fault_of_ours_reaches_its_caller_and_the_thread_lives(rig: Rig) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("a fault")

    with pytest.raises(ZeroDivisionError):
        rig.engine._writer.run(fail)
    rig.deliver(WIDE)
    assert rig.rows("T | count") == [{"Count": 2000}]


def test_after_closing_writes_and_queries_are_refused(rig: Rig) -> None:
    rig.deliver(WIDE)
    rig.engine.close()
    with pytest.raises(Unavailable, match="stopping"):
        rig.engine.adopt("epoch")
    with pytest.raises(Unavailable, match="stopping"):
        rig.ask("T")


def test_a_checkpoint_that_has_too_little_memory_gets_more(make_rig: Callable[..., Rig]) -> None:
    """DuckDB reads 2 048 values of a column at once when it rewrites one: long texts are more than it was given."""
    rig = make_rig(memory_bytes=64 * MIB, checkpoint_bytes=8 * MIB)
    long = rows_of("T", {"s": "string"}, [("x" * 200_000,)] * 50)
    for _ in range(12):
        deliver_at_last(rig, long)
    until(lambda: rig.engine._instance.wal_bytes <= 8 * MIB)
    assert rig.rows("T | count") == [{"Count": 600}]
    assert rig.counters.value("lazulite_engine_memory_widened_total") >= 1


def deliver_at_last(rig: Rig, append: Append) -> None:
    """Deliver once, through failures, as the drain does: by the cursor."""
    before = rig.engine.delivered()

    def done() -> bool:
        try:
            if rig.engine.delivered() == before:
                rig.deliver(append)
        except Unavailable:
            return False
        return True

    until(done)


def test_a_reader_that_finds_the_store_broken_does_not_end_the_writer(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance, opened = rig.engine._instance, rig.engine._instance.cursor
    rig.deliver(WIDE)

    def just_broken() -> object:
        monkeypatch.setattr(instance, "cursor", opened)
        raise Unavailable("EngineUnavailable", "a reader came first")

    monkeypatch.setattr(instance, "cursor", just_broken)
    rig.engine._writer._checkpoint(above=0)
    rig.deliver(WIDE)
    assert rig.rows("T | count") == [{"Count": 4_000}]
