"""One owner of the file: it refuses a second one, and comes back from failures of the disk."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lazulite.core.errors import LazuliteError, Unavailable
from lazulite.engine import Delivered
from lazulite.engine.duckdb import writer
from tests.engine.conftest import EPOCH, SLOW, Rig, fill_numbers, rows_of
from tests.engine.test_queries import PATIENCE, until

MIB = 1024 * 1024
WIDE = rows_of("T", {"n": "long", "s": "string"}, [(number, f"{number:0>200}") for number in range(2000)])


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """Writes past `size` bytes of a file fail, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_second_engine_in_the_process_is_refused(rig: Rig) -> None:
    with pytest.raises(Unavailable, match="already open in this process"):
        Rig(rig.folder)


HOLD = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_naming_the_first(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "logs.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Unavailable, match=f"process with id {holder.pid}") as refused:
            Rig(tmp_path)
        assert refused.value.code == "EngineLocked"
        assert holder.stdin is not None
        holder.stdin.close()
        holder.wait(PATIENCE)
    Rig(tmp_path).engine.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "logs.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(Unavailable, match=r"logs\.duckdb cannot be opened"):
        Rig(tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    Rig(tmp_path).engine.close()
    with (tmp_path / "logs.duckdb").open("r+b") as file:
        file.seek(4096)
        file.write(b"scribble" * 16)
    with pytest.raises(Unavailable, match=r"logs\.duckdb cannot be opened: .*[Cc]orrupt"):
        Rig(tmp_path)


def test_an_older_file_beside_the_log_of_a_newer_one_is_refused_with_the_way_out(rig: Rig) -> None:
    fill_numbers(rig, 10)
    rig.reopen()
    older = shutil.copy(rig.folder / "logs.duckdb", rig.folder / "older")
    fill_numbers(rig, 10)
    rig.reopen()
    fill_numbers(rig, 10)
    log = shutil.copy(rig.folder / "logs.duckdb.wal", rig.folder / "log")
    rig.engine.close()
    shutil.copy(older, rig.folder / "logs.duckdb")
    shutil.copy(log, rig.folder / "logs.duckdb.wal")
    with pytest.raises(Unavailable, match=r"cannot be opened: .* remove logs\.duckdb\.wal if the backup has none"):
        Rig(rig.folder)
    (rig.folder / "logs.duckdb.wal").unlink()
    rig.reopen()
    assert rig.rows("Numbers | count") == [{"Count": 10}]


def test_the_storage_version_and_the_locks_are_set(rig: Rig) -> None:
    with rig.engine._instance.cursor() as cursor:
        row = cursor.execute("SELECT tags FROM duckdb_databases() WHERE path IS NOT NULL").fetchone()
        assert row is not None
        assert row[0]["storage_version"].startswith("v2.0.0")
        for forbidden in ("SELECT * FROM read_csv('/etc/passwd')", "SET memory_limit = '8GB'", "ATTACH 'x.db'"):
            with pytest.raises(duckdb.Error, match=r"disabled by configuration|has been locked"):
                cursor.execute(forbidden)


def test_a_failed_commit_is_not_there_and_the_next_one_is(rig: Rig) -> None:
    rig.deliver(WIDE)
    with files_at_most(rig.engine._instance.wal_bytes + 1000), pytest.raises(Unavailable):
        rig.deliver(WIDE)
    until(lambda: rig.engine._instance.reason is None)
    assert rig.engine.delivered() == Delivered(EPOCH, 1)
    rig.deliver(WIDE)
    assert rig.rows("T | count") == [{"Count": 4000}]
    assert rig.counters.value("lazulite_engine_reopened_total") == 1


def test_a_failed_checkpoint_loses_nothing(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(checkpoint_bytes=1 * MIB)
    rig.deliver(WIDE)

    def deliver_and_see() -> bool:
        with suppress(Unavailable):
            rig.deliver(WIDE)
        return rig.counters.value("lazulite_engine_reopened_total") > 0

    with files_at_most(2 * MIB):
        until(deliver_and_see)
    until(lambda: rig.engine._instance.reason is None)
    cursor = rig.engine.delivered()
    assert cursor is not None
    assert rig.rows("T | count") == [{"Count": 2000 * cursor.through}]
    rig.deliver(WIDE)
    assert rig.rows("T | count") == [{"Count": 2000 * (cursor.through + 1)}]


def test_no_checkpoint_is_tried_without_room_for_it(make_rig: Callable[..., Rig], monkeypatch: Any) -> None:
    rig = make_rig(checkpoint_bytes=0)
    usage = shutil.disk_usage(rig.folder)
    monkeypatch.setattr(writer.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    rig.deliver(WIDE)
    rig.deliver(WIDE)  # comes after the writer's look at the log
    assert rig.engine._instance.wal_bytes > 0
    monkeypatch.undo()
    rig.deliver(WIDE)
    until(lambda: rig.engine._instance.wal_bytes == 0)


def test_readers_get_a_reason_while_the_store_is_reopened(rig: Rig) -> None:
    fill_numbers(rig)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(rig.ask, SLOW)
        until(lambda: rig.engine._queries._slots._free["query"] < rig.settings.queries)
        rig.engine._broken(duckdb.FatalException("FATAL Error: database has been invalidated"))
        assert isinstance(running.exception(PATIENCE), LazuliteError)
    until(lambda: rig.engine._instance.reason is None)
    assert rig.rows("Numbers | count") == [{"Count": 200_000}]


def test_reopening_goes_on_until_it_works(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.deliver(WIDE)
    failures = iter([duckdb.IOException("IO Error: disk is away")] * 3)
    original = rig.engine._instance._connect
    opened = threading.Event()

    def connect() -> duckdb.DuckDBPyConnection:
        for failure in failures:
            raise failure
        opened.set()
        return original()

    monkeypatch.setattr(rig.engine._instance, "_connect", connect)
    rig.engine._broken(duckdb.FatalException("FATAL Error: database has been invalidated"))
    with pytest.raises(Unavailable, match="database has been invalidated"):
        rig.ask("T")
    assert opened.wait(PATIENCE)
    until(lambda: rig.engine._instance.reason is None)
    assert rig.rows("T | count") == [{"Count": 2000}]


def test_closing_interrupts_what_runs(rig: Rig) -> None:
    fill_numbers(rig)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(rig.ask, SLOW)
        until(lambda: rig.engine._queries._slots._free["query"] < rig.settings.queries)
        rig.engine.close()
        assert isinstance(running.exception(PATIENCE), Unavailable)
