"""The data folder: where each file is, one process at a time, and which format it has.

DIR/                   mode 0700
  lazulite.toml        settings, if the user wrote any
  format.json          {format, lazulite, duckdb}
  lock                 held while a server runs; its content is the holder's process id
  connection.json      how to reach the running server, written by `server.connection`
  ca.pem, tls/         certificates, written by `server.tls`
  keys/                the key that signs tokens, written by `identity.signing_key`
  intake.db, state.db, logs.duckdb, spill/
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TextIO

import duckdb
import msgspec

import lazulite
from lazulite.core.errors import LazuliteError
from lazulite.core.files import write_atomically

FORMAT = 1


class FolderError(LazuliteError):
    """The data folder cannot be used: held by another server, of a newer format, or not ours."""


class Format(msgspec.Struct, frozen=True):
    """What wrote the folder last; `format` grows by one with each migration step."""

    format: int
    lazulite: str
    duckdb: str


@dataclass(frozen=True)
class Step:
    """Takes a folder from format `to - 1` to `to`. `run` may be repeated: a crash in it starts it again."""

    to: int
    run: Callable[[Paths], None]


STEPS: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Paths:
    """Every path below the data folder."""

    folder: Path

    @property
    def format(self) -> Path:
        return self.folder / "format.json"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def tls(self) -> Path:
        return self.folder / "tls"

    @property
    def keys(self) -> Path:
        """Signing keys of the tokens."""
        return self.folder / "keys"

    @property
    def intake(self) -> Path:
        return self.folder / "intake.db"

    @property
    def state(self) -> Path:
        return self.folder / "state.db"

    @property
    def engine(self) -> Path:
        return self.folder / "logs.duckdb"

    @property
    def spill(self) -> Path:
        return self.folder / "spill"


class DataFolder:
    """An open data folder: locked, of the present format. Close it last; a crash releases the lock as well."""

    def __init__(self, folder: Path, steps: Sequence[Step] = STEPS, current: int = FORMAT) -> None:
        self.paths = Paths(folder.resolve())
        self._create()
        self._lock: TextIO = _locked(self.paths.lock)
        try:
            self._migrate(steps, current)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> DataFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        # The file stays: removing it would let two servers lock two different files of one name.
        self._lock.close()

    def _create(self) -> None:
        try:
            self.paths.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for part in (self.paths.folder, self.paths.tls, self.paths.keys, self.paths.spill):
                part.mkdir(mode=0o700, exist_ok=True)
                part.chmod(0o700)
        except OSError as wrong:
            raise FolderError(
                "DataFolderUnusable", f"The data folder {self.paths.folder} cannot be made or opened: {wrong}."
            ) from wrong

    def _migrate(self, steps: Sequence[Step], current: int) -> None:
        stored = self._stored(current)
        if stored > current:
            raise FolderError(
                "DataFolderNewer",
                f"{self.paths.folder} has format {stored}, and this lazulite {lazulite.__version__} knows formats up to"
                f" {current}. Start a newer lazulite on it, or give another --data folder.",
            )
        for step in sorted(steps, key=lambda step: step.to):
            if stored < step.to <= current:
                step.run(self.paths)
                self._record(step.to)
        self._record(current)

    def _stored(self, current: int) -> int:
        try:
            found = msgspec.json.decode(self.paths.format.read_bytes(), type=Format).format
        except FileNotFoundError:
            self._refuse_unmarked()
            return current
        except (msgspec.MsgspecError, OSError) as wrong:
            raise FolderError("DataFolderUnusable", f"{self.paths.format} cannot be read: {wrong}.") from wrong
        self._refuse_lost_state()
        return found

    def _refuse_lost_state(self) -> None:
        """state.db is always made before the stores: without it they would be those of workspaces nobody knows."""
        state = self.paths.state
        stores = [store.name for store in (self.paths.intake, self.paths.engine) if store.exists()]
        if stores and not (state.exists() and state.stat().st_size):
            raise FolderError(
                "DataFolderUnusable",
                f"{self.paths.folder} has {' and '.join(stores)}, but {state.name} is missing or empty: whose"
                f" rows they hold is unknown. Restore {state.name} from a backup, or give another --data folder.",
            )

    def _refuse_unmarked(self) -> None:
        """Stores without a format.json were not written by any lazulite: format.json always comes first."""
        for store in (self.paths.state, self.paths.intake, self.paths.engine):
            if store.exists():
                raise FolderError(
                    "DataFolderUnusable",
                    f"{self.paths.folder} has {store.name} but no format.json, so its format is unknown. Restore"
                    " format.json from the backup that the folder came from, or give another --data folder.",
                )

    def _record(self, number: int) -> None:
        written = msgspec.json.encode(Format(number, lazulite.__version__, duckdb.__version__))
        write_atomically(self.paths.format, written + b"\n", 0o644)


def _locked(path: Path) -> TextIO:
    # Open for reading and writing without truncation: the loser of the race must read the holder's id.
    file = os.fdopen(
        os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="ascii", errors="replace"
    )
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as wrong:
        holder = file.read(20).strip() or "unknown"
        file.close()
        raise FolderError(
            "DataFolderInUse",
            f"Another lazulite (process {holder}) runs on {path.parent}. Stop it (kill {holder}), or give another"
            " --data folder.",
        ) from wrong
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
