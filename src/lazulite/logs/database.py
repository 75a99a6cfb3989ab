"""The tables that a query sees: the catalog's, and what the engine holds of the workspaces in its scope.

A catalog table binds to its columns from the start and has no rows before its first one; a table of several workspaces
is the union of theirs. Names compare with case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lazulite.catalog import STANDARD_COLUMNS, LogTable, log_table, log_tables
from lazulite.core.errors import BadRequest
from lazulite.engine.interface import Schema, StoredTable
from lazulite.kql import Column, Table

# Log Analytics shows these two before a table's own columns and the other standard ones behind them.
LEADING = ("TenantId", "TimeGenerated")
_STANDARD = dict(STANDARD_COLUMNS)
_TRAILING = tuple(name for name in _STANDARD if name not in LEADING and not name.startswith("_")) + tuple(
    name for name in _STANDARD if name.startswith("_")
)


class WorkspaceDatabase:
    """kql.Database over one revision of the engine's schema; `spaces` are customer ids, lower case."""

    def __init__(self, schema: Schema, spaces: Sequence[str]) -> None:
        self._schema = schema
        self._spaces = tuple(dict.fromkeys(spaces))

    def table(self, name: str) -> Table | None:
        """The table by its exact name; raises BadRequest where workspaces disagree on a column's type."""
        stored = [found for space in self._spaces if (found := self._schema.tables.get((space, name)))]
        known = log_table(name)
        if known is None and not stored:
            return None
        return Table(name, _columns(name, known, stored), tuple(each.relation for each in stored))

    def names(self) -> Iterable[str]:
        """Every name that `table` knows, without repeats: the catalog's first."""
        spaces = set(self._spaces)
        stored = (name for space, name in sorted(self._schema.tables) if space in spaces)
        return list(dict.fromkeys((*(table.name for table in log_tables()), *stored)))


def _columns(name: str, known: LogTable | None, stored: Sequence[StoredTable]) -> tuple[Column, ...]:
    """Stored types win over the catalog's: a column is never retyped in place."""
    seen: dict[str, str] = {}
    for column in (column for each in stored for column in each.columns):
        if seen.setdefault(column.name, column.type) != column.type:
            raise BadRequest(
                "BadArgumentError",
                f"The column '{column.name}' of '{name}' is {seen[column.name]} in one workspace and {column.type} in"
                " another. Query these workspaces one at a time.",
            )
    types = (known.types if known else {}) | seen
    return tuple(Column(each, types[each]) for each in _in_order(types))


def _in_order(types: Iterable[str]) -> list[str]:
    own = [name for name in types if name not in _STANDARD]
    present = set(types)
    return [name for name in (*LEADING, *own, *_TRAILING) if name in present]
