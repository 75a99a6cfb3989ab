"""The stored tables of one space, as a query sees them."""

from __future__ import annotations

from lazulite import kql
from lazulite.engine import Schema


class StoredTables:
    """Implements kql.Database over an engine's schema, with no catalog behind it."""

    def __init__(self, schema: Schema, space: str) -> None:
        self._tables = schema.of(space)

    def table(self, name: str) -> kql.Table | None:
        found = self._tables.get(name)
        return None if found is None else kql.Table(name, found.columns, (found.relation,))

    def names(self) -> list[str]:
        return list(self._tables)
