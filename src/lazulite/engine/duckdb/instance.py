"""The one owner of the DuckDB instance: opens it, hands out cursors, closes it, and opens it again after a failure.

A failed write or checkpoint leaves an instance that answers nothing but FatalException; only closing every cursor and
opening the file anew helps. Meanwhile `cursor()` raises Unavailable with the reason.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psutil

from lazulite.core.errors import Unavailable
from lazulite.engine.duckdb.failures import brief
from lazulite.engine.duckdb.settings import MIB, STORAGE_VERSION, DuckDbSettings

FILE_NAME = "logs.duckdb"
DRAIN_SECONDS = 5.0
Connection = duckdb.DuckDBPyConnection

_open_paths: set[Path] = set()
_open_lock = threading.Lock()


class Instance:
    """`prepare` runs on each newly opened connection, before anyone else may use it."""

    def __init__(self, folder: Path, settings: DuckDbSettings, prepare: Callable[[Connection], None]) -> None:
        self.path = (folder / FILE_NAME).resolve()
        self._settings = settings
        self._prepare = prepare
        self._lock = threading.Condition()
        self._cursors: set[Connection] = set()
        self._reason: str | None = None
        self._memory_bytes = settings.memory_bytes
        _claim(self.path)
        try:
            self._root = self._connect()
        except BaseException:
            _release(self.path)
            raise

    @property
    def reason(self) -> str | None:
        """Why the instance cannot be used now, or None."""
        return self._reason

    @property
    def wal_bytes(self) -> int:
        wal = Path(f"{self.path}.wal")
        return wal.stat().st_size if wal.exists() else 0

    @contextmanager
    def cursor(self) -> Iterator[Connection]:
        """A cursor of the caller's own, for one thread; raises Unavailable while there is no instance."""
        with self._lock:
            if self._reason is not None:
                raise Unavailable("EngineUnavailable", self._reason)
            cursor = self._root.cursor()
            self._cursors.add(cursor)
        try:
            yield cursor
        finally:
            with self._lock:
                self._cursors.discard(cursor)
                cursor.close()
                self._lock.notify_all()

    def broken(self, error: BaseException) -> None:
        """Stop handing out cursors and interrupt those in use; `reopen` is the writer's to call."""
        with self._lock:
            self._reason = self._reason or f"The store is being reopened after a failure: {brief(error)}"
            self._interrupt()

    def reopen(self) -> None:
        """Close and open once; raises what opening raises, and may be called again."""
        self._shut()
        self._root = self._connect()
        with self._lock:
            self._reason = None

    def widen(self) -> bool:
        """Have the next opening take twice the memory, up to half of the machine's; False when that is reached.

        A checkpoint reads 2 048 values of a column at once, so long texts can need more than was given; without one the
        log grows until nothing can be written any more. It holds until the process ends.
        """
        wider = self._memory_bytes * 2
        if wider > psutil.virtual_memory().total // 2:
            return False
        self._memory_bytes = wider
        return True

    @property
    def memory_bytes(self) -> int:
        """What DuckDB may take at the next opening."""
        return self._memory_bytes

    def close(self) -> None:
        """Interrupt what runs and close; the instance is of no use afterwards."""
        with self._lock:
            self._reason = "The service is stopping."
        self._shut()
        _release(self.path)

    def _shut(self) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        with self._lock:
            # An interrupt between two statements of a reader is lost, so it is repeated until the reader is gone.
            while self._cursors and time.monotonic() < deadline:
                self._interrupt()
                self._lock.wait(0.05)
        self._root.close()

    def _interrupt(self) -> None:
        for cursor in self._cursors:
            cursor.interrupt()

    def _connect(self) -> Connection:
        try:
            root = duckdb.connect(str(self.path), config=self._config())
        except duckdb.Error as error:
            raise _unopened(self.path, error) from error
        try:
            root.execute("SET enable_external_access = false; SET lock_configuration = true")
            self._prepare(root)
        except BaseException:
            root.close()
            raise
        return root

    def _config(self) -> dict[str, str | bool | int | float | list[str]]:
        """Automatic checkpoints are put out of reach: the writer decides when."""
        folder = self.path.parent
        return {
            "memory_limit": f"{self._memory_bytes // MIB}MiB",
            "threads": self._settings.threads,
            "temp_directory": str(folder / "spill"),
            "max_temp_directory_size": f"{self._settings.spill_bytes // MIB}MiB",
            "storage_compatibility_version": STORAGE_VERSION,
            "checkpoint_threshold": "1TB",
            "auto_checkpoint_skip_wal_threshold": "1000000000000",
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "python_enable_replacements": False,
            "python_scan_all_frames": False,
        }


def _claim(path: Path) -> None:
    with _open_lock:
        if path in _open_paths:
            raise Unavailable("EngineLocked", f"{path} is already open in this process.")
        _open_paths.add(path)


def _release(path: Path) -> None:
    with _open_lock:
        _open_paths.discard(path)


def _unopened(path: Path, error: BaseException) -> Unavailable:
    holder = re.search(r"\(PID (\d+)\)", str(error))
    if holder:
        return Unavailable(
            "EngineLocked",
            f"{path} is in use by the process with id {holder[1]}: one lazulite serves a data folder. "
            "Stop that one, or choose another folder with --data.",
        )
    return Unavailable(
        "EngineUnopened",
        f"{path} cannot be opened: {brief(error).rstrip('. ')}. If it is damaged or was restored, take all files of"
        f" {path.parent} from one backup, and remove {path.name}.wal if the backup has none.",
    )
