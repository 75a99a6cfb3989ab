"""row_rank_dense() and row_rank_min(): ranks among the rows so far, from where a value differs from the row before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import windowed
from lazulite.kql.binder.expressions import Scope, boolean
from lazulite.kql.binder.surroundings import Special
from lazulite.kql.errors import semantic
from lazulite.kql.plan import Const, Expr, Windowed


@dataclass(frozen=True)
class _Rows:
    """The rows that a window function runs over."""

    scope: Scope

    def of(self, name: str, position: int, *arguments: Expr) -> Windowed:
        """A window function of the table over these rows."""
        assert self.scope.order is not None
        return windowed(name, *arguments, order=self.scope.order, partition=self.scope.partition, form=position)


def _parts(scope: Scope, node: s.Call) -> tuple[Windowed, tuple[Expr, ...]]:
    """Whether the value has changed, and what counts the restarts, if any."""
    if scope.order is None:
        raise semantic(f"{node.name}() needs rows in order: put 'sort by' or 'serialize' before it", node.span)
    if len(node.arguments) not in (1, 2):
        raise semantic(f"{node.name}() takes a value, and maybe where it starts again", node.span)
    value = scope.bind(node.arguments[0])
    if value.type == types.DYNAMIC:
        raise semantic(f"{node.name}() takes no dynamic: convert it, e.g. with tostring()", node.span)
    changed = _Rows(scope).of("$changed", 0, value)
    restarts = [_Rows(scope).of("$restart", 0, boolean(scope, argument)) for argument in node.arguments[1:]]
    return changed, tuple(restarts)


def _dense(scope: Scope, node: s.Call) -> Expr:
    changed, restarts = _parts(scope, node)
    return _Rows(scope).of("$changes", len(restarts), changed, *restarts)


def _lowest(scope: Scope, node: s.Call) -> Expr:
    changed, restarts = _parts(scope, node)
    first = Const(types.LONG, 1)
    number = _Rows(scope).of("row_number", 2, first, *restarts) if restarts else _Rows(scope).of("row_number", 0)
    return _Rows(scope).of("$latest", len(restarts), changed, number, *restarts)


SPECIAL: Final[dict[str, Special]] = {"row_rank_dense": _dense, "row_rank_min": _lowest}
