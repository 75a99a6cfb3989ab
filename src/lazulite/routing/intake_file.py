"""The SQL of `intake.db`: batches, the keys of senders, and the decision where each batch goes.

Only the committer writes, on its one connection; readers have connections of their own (WAL).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lazulite.core.errors import Unavailable

FORMAT = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batch (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, received INTEGER NOT NULL, principal TEXT NOT NULL, door TEXT NOT NULL,
    resource_id TEXT NOT NULL, category TEXT NOT NULL, rows INTEGER NOT NULL, memory INTEGER NOT NULL,
    bytes INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS sent (key TEXT PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sent_by_age ON sent (at);
CREATE TABLE IF NOT EXISTS decision (seq INTEGER PRIMARY KEY, destinations TEXT NOT NULL);
"""
# A checkpoint every 16 MB: SQLite's default of 4 MB would stop the committer after every few large bodies.
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "wal_autocheckpoint=4000")


@dataclass(frozen=True)
class Row:
    """A batch about to be written: where it belongs, its encoded rows, and their bytes in memory."""

    resource_id: str
    category: str
    rows: int
    memory: int
    payload: bytes


@dataclass(frozen=True)
class Header:
    """A stored batch without its payload."""

    sequence: int
    received: int
    principal: str
    door: str
    resource_id: str
    category: str
    rows: int
    memory: int


@dataclass(frozen=True)
class Held:
    """How much is stored."""

    batches: int
    bytes: int


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode: transactions are begun by name."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def create(connection: sqlite3.Connection, new_epoch: str) -> str:
    """Create what is missing and return the epoch: the one there is, or `new_epoch` for a new file."""
    connection.executescript(_SCHEMA)
    facts = (("format", str(FORMAT)), ("epoch", new_epoch))
    connection.executemany("INSERT INTO about VALUES (?, ?) ON CONFLICT DO NOTHING", facts)
    about = dict(connection.execute("SELECT name, value FROM about").fetchall())
    if "format" not in about or "epoch" not in about:
        raise Unavailable("IntakeDamaged", "The intake does not know its own format and epoch: the file is damaged.")
    if int(about["format"]) > FORMAT:
        raise Unavailable(
            "IntakeTooNew",
            f"The intake has format {about['format']}, this lazulite reads up to {FORMAT}. Start the newer version.",
        )
    return str(about["epoch"])


def known(connection: sqlite3.Connection, key: str, since: int) -> int | None:
    """The sequence of an emission whose key was seen at or after `since` ticks."""
    row = connection.execute("SELECT seq FROM sent WHERE key = ? AND at >= ?", (key, since)).fetchone()
    return None if row is None else int(row[0])


def remember(connection: sqlite3.Connection, key: str, sequence: int, at: int) -> None:
    connection.execute(
        "INSERT INTO sent VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET seq = excluded.seq, at = excluded.at",
        (key, sequence, at),
    )


def forget_keys(connection: sqlite3.Connection, before: int) -> None:
    connection.execute("DELETE FROM sent WHERE at < ?", (before,))


def insert(connection: sqlite3.Connection, rows: Iterable[Row], received: int, principal: str, door: str) -> int:
    """Insert batches in order; returns the last one's sequence."""
    sequence = 0
    for row in rows:
        cursor = connection.execute(
            "INSERT INTO batch (received, principal, door, resource_id, category, rows, memory, bytes, payload)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(received, principal, door, row.resource_id, row.category),
                *(row.rows, row.memory, len(row.payload), row.payload),
            ),
        )
        sequence = cursor.lastrowid or 0
    return sequence


def headers(connection: sqlite3.Connection, after: int, limit: int) -> Iterator[Header]:
    query = (
        "SELECT seq, received, principal, door, resource_id, category, rows, memory FROM batch"
        " WHERE seq > ? ORDER BY seq LIMIT ?"
    )
    return (Header(*row) for row in connection.execute(query, (after, limit)))


def payload(connection: sqlite3.Connection, sequence: int) -> bytes:
    row = connection.execute("SELECT payload FROM batch WHERE seq = ?", (sequence,)).fetchone()
    return b"" if row is None else bytes(row[0])


def decide(connection: sqlite3.Connection, decisions: Mapping[int, tuple[str, ...]]) -> None:
    connection.executemany(
        "INSERT INTO decision VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(sequence, msgspec.json.encode(where).decode()) for sequence, where in decisions.items()],
    )


def decisions(connection: sqlite3.Connection, after: int, through: int) -> dict[int, tuple[str, ...]]:
    rows = connection.execute("SELECT seq, destinations FROM decision WHERE seq > ? AND seq <= ?", (after, through))
    return {sequence: msgspec.json.decode(text, type=tuple[str, ...]) for sequence, text in rows}


def drop(connection: sqlite3.Connection, through: int) -> Held:
    """Delete batches up to a sequence, with their decisions; returns how much that was."""
    held = _held(connection, "WHERE seq <= ?", (through,))
    if held.batches:
        connection.execute("DELETE FROM batch WHERE seq <= ?", (through,))
        connection.execute("DELETE FROM decision WHERE seq <= ?", (through,))
    return held


def held(connection: sqlite3.Connection) -> Held:
    return _held(connection, "", ())


def _held(connection: sqlite3.Connection, where: str, parameters: tuple[int, ...]) -> Held:
    row = connection.execute(f"SELECT count(*), coalesce(sum(bytes), 0) FROM batch {where}", parameters).fetchone()
    return Held(int(row[0]), int(row[1]))


def last(connection: sqlite3.Connection) -> int:
    """The highest sequence ever given; it survives the deletion of every batch."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'batch'").fetchone()
    return 0 if row is None else int(row[0])


def oldest_received(connection: sqlite3.Connection) -> int | None:
    """When the oldest batch that is kept was received, in ticks."""
    row = connection.execute("SELECT received FROM batch ORDER BY seq LIMIT 1").fetchone()
    return None if row is None else int(row[0])


def go_on_after(connection: sqlite3.Connection, sequence: int) -> None:
    """Make the next sequence given a later one than `sequence`."""
    connection.execute("INSERT INTO sqlite_sequence SELECT 'batch', 0 WHERE NOT EXISTS (SELECT * FROM sqlite_sequence)")
    connection.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'batch'", (sequence,))


def oldest(connection: sqlite3.Connection) -> int | None:
    row = connection.execute("SELECT min(seq) FROM batch").fetchone()
    return None if row[0] is None else int(row[0])
