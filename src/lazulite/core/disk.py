"""The disk reserve: space that writes leave free, so that reads, answers and the end of the service still work."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from lazulite.core.errors import Unavailable

_MIB = 1024 * 1024


@dataclass(frozen=True)
class DiskReserve:
    """Space that writes must leave free: `size` bytes, a `fraction` of the whole disk, or the lesser of both."""

    size: int | None = None
    fraction: float | None = None

    def bytes_of(self, folder: Path) -> int:
        """The reserve in bytes on the disk that holds `folder`."""
        part = None if self.fraction is None else int(self.fraction * shutil.disk_usage(folder).total)
        return min(bound for bound in (self.size, part) if bound is not None)


# 5 % alone would be 50 GB of a 1 TB disk, and 512 MiB alone more than a small disk has.
DEFAULT_RESERVE = DiskReserve(512 * _MIB, 0.05)


def require_disk(folder: Path, reserve: int | None = None, size: int = 0) -> None:
    """Raises Unavailable when writing `size` bytes would leave less than `reserve` bytes (None: the default) free."""
    kept = DEFAULT_RESERVE.bytes_of(folder) if reserve is None else reserve
    free = shutil.disk_usage(folder).free
    if free - size < kept:
        raise Unavailable(
            "DiskReserveReached",
            f"The disk of {folder} has {free // _MIB} MiB free and {kept // _MIB} MiB are kept in reserve:"
            " nothing is written until space is freed.",
            retry_after=10.0,
        )
