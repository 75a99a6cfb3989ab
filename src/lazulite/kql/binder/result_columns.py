"""Functions that give several columns, such as series_fit_line(): one local stage, and a column for each result."""

from __future__ import annotations

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.array_sorting import Columns, sorted_arrays
from lazulite.kql.binder.calls import apply
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.local_calls import staged
from lazulite.kql.binder.names import result_name
from lazulite.kql.errors import semantic
from lazulite.kql.functions import FUNCTIONS, Function
from lazulite.kql.plan import Apply, Const, Expr, Field

# What is not given a name keeps its own in project; extend and print leave it out, if any is given one.
KEEPS_REST = "project"


def columns_of(scope: Scope, item: s.Node, word: str) -> list[tuple[str, s.Node, Expr]]:
    """The columns of a call with several results: name, item, value. Empty for anything else."""
    node = item.value if isinstance(item, s.Assign) else item
    if not isinstance(node, s.Call) or node.name in scope.environment.names:
        return []
    arrays = sorted_arrays(scope, node)
    if arrays:
        return _arrays(item, node, arrays, word)
    record = FUNCTIONS.get(node.name)
    if record is None or not record.results:
        return []
    given = item.names if isinstance(item, s.Assign) else ()
    if len(given) > len(record.results):
        raise semantic(f"{node.name}() gives {len(record.results)} columns, not {len(given)}", item.span)
    shown = len(record.results) if not given or word == KEEPS_REST else len(given)
    return [
        (name, s.Assign(item.start, item.end, (name,), node) if at < len(given) or word == "print" else node, value)
        for at, (name, value) in enumerate(_columns(scope, record, node, given)[:shown])
    ]


def _arrays(item: s.Node, node: s.Call, arrays: Columns, word: str) -> list[tuple[str, s.Node, Expr]]:
    """What is not given a name keeps its own; print leaves it out, if any is given one."""
    given = item.names if isinstance(item, s.Assign) else ()
    if len(given) > len(arrays):
        raise semantic(f"{node.name}() gives {len(arrays)} arrays, not {len(given)}", item.span)
    shown = len(given) if given and word == "print" else len(arrays)
    return [
        (
            given[at] if at < len(given) else name,
            s.Assign(item.start, item.end, (name,), node) if at < len(given) or word == "print" else node,
            value,
        )
        for at, (name, value) in enumerate(arrays[:shown])
    ]


def _columns(scope: Scope, record: Function, node: s.Call, given: tuple[str, ...]) -> list[tuple[str, Expr]]:
    call = apply(record, [scope.bind(argument) for argument in node.arguments], node)
    assert isinstance(call, Apply)
    whole = staged(scope, call)
    first = result_name(node.arguments[0]) if node.arguments else None
    names = (*given, *(f"{record.name}_{first or ''}_{name}" for name, _ in record.results[len(given) :]))
    return [
        (name, convert(Field(types.DYNAMIC, whole, Const(types.LONG, at)), kind, node.span))
        for at, (name, (_, kind)) in enumerate(zip(names, record.results, strict=True))
    ]
