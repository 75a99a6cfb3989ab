"""Functions of columns and states that a signature cannot say: packs, merged states, typed percentiles of a state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import applied, fitting
from lazulite.kql.binder.array_sorting import member_of_sorted
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import SORTS, Scope
from lazulite.kql.binder.local_calls import staged
from lazulite.kql.errors import semantic
from lazulite.kql.plan import Const, Expr

Special = Callable[[Scope, s.Call], Expr]
Pairs = list[tuple[str, Expr]]


def packed(pairs: Pairs, node: s.Node) -> Expr:
    arguments: list[Expr] = []
    for name, value in pairs:
        arguments += [Const(types.STRING, name), convert(value, types.DYNAMIC, node.span)]
    return applied("bag_pack", *arguments)


def _pack_columns(scope: Scope, node: s.Call) -> Expr:
    names = [argument for argument in node.arguments if isinstance(argument, s.Name)]
    if not names or len(names) < len(node.arguments):
        raise semantic("bag_pack_columns() takes columns", node.span)
    return packed([(name.text, scope.bind(name)) for name in names], node)


def _pack_all(scope: Scope, node: s.Call) -> Expr:
    if len(node.arguments) > 1:
        raise semantic("pack_all() takes one bool: whether null and empty values are left out", node.span)
    leaves_out = scope.bind(node.arguments[0]) if node.arguments else Const(types.BOOL, False)
    if not isinstance(leaves_out, Const) or not isinstance(leaves_out.value, bool):
        raise semantic("The argument of pack_all() must be true or false", node.span)
    found = packed(list(scope.columns.items()), node)
    return staged(scope, applied("$without_empty", found)) if leaves_out.value else found


def _pack_array(scope: Scope, node: s.Call) -> Expr:
    """pack_array(*) takes all columns; a star stands alone or among other values."""
    if not node.arguments:
        raise semantic("pack_array() takes values, or * for all columns", node.span)
    values: list[Expr] = []
    for argument in node.arguments:
        values.extend(scope.columns.values() if isinstance(argument, s.Star) else [scope.bind(argument)])
    return applied("pack_array", *(convert(value, types.DYNAMIC, node.span) for value in values))


def _merge(scalar: str) -> Special:
    """An aggregate of one argument; of more a function of the row."""

    def bind(scope: Scope, node: s.Call) -> Expr:
        if len(node.arguments) > 1:
            states = [convert(scope.bind(argument), types.DYNAMIC, argument.span) for argument in node.arguments]
            return staged(scope, applied(scalar, *states))
        if scope.aggregates is None:
            raise semantic(f"{node.name}() of one state stands only in summarize", node.span)
        return scope.aggregates(node)

    return bind


def _percentile_tdigest(scope: Scope, node: s.Call) -> Expr:
    """A dynamic, or the type that typeof() names."""
    kind = node.arguments[2] if len(node.arguments) == 3 else None
    if len(node.arguments) not in (2, 3) or (kind is not None and not isinstance(kind, s.TypeOf)):
        raise semantic("percentile_tdigest() takes a state, a percentage, and maybe a typeof()", node.span)
    state, share = (scope.bind(argument) for argument in node.arguments[:2])
    if share.type not in types.NUMBERS:
        raise semantic("The percentage must be a number", node.arguments[1].span)
    arguments = (convert(state, types.DYNAMIC, node.span), convert(share, types.REAL, node.span))
    found = staged(scope, applied("percentile_tdigest", *arguments))
    return convert(found, kind.type, kind.span) if isinstance(kind, s.TypeOf) else found


def _in_array(scope: Scope, node: s.Call) -> Expr:
    """What `in` makes of an array that is not constant."""
    wanted, values = (scope.bind(argument) for argument in node.arguments)
    return staged(scope, fitting("$in_array", wanted, values))


SPECIAL: Final[dict[str, Special]] = {
    "$in_array": _in_array,
    **{f"$member_of_{name}": member_of_sorted for name in SORTS},
    "bag_pack_columns": _pack_columns,
    "pack_all": _pack_all,
    "pack_array": _pack_array,
    "hll_merge": _merge("$merged_hll"),
    "tdigest_merge": _merge("$merged_tdigest"),
    "merge_tdigest": _merge("$merged_tdigest"),
    "percentile_tdigest": _percentile_tdigest,
}
