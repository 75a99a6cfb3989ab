"""Aggregates with several results, or with results that depend on constants: arg_max, take_any, percentiles."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final, Protocol

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import applied
from lazulite.kql.binder.calls import match, result_type
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.names import result_name
from lazulite.kql.binder.scope import Rel
from lazulite.kql.errors import Span, semantic, unsupported
from lazulite.kql.functions import FUNCTIONS
from lazulite.kql.plan import Aggregated, Const, Expr, Ref, RowField, RowOf

Found = list[tuple[str, Expr]]


class Holder(Protocol):
    """What a group offers: its rows, its keys, and a column for each aggregate."""

    @property
    def scope(self) -> Scope: ...

    @property
    def rel(self) -> Rel: ...

    @property
    def keys(self) -> list[tuple[Ref, Expr]]: ...

    def hold(self, value: Expr) -> Ref:
        """A column for an aggregate."""
        ...


Several = Callable[[Holder, s.Call], Found]


def _rows(group: Holder) -> Scope:
    return replace(group.scope, aggregates=None)


# ---- columns of one row


def _extreme(pick: str, older: bool) -> Several:
    def bind(group: Holder, node: s.Call) -> Found:
        if not node.arguments:
            raise semantic(f"{node.name}() takes a value and the columns to return", node.span)
        first = node.arguments[0]
        by = _rows(group).bind(first.value if isinstance(first, s.Assign) else first)
        if by.type == types.DYNAMIC:
            raise semantic(
                f"{node.name}() cannot compare dynamic values: convert them, e.g. with tostring()", first.span
            )
        main = result_name(first)
        named = list(_columns(group, node.arguments[1:], by, f"{pick}_{main or ''}_arg"))
        row = group.hold(RowOf("row", pick, by, (by, *(value for _, value in named))))
        head = f"{pick}_{main or ''}" if older else main or f"{pick}_"
        found: Found = [(head, RowField(by.type, row, 0))]
        prefix = f"{pick}_{main or ''}_" if older else ""
        return found + [
            (prefix + name.removeprefix(prefix), RowField(value.type, row, at))
            for at, (name, value) in enumerate(named, 1)
        ]

    return bind


def _columns(group: Holder, items: tuple[s.Node, ...], by: Expr | None, unnamed: str) -> Iterator[tuple[str, Expr]]:
    """What `*` and expressions return. `*` leaves out the keys, the compared column, and what stands there by name."""
    rows = _rows(group)
    star = any(isinstance(item, s.Star) for item in items)
    seen = {value for _, value in group.keys} | ({by} if by else set())
    first = 1 if by else 0
    for position, item in enumerate(items, first):
        if isinstance(item, s.Star):
            for column in group.rel.columns:
                if column.ref not in seen:
                    seen.add(column.ref)
                    yield column.name, column.ref
            continue
        value = rows.bind(item.value if isinstance(item, s.Assign) else item)
        if star and isinstance(value, Ref) and value in seen:
            continue
        if isinstance(value, Ref):
            seen.add(value)
        yield result_name(item) or f"{unnamed}{position}", value


def _any(prefix: str, unnamed: str) -> Several:
    def bind(group: Holder, node: s.Call) -> Found:
        if not node.arguments:
            raise semantic(f"{node.name}() takes columns or *", node.span)
        if prefix and len(node.arguments) == 1 and not isinstance(node.arguments[0], s.Star):
            named = [(result_name(node.arguments[0]) or "", _rows(group).bind(node.arguments[0]))]
        else:
            named = list(_columns(group, node.arguments, None, unnamed))
        if len(named) == 1:
            return [(prefix + named[0][0], group.hold(_first(named[0][1], node)))]
        row = group.hold(RowOf("row", "any", None, tuple(value for _, value in named)))
        return [(prefix + name, RowField(value.type, row, at)) for at, (name, value) in enumerate(named)]

    return bind


def _first(value: Expr, node: s.Call) -> Expr:
    """Of one column a value that is not empty, where there is one."""
    record = FUNCTIONS["take_anyif"]
    signature, fitted = match(record, [value, Const(types.BOOL, True)], node)
    return Aggregated(value.type, record.name, signature, tuple(fitted))


# ---- percentiles


def _percentiles(weighted: bool, as_array: bool) -> Several:
    def bind(group: Holder, node: s.Call) -> Found:
        least = 3 if weighted else 2
        if len(node.arguments) < least:
            raise semantic(f"{node.name}() takes a value, {'a weight, ' * weighted}and percentages", node.span)
        values = [_rows(group).bind(argument) for argument in node.arguments[: least - 1]]
        shares = list(_shares(group, node.arguments[least - 1 :], as_array))
        name = result_name(node.arguments[0]) or ""
        make = _weighted if weighted else _plain
        found = [(_share_name(name, share), make(group, values, share, node)) for share in shares]
        return [(f"percentiles_{name}", _packed(found, node.span))] if as_array else found

    return bind


def _shares(group: Holder, items: tuple[s.Node, ...], as_array: bool) -> Iterator[Decimal]:
    """The percentages: constants, or (for an array of results) one constant array of them."""
    for item in items:
        value = _rows(group).bind(item)
        if as_array and len(items) == 1 and isinstance(value, Const) and value.type == types.DYNAMIC:
            listed = json.loads(str(value.value), parse_float=Decimal) if value.value is not None else None
            for one in listed if isinstance(listed, list) else (listed,):
                yield _share(one, item.span)
            return
        if not isinstance(value, Const) or value.type not in types.NUMBERS:
            raise semantic("A percentage must be a constant number", item.span)
        yield _share(Decimal(repr(value.value)) if isinstance(value.value, float) else value.value, item.span)


def _share(value: object, span: Span) -> Decimal:
    number = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else Decimal("nan")
    if number.is_nan() or not 0 <= number <= 100:
        raise semantic("A percentage is a number between 0 and 100", span)
    share = number.normalize()
    if -int(share.as_tuple().exponent) > 12:
        raise unsupported("A percentage with more than 12 digits after the point", span)
    return share


def _share_name(name: str, share: Decimal) -> str:
    return f"percentile_{name}_{format(share, 'f').replace('.', '_')}"


def _plain(group: Holder, values: list[Expr], share: Decimal, node: s.Call) -> Expr:
    record = FUNCTIONS["percentile"]
    signature, fitted = match(record, [*values, Const(types.DECIMAL, share / 100)], node)
    return group.hold(Aggregated(result_type(signature, fitted, node.span), record.name, signature, tuple(fitted)))


def _weighted(group: Holder, values: list[Expr], share: Decimal, node: s.Call) -> Expr:
    record = FUNCTIONS["$weighted"]
    if values[1].type == types.INT:
        values = [values[0], convert(values[1], types.LONG, node.span)]
    signature, fitted = match(record, values, node)
    state = group.hold(Aggregated("weighted", record.name, signature, tuple(fitted)))
    kind = {types.INT: types.LONG, types.DECIMAL: types.REAL}.get(values[0].type, values[0].type)
    scale = 10 ** max(-int(share.as_tuple().exponent), 0)
    numbers = Const(types.LONG, int(share * scale)), Const(types.LONG, 100 * scale)
    return applied("$weighted_percentile", state, *numbers, kind=kind, form=int(kind == types.REAL))


def _packed(found: Found, span: Span) -> Expr:
    return applied("pack_array", *(convert(value, types.DYNAMIC, span) for _, value in found))


SEVERAL: Final[dict[str, Several]] = {
    "arg_max": _extreme("max", older=False),
    "arg_min": _extreme("min", older=False),
    "argmax": _extreme("max", older=True),
    "argmin": _extreme("min", older=True),
    "take_any": _any("", "any_arg"),
    "any": _any("any_", "arg"),
    "percentile": _percentiles(weighted=False, as_array=False),
    "percentiles": _percentiles(weighted=False, as_array=False),
    "percentiles_array": _percentiles(weighted=False, as_array=True),
    "percentilew": _percentiles(weighted=True, as_array=False),
    "percentilesw": _percentiles(weighted=True, as_array=False),
    "percentilesw_array": _percentiles(weighted=True, as_array=True),
}
