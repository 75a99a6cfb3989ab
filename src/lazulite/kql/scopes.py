"""Tables of other scopes, such as `workspace("logs").Table`: the words as data, and the syntax that they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lazulite.kql.syntax import Call, Node

# Kind -> what its argument is.
ANSWERED: Final = {
    "workspace": "a workspace's name, customer id or ARM id",
    "database": "a workspace's name, customer id or ARM id",
    "resource": "a resource's ARM id",
}
# Scopes of other services, refused by name.
REFUSED: Final = {
    "cluster": "another Kusto cluster",
    "app": "a classic Application Insights application",
    "adx": "a database of Azure Data Explorer",
    "arg": "Azure Resource Graph",
}
NAMES: Final = frozenset((*ANSWERED, *REFUSED))


@dataclass(frozen=True, slots=True)
class ScopedTable(Node):
    """`scope.Table`, `scope.["Table"]`, `scope.table("Table")`; in a union the names may be patterns.

    `scopes` are the calls before the table, the outermost first: `cluster("c").database("d").T` has two. `called`: the
    name is that of a function. `exact`: a `*` in the name is only a letter.
    """

    scopes: tuple[Call, ...]
    name: str
    called: bool = False
    exact: bool = False
