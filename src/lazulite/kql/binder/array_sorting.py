"""array_sort_asc and array_sort_desc of several arrays: a column for each, all in the order of the first."""

from __future__ import annotations

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import applied
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import SORTS, Scope
from lazulite.kql.binder.local_calls import staged
from lazulite.kql.binder.names import result_name
from lazulite.kql.errors import semantic
from lazulite.kql.plan import Const, Expr, Field

Columns = list[tuple[str, Expr]]


def sorted_arrays(scope: Scope, node: s.Node) -> Columns:
    """Names and values of a call with several arrays; empty for anything else."""
    if not isinstance(node, s.Call) or node.name not in SORTS or node.name in scope.environment.names:
        return []
    values = [scope.bind(argument) for argument in node.arguments]
    nulls_last: Expr = Const(types.BOOL, True)
    if len(values) > 1 and values[-1].type == types.BOOL:
        nulls_last = values.pop()
    if len(values) < 2:
        return []
    arrays = [convert(value, types.DYNAMIC, node.span) for value in values]
    named = (result_name(argument) or f"array{at}" for at, argument in enumerate(node.arguments))
    return [
        (f"{name}_sorted", _sorted(scope, node.name, nulls_last, at, arrays))
        for at, (name, _) in enumerate(zip(named, arrays, strict=False))
    ]


def _sorted(scope: Scope, name: str, nulls_last: Expr, which: int, arrays: list[Expr]) -> Expr:
    descending = Const(types.BOOL, SORTS[name])
    return staged(scope, applied("$sorted", descending, nulls_last, Const(types.LONG, which), *arrays))


def member_of_sorted(scope: Scope, node: s.Call) -> Expr:
    """`array_sort_asc(a, b)[1]`: of several arrays that array, of one its element. The place is the first argument."""
    place, *arguments = node.arguments
    call = s.Call(node.start, node.end, node.name.removeprefix("$member_of_"), tuple(arguments))
    several, key = sorted_arrays(scope, call), scope.bind(place)
    if not several:
        return Field(types.DYNAMIC, scope.bind(call), key)
    if not isinstance(key, Const) or not isinstance(key.value, int) or not 0 <= key.value < len(several):
        raise semantic(f"{call.name}() gives {len(several)} arrays: a place from 0 picks one", place.span)
    return several[key.value][1]
