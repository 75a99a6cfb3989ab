"""The intake: durable before it answers, once per sender, bounded, and never stopped by one bad batch."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from lazulite.core.batch import REJECTED, Batch, Emission
from lazulite.core.clock import HeldClock
from lazulite.core.counters import Counters
from lazulite.core.errors import Throttled, Unavailable
from lazulite.routing.intake import Intake, IntakeSettings

NOON = 638_000_000_000_000_000
RESOURCE = "/subscriptions/s/resourcegroups/g/providers/microsoft.machinelearningservices/workspaces/w"


def batch(*names: str) -> Batch:
    rows = pa.table({"TimeGenerated": pa.array([NOON] * len(names), pa.int64()), "JobName": list(names)})
    return Batch(RESOURCE, "AmlComputeJobEvent", rows)


def emission(*batches: Batch, key: str | None = None) -> Emission:
    return Emission(batches, NOON, "tester", "records", key)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(NOON)


@pytest.fixture
def intake(tmp_path: Path, clock: HeldClock) -> Iterator[Intake]:
    opened = Intake(tmp_path / "intake.db", clock, Counters())
    yield opened
    opened.close()


def names(intake: Intake, after: int = 0, max_rows: int = 1000) -> list[list[str]]:
    return [stored.rows["JobName"].to_pylist() for stored in intake.read(after, max_rows)]


def test_what_is_emitted_is_read_back_with_who_sent_it(intake: Intake) -> None:
    receipt = intake.emit(emission(batch("a", "b"), batch("c"))).result()
    first, second = intake.read(0, 100)
    assert (first.sequence, second.sequence, receipt.sequence) == (1, 2, 2)
    assert (first.principal, first.door, first.received, first.resource_id) == ("tester", "records", NOON, RESOURCE)
    assert first.rows.equals(batch("a", "b").rows)


def test_it_is_all_there_after_a_restart(tmp_path: Path, clock: HeldClock) -> None:
    before = Intake(tmp_path / "intake.db", clock, Counters())
    before.emit(emission(batch("a"))).result()
    before.close()
    after = Intake(tmp_path / "intake.db", clock, Counters())
    assert (names(after), after.epoch, after.last_sequence(), after.depth()) == ([["a"]], before.epoch, 1, 1)
    after.close()


def test_a_key_makes_a_batch_once_for_a_day_even_when_its_payload_is_gone(intake: Intake, clock: HeldClock) -> None:
    first = intake.emit(emission(batch("a"), key="k")).result()
    intake.passed(first.sequence).result()
    clock.advance(23 * 3600)
    again = intake.emit(emission(batch("a"), key="k")).result()
    assert (again.sequence, again.repeated) == (first.sequence, True)
    clock.advance(2 * 3600)
    assert not intake.emit(emission(batch("a"), key="k")).result().repeated


def test_a_key_ages_by_its_own_clock(tmp_path: Path, clock: HeldClock) -> None:
    """The event clock may be started years ahead of the last time, and the sender still repeats within its day."""
    real = HeldClock(NOON)
    intake = Intake(tmp_path / "intake.db", clock, Counters(), key_clock=real)
    intake.emit(emission(batch("a"), key="k")).result()
    clock.advance(10 * 365 * 86_400)
    assert intake.emit(emission(batch("a"), key="k")).result().repeated
    real.advance(86_400 + 1)
    assert not intake.emit(emission(batch("a"), key="k")).result().repeated
    intake.close()


def test_a_key_repeated_in_one_group_is_written_once(intake: Intake) -> None:
    futures = [intake.emit(emission(batch("a"), key="k")) for _ in range(50)]
    assert {future.result().sequence for future in futures} == {1}
    assert names(intake) == [["a"]]


def test_sequences_are_never_used_twice(tmp_path: Path, clock: HeldClock) -> None:
    first = Intake(tmp_path / "intake.db", clock, Counters())
    last = first.emit(emission(batch("a"), batch("b"))).result().sequence
    first.passed(last).result()
    assert (first.depth(), first.oldest_sequence(), first.last_sequence()) == (0, last + 1, last)
    first.close()
    second = Intake(tmp_path / "intake.db", clock, Counters())
    assert second.emit(emission(batch("c"))).result().sequence == last + 1
    second.close()


def test_senders_in_parallel_share_commits_and_lose_nothing(intake: Intake) -> None:
    def send(sender: int) -> None:
        for number in range(25):
            intake.emit(emission(batch(f"{sender}-{number}"))).result()

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [stored.rows["JobName"][0].as_py() for stored in intake.read(0, 10_000)]
    assert sorted(found) == sorted(f"{sender}-{number}" for sender in range(8) for number in range(25))
    assert [stored.sequence for stored in intake.read(0, 10_000)] == list(range(1, 201))


def test_reading_is_bounded_in_rows_but_always_goes_on(intake: Intake) -> None:
    intake.emit(emission(batch("a", "b", "c"), batch("d"), batch("e"))).result()
    assert names(intake, 0, 1) == [["a", "b", "c"]]
    assert names(intake, 1, 2) == [["d"], ["e"]]


def test_a_corrupt_payload_is_reported_and_its_neighbours_are_read(intake: Intake, tmp_path: Path) -> None:
    intake.emit(emission(batch("a"), batch("b"), batch("c"))).result()
    with sqlite3.connect(tmp_path / "intake.db") as other:
        other.execute("UPDATE batch SET payload = substr(payload, 1, 40) WHERE seq = 2")
    first, broken, third = intake.read(0, 100)
    assert (first.rows["JobName"].to_pylist(), third.rows["JobName"].to_pylist()) == (["a"], ["c"])
    assert (broken.category, broken.sequence, broken.rows["Code"].to_pylist()) == (REJECTED, 2, ["CorruptBatch"])
    assert "Batch 2 with 1 records is corrupt" in broken.rows["Message"][0].as_py()


def test_past_its_size_it_asks_senders_to_wait(tmp_path: Path, clock: HeldClock) -> None:
    intake = Intake(tmp_path / "intake.db", clock, Counters(), IntakeSettings(total_bytes=1500))
    taken = 0
    with pytest.raises(Throttled, match="IntakeFull"):
        while taken < 100:
            intake.emit(emission(batch("a"))).result()
            taken += 1
    intake.passed(intake.last_sequence()).result()
    intake.emit(emission(batch("a"))).result()
    intake.close()


def test_what_waits_for_the_disk_is_bounded(tmp_path: Path, clock: HeldClock) -> None:
    intake = Intake(tmp_path / "intake.db", clock, Counters(), IntakeSettings(pending_bytes=10))
    with sqlite3.connect(tmp_path / "intake.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        alone = intake.emit(emission(batch("larger than the bound, but nothing else waits")))
        with pytest.raises(Throttled, match="IntakeBusy"):
            intake.emit(emission(batch("a"))).result()
        other.execute("COMMIT")
    assert alone.result().sequence == 1
    intake.close()


def test_a_sender_that_goes_away_before_its_answer_harms_nobody(intake: Intake, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "intake.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        gone = intake.emit(emission(batch("a")))
        gone.cancel()
        other.execute("COMMIT")
    assert intake.emit(emission(batch("b"))).result(10).sequence == 2
    assert names(intake) == [["a"], ["b"]]


def test_a_copy_goes_on_after_the_sequences_that_its_original_gave(intake: Intake) -> None:
    intake.go_on_after(7)
    assert intake.last_sequence() == 7
    assert intake.emit(emission(batch("a"))).result().sequence == 8
    intake.go_on_after(3)
    assert intake.emit(emission(batch("b"))).result().sequence == 9


def test_a_file_without_its_format_is_called_damaged(tmp_path: Path, clock: HeldClock) -> None:
    with sqlite3.connect(tmp_path / "intake.db") as other:
        other.execute("CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        other.execute("CREATE TRIGGER no BEFORE INSERT ON about BEGIN SELECT raise(IGNORE); END")
    with pytest.raises(Unavailable, match="IntakeDamaged"):
        Intake(tmp_path / "intake.db", clock, Counters())


def test_at_the_disk_reserve_nothing_is_taken_and_reading_goes_on(tmp_path: Path, clock: HeldClock) -> None:
    before = Intake(tmp_path / "intake.db", clock, Counters())
    before.emit(emission(batch("a"))).result()
    before.close()
    intake = Intake(tmp_path / "intake.db", clock, Counters(), IntakeSettings(disk_reserve_bytes=1 << 62))
    with pytest.raises(Unavailable, match="DiskReserveReached"):
        intake.emit(emission(batch("b"))).result()
    assert names(intake) == [["a"]]
    intake.close()


def test_after_closing_nothing_is_taken(tmp_path: Path, clock: HeldClock) -> None:
    intake = Intake(tmp_path / "intake.db", clock, Counters())
    intake.close()
    with pytest.raises(Unavailable, match="Stopping"):
        intake.emit(emission(batch("a"))).result()


def test_a_failed_commit_keeps_nothing_and_the_next_one_works(intake: Intake, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "intake.db") as other:
        other.execute("CREATE TRIGGER no BEFORE INSERT ON batch BEGIN SELECT raise(ABORT, 'disk gone'); END")
    with pytest.raises(Unavailable, match="disk gone"):
        intake.emit(emission(batch("a"), key="k")).result()
    with sqlite3.connect(tmp_path / "intake.db") as other:
        other.execute("DROP TRIGGER no")
    assert not intake.emit(emission(batch("a"), key="k")).result().repeated
    assert (names(intake), intake.depth()) == ([["a"]], 1)


def test_a_decision_once_kept_stays(intake: Intake) -> None:
    intake.emit(emission(batch("a"), batch("b"))).result()
    intake.decide({1: ("x",), 2: ()})
    intake.decide({1: ("y",)})
    assert intake.decisions(0, 2) == {1: ("x",), 2: ()}
    intake.passed(1).result()
    assert intake.decisions(0, 2) == {2: ()}


def test_waiting_ends_when_a_batch_is_on_disk(intake: Intake) -> None:
    assert not intake.wait_beyond(0, 0.01)
    intake.emit(emission(batch("a")))
    assert intake.wait_beyond(0, 10)


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, clock: HeldClock) -> None:
    program = f"""
        import sys
        from pathlib import Path
        from lazulite.core.clock import HeldClock
        from lazulite.core.counters import Counters
        from lazulite.routing.intake import Intake
        from tests.routing.test_intake import batch, emission
        intake = Intake(Path({str(tmp_path / "intake.db")!r}), HeldClock(0), Counters())
        for number in range(10_000):
            print(intake.emit(emission(batch(str(number)))).result().sequence, flush=True)
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(40)]
    child.kill()
    acknowledged += [int(line) for line in child.stdout.read().splitlines() if line.strip()]
    child.wait()
    intake = Intake(tmp_path / "intake.db", clock, Counters())
    stored = intake.read(0, 100_000)
    assert [found.sequence for found in stored][: len(acknowledged)] == acknowledged
    intake.close()
