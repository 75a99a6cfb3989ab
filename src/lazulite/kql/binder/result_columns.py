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

# Where what is not given a name keeps its own; elsewhere it is left out, if any is given one.
KEEP_RESULTS = ("project",)
KEEP_ARRAYS = ("project", "extend")


def columns_of(scope: Scope, item: s.Node, word: str) -> list[tuple[str, s.Node, Expr]]:
    """The columns of a call with several results: name, item, value. Empty for anything else."""
    node = item.value if isinstance(item, s.Assign) else item
    if not isinstance(node, s.Call) or node.name in scope.environment.names:
        return []
    arrays = sorted_arrays(scope, node)
    record = FUNCTIONS.get(node.name)
    if arrays:
        return _named(item, node, _given(item, node, len(arrays), "arrays"), arrays, word, KEEP_ARRAYS)
    if record is None or not record.results:
        return []
    given = _given(item, node, len(record.results), "columns")
    return _named(item, node, given, _columns(scope, record, node), word, KEEP_RESULTS)


def _given(item: s.Node, node: s.Call, count: int, what: str) -> tuple[str, ...]:
    """The names before `=`, which may be fewer than the columns."""
    given = item.names if isinstance(item, s.Assign) else ()
    if len(given) > count:
        raise semantic(f"{node.name}() gives {count} {what}, not {len(given)}", item.span)
    return given


def _named(
    item: s.Node, node: s.Call, given: tuple[str, ...], found: Columns, word: str, keeping: tuple[str, ...]
) -> list[tuple[str, s.Node, Expr]]:
    """The columns under the names that they are given; a given name counts as an assignment, and in print any does."""
    shown = len(found) if not given or word in keeping else len(given)
    names = (*given, *(name for name, _ in found[len(given) :]))
    return [
        (name, s.Assign(item.start, item.end, (name,), node) if at < len(given) or word == "print" else node, value)
        for at, (name, (_, value)) in enumerate(zip(names[:shown], found, strict=False))
    ]


def _columns(scope: Scope, record: Function, node: s.Call) -> Columns:
    call = apply(record, [scope.bind(argument) for argument in node.arguments], node)
    assert isinstance(call, Apply)
    whole = staged(scope, call)
    first = result_name(node.arguments[0]) if node.arguments else None
    return [
        (
            f"{record.name}_{first or ''}_{name}",
            convert(Field(types.DYNAMIC, whole, Const(types.LONG, at)), kind, node.span),
        )
        for at, (name, kind) in enumerate(record.results)
    ]
