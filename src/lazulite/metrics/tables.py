"""The tables of the engine's space `_metrics` as KQL sees them: `point` and `series`."""

from __future__ import annotations

from collections.abc import Iterable

from lazulite import kql
from lazulite.engine import Schema
from lazulite.metrics.points import POINT, SERIES, SPACE, STORED_POINT, STORED_SERIES

_COLUMNS = {POINT: STORED_POINT, SERIES: STORED_SERIES}


class MetricTables:
    """A kql.Database over one revision of the schema; a table that has had no row yet binds and gives no rows."""

    def __init__(self, schema: Schema) -> None:
        self._stored = schema.of(SPACE)

    def table(self, name: str) -> kql.Table | None:
        if name not in _COLUMNS:
            return None
        stored = self._stored.get(name)
        return kql.Table(name, _COLUMNS[name], () if stored is None else (stored.relation,))

    def names(self) -> Iterable[str]:
        return _COLUMNS
