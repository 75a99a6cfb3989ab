"""What comes back from a log query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from lazulite import kql


@dataclass(frozen=True)
class LogTable:
    """One table of an answer; the rows are in kql.local's column form."""

    name: str
    columns: tuple[kql.Column, ...]
    rows: pa.Table


@dataclass(frozen=True)
class Partial:
    """Something is missing from the answer: why, in a code and words. `limit` names the limit that cut it, if any."""

    code: str
    message: str
    limit: str | None = None


@dataclass(frozen=True)
class LogAnswer:
    """What came back; it is whole when `partial` is empty."""

    tables: tuple[LogTable, ...]
    render: kql.Render | None
    statistics: Mapping[str, Any] = field(default_factory=dict)
    partial: tuple[Partial, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the rows in memory."""
        return sum(table.rows.nbytes for table in self.tables)
