"""One database: durable write transactions, snapshots, numbered migrations."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, Table, insert, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

import lazulite.state  # noqa: F401 - its tables
from lazulite.core.errors import Unavailable
from lazulite.state.database import METADATA, Database, Migration

NUMBERS = Table("test_number", METADATA, Column("n", Integer, primary_key=True))


def numbers(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.scalars(select(NUMBERS.c.n).order_by(NUMBERS.c.n)))


def test_a_block_commits(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(NUMBERS).values(n=1))
    assert numbers(database) == [1]


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.begin() as connection:
        connection.execute(insert(NUMBERS).values(n=1))
        raise ZeroDivisionError
    assert numbers(database) == []


def test_a_reader_does_not_wait_for_a_writer_and_sees_what_was_committed(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(NUMBERS).values(n=1))
        assert numbers(database) == []
    assert numbers(database) == [1]


def test_writers_take_turns_so_read_then_write_is_never_torn(database: Database) -> None:
    def count_up() -> None:
        for _ in range(25):
            with database.begin() as connection:
                seen = len(list(connection.scalars(select(NUMBERS.c.n))))
                connection.execute(insert(NUMBERS).values(n=seen))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(database) == list(range(100))


def test_a_transaction_inside_a_transaction_fails_by_name(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lazulite.state.database.BUSY_SECONDS", 0.05)
    with database.begin(), pytest.raises(Unavailable, match="StateBusy"), database.begin():
        pass


def test_sqlite_is_set_to_keep_what_it_acknowledged(database: Database) -> None:
    with database.read() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2


def test_a_committed_block_survives_a_kill(url: str, tmp_path: Path) -> None:
    program = f"""
        import os, signal
        from sqlalchemy import insert
        from tests.state.test_database import NUMBERS
        from lazulite.state.database import Database
        database = Database({url!r}); database.create()
        with database.begin() as connection:
            connection.execute(insert(NUMBERS).values(n=1))
        with database.begin() as connection:
            connection.execute(insert(NUMBERS).values(n=2))
            os.kill(os.getpid(), signal.SIGKILL)
    """
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(program)], cwd=root, check=False).returncode == -9
    database = Database(url)
    assert numbers(database) == [1]
    database.close()


def _step(number: int, calls: list[int]) -> Migration:
    def apply(connection: Connection) -> None:
        connection.execute(insert(NUMBERS).values(n=number))
        calls.append(number)

    return Migration(number, f"step {number}", apply)


def test_a_new_database_needs_no_migration(url: str) -> None:
    calls: list[int] = []
    Database(url, [_step(1, calls)]).create()
    assert calls == []


def test_an_old_database_gets_the_missing_steps_in_order_and_once(url: str) -> None:
    calls: list[int] = []
    Database(url, [_step(1, calls)]).create()
    steps = [_step(3, calls), _step(1, calls), _step(2, calls)]
    Database(url, steps).create()
    Database(url, steps).create()
    assert calls == [2, 3]


def test_a_step_that_fails_leaves_the_ones_before_it_and_is_tried_again(url: str) -> None:
    calls: list[int] = []

    def fail(connection: Connection) -> None:
        connection.execute(insert(NUMBERS).values(n=99))
        raise OSError("disk full")

    Database(url).create()
    with pytest.raises(OSError, match="disk full"):
        Database(url, [_step(1, calls), Migration(2, "breaks", fail)]).create()
    database = Database(url, [_step(1, calls), _step(2, calls)])
    database.create()
    assert calls == [1, 2]
    assert numbers(database) == [1, 2]


def test_a_database_of_a_newer_lazulite_is_refused(url: str) -> None:
    Database(url, [_step(7, [])]).create()
    with pytest.raises(Unavailable, match="StateTooNew: The state database has migration 7"):
        Database(url).create()


@pytest.mark.parametrize("table", METADATA.sorted_tables, ids=lambda table: table.name)
def test_every_table_can_be_made_in_postgresql(table: Table) -> None:
    dialect = postgresql.dialect()
    assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))
    assert all("CREATE" in str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
