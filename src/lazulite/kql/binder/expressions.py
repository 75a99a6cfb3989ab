"""Scalar expressions: syntax -> typed plan expressions, in one scope."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.conversion import compare, convert
from lazulite.kql.binder.membership import array_of, one_of_texts
from lazulite.kql.binder.scope import Context, Environment, Lambda, Rel, unknown
from lazulite.kql.binder.simplify import scalar_text
from lazulite.kql.errors import NOT_SCALAR, Span, closest, semantic, unsupported
from lazulite.kql.plan import Apply, Compare, Const, Expr, Field, Logic, Not, OneOf, OneOfQuery, Order, Ref, Windowed
from lazulite.kql.scopes import ScopedTable

# Calls that a local stage makes into columns: of one row, or of a row among the others.
Staged = Apply | Windowed


class Pending(dict[Staged, Ref]):
    """Calls and their columns. An operator that has some is bound twice: then each is the next one of the first time.

    A call is not known again by itself: a query among its arguments has new columns each time it is bound.
    """

    def __init__(self, known: Mapping[Staged, Ref] | None = None) -> None:
        super().__init__(known or {})
        self._met: list[Ref] = []
        self._again: Iterator[Ref] | None = None

    def again(self) -> None:
        """The operator is bound once more."""
        self._again = iter(self._met)

    def column(self, context: Context, call: Staged) -> Ref:
        """The column of a call."""
        if self._again is not None:
            return next(self._again)
        if call not in self:
            self[call] = context.fresh(call.type)
        self._met.append(self[call])
        return self[call]


@dataclass(frozen=True)
class Scope:
    """What an expression may name.

    `tabular` binds a nested query; `call` binds a function call; `aggregates` takes an aggregate's call and gives the
    column that will hold it, where aggregates may stand. `order` is that of the rows, None where they have none;
    `arrival` the one that they happen to be in. `partition` says which rows a window function sees together.
    `pending` collects calls that a local stage makes into columns before the rows get here.
    """

    context: Context
    environment: Environment
    columns: Mapping[str, Ref]
    tabular: Callable[[s.Node, Environment, Pending | None], Rel | Expr]
    call: Callable[[Scope, s.Call], Expr]
    order: tuple[Order, ...] | None = None
    arrival: tuple[Order, ...] = ()
    partition: tuple[Ref, ...] = ()
    aggregates: Callable[[s.Call], Expr] | None = None
    sides: Mapping[str, Mapping[str, Ref]] | None = None
    pending: Pending | None = None

    def over(self, rel: Rel) -> Scope:
        """This scope with the columns of a relation."""
        order = rel.order if rel.serialized else None
        within = rel.partition.group if rel.partition else ()
        scope = replace(self, columns=rel.by_name, order=order, arrival=rel.order, partition=within)
        return replace(scope, aggregates=None, sides=None)

    def bind(self, node: s.Node) -> Expr:
        """The expression, typed. Raises KqlError (SEM0100, UNS0001)."""
        binder = BINDERS.get(type(node))
        if binder is None:
            return self.scalar(self.tabular(node, self.environment, self.pending), node.span)
        return binder(self, node)

    def scalar(self, found: Rel | Expr, span: Span) -> Expr:
        """A bound thing, which must be a scalar here."""
        if isinstance(found, Rel):
            message = "A table stands where a scalar is expected; toscalar() takes its first value"
            raise semantic(message, span, code=NOT_SCALAR)
        return found


# Functions that give an array for each array that they take, and whether they sort from the greatest.
SORTS = {"array_sort_asc": False, "array_sort_desc": True}


def _literal(scope: Scope, node: s.Literal) -> Expr:
    value = node.value
    if isinstance(value, int) and not isinstance(value, bool) and not -(1 << 63) <= value < 1 << 63:
        raise semantic("The number does not fit in a long (64 bits)", node.span)
    return Const(node.type, value)


def _name(scope: Scope, node: s.Name) -> Expr:
    found = scope.columns.get(node.text)
    if found is not None:
        return found
    meaning = scope.environment.get(node.text)
    if isinstance(meaning, Expr):
        return meaning
    if isinstance(meaning, Lambda) and not meaning.function.parameters:
        return scope.call(scope, s.Call(node.start, node.end, node.text, ()))
    if meaning is not None:
        what = "function" if isinstance(meaning, Lambda) else "table"
        raise semantic(f"'{node.text}' is a {what}, not a column or a value", node.span)
    if scope.aggregates is not None:
        message = f"'{node.text}' is neither a key after 'by' nor inside of an aggregate"
        raise semantic(message, node.span, closest(node.text, scope.columns))
    known = [*scope.columns, *(name for name, what in scope.environment.names.items() if isinstance(what, Expr))]
    raise unknown("column", node.text, node.span, known)


def _path(scope: Scope, node: s.Path) -> Expr:
    if isinstance(node.of, s.Name) and scope.sides and node.of.text in scope.sides:
        side = scope.sides[node.of.text]
        if node.name not in side:
            raise unknown(f"column of {node.of.text}", node.name, node.span, side)
        return side[node.name]
    return _member_of(scope, node.of, Const(types.STRING, node.name))


def _index(scope: Scope, node: s.Index) -> Expr:
    key = scope.bind(node.index)
    if key.type not in (types.STRING, *types.INTEGERS):
        raise semantic(f"A member is found by name or number, not by a value of type {key.type}", node.index.span)
    if isinstance(node.of, s.Call) and node.of.name in SORTS and node.of.name not in scope.environment.names:
        arguments = (node.index, *node.of.arguments)
        return scope.call(scope, replace(node.of, name=f"$member_of_{node.of.name}", arguments=arguments))
    return _member_of(scope, node.of, key)


def _member_of(scope: Scope, of: s.Node, key: Expr) -> Expr:
    operand = scope.bind(of)
    if operand.type != types.DYNAMIC:
        raise semantic(f"Only a dynamic has members; this is of type {operand.type} (try parse_json())", of.span)
    return Field(types.DYNAMIC, operand, key)


def _call(scope: Scope, node: s.Call) -> Expr:
    return scope.call(scope, node)


def _unary(scope: Scope, node: s.Unary) -> Expr:
    if node.operator == "+":
        return scope.bind(node.operand)
    value = node.operand.value if isinstance(node.operand, s.Literal) else None
    if isinstance(node.operand, s.Literal) and type(value) in (int, float, Decimal) and value != types.LEAST_LONG:
        return _literal(scope, s.Literal(node.start, node.end, node.operand.type, -node.operand.value))  # type: ignore[operator]
    return scope.call(scope, s.Operation(node.start, node.end, "negate", (node.operand,)))


# Operators that may stand behind `*`: any column, as text.
ANYWHERE: Final = frozenset(
    f"{word}{case}"
    for word in ("has", "hasprefix", "hassuffix", "contains", "startswith", "endswith")
    for case in ("", "_cs")
) | {"matches regex"}


def any_column(scope: Scope, node: s.Binary, values: tuple[Expr, ...] | None = None) -> Expr:
    """`* has "x"`: whether it is true of a column, as text; `values` where it is not over all of them."""
    if node.operator not in ANYWHERE:
        raise unsupported(f"'*' before '{node.operator}'", node.span)
    right = convert(scope.bind(node.right), types.STRING, node.right.span)
    lefts = values or tuple(convert(ref, types.STRING, node.span) for ref in scope.columns.values())
    parts = tuple(_operator(scope, node.operator, left, right, node) for left in lefts)
    return Logic(types.BOOL, "or", parts) if len(parts) > 1 else (*parts, Const(types.BOOL, False))[0]


def _binary(scope: Scope, node: s.Binary) -> Expr:
    if isinstance(node.left, s.Star):
        return any_column(scope, node)
    if node.operator in ("==", "!=", "<", "<=", ">", ">="):
        return compare(node.operator, scope.bind(node.left), scope.bind(node.right), node.span)
    return scope.call(scope, s.Operation(node.start, node.end, node.operator, (node.left, node.right)))


def boolean(scope: Scope, node: s.Node) -> Expr:
    """An expression that must be bool (a dynamic is converted)."""
    found = scope.bind(node)
    if found.type == types.DYNAMIC:
        return convert(found, types.BOOL, node.span)
    if found.type != types.BOOL:
        raise semantic(f"A condition is of type bool, not {found.type}", node.span)
    return found


def _logical(scope: Scope, node: s.Logical) -> Expr:
    return Logic(types.BOOL, node.operator, tuple(boolean(scope, operand) for operand in node.operands))


def _between(scope: Scope, node: s.Between) -> Expr:
    operand, low, high = scope.bind(node.operand), scope.bind(node.low), scope.bind(node.high)
    if high.type == types.TIMESPAN and low.type == types.DATETIME:
        high = scope.call(scope, s.Operation(node.start, node.end, "+", (node.low, node.high)))
    below, above = ("<", ">") if node.negated else (">=", "<=")
    parts = (compare(below, operand, low, node.span), compare(above, operand, high, node.span))
    return Logic(types.BOOL, "or" if node.negated else "and", parts)


def _member(scope: Scope, node: s.Member) -> Expr:
    if node.operator.lstrip("!") in ("has_any", "has_all"):
        return _has_several(scope, node)
    negated = node.operator.startswith("!")
    operand = scope.bind(node.operand)
    if node.operator.endswith("~"):
        operand = convert(operand, types.STRING, node.operand.span)
    found = _one_of(scope, node, operand)
    return Not(types.BOOL, found) if negated else found


def _has_several(scope: Scope, node: s.Member) -> Expr:
    parts = []
    operand = scope.bind(node.operand)
    for item in _items(scope, node):
        value = array_of(scope.context, item, node.span) if isinstance(item, Rel) else item
        if value.type == types.DYNAMIC:
            parts.append(_operator(scope, f"${node.operator.lstrip('!')}", operand, value, node))
        else:
            parts.append(_operator(scope, "has", operand, convert(value, types.STRING, node.span), node))
    word = "and" if "all" in node.operator else "or"
    found = Logic(types.BOOL, word, tuple(parts)) if parts else Const(types.BOOL, word == "and")
    return Not(types.BOOL, found) if node.operator.startswith("!") else found


def _operator(scope: Scope, name: str, left: Expr, right: Expr, node: s.Node) -> Expr:
    """An operator of the table applied to values that are bound already."""
    inner = replace(scope, environment=scope.environment.with_names({"$0": left, "$1": right}), columns={})
    arguments = (s.Name(node.start, node.end, "$0"), s.Name(node.start, node.end, "$1"))
    return scope.call(inner, s.Operation(node.start, node.end, name, arguments))


def _items(scope: Scope, node: s.Member) -> list[Expr | Rel]:
    """The items, with constant arrays taken apart."""
    found: list[Expr | Rel] = []
    for item in node.items:
        value = _item(scope, item)
        if isinstance(value, Const) and value.type == types.DYNAMIC and len(node.items) == 1:
            found.extend(_elements(value, item.span))
        else:
            found.append(value)
    return found


def _item(scope: Scope, node: s.Node) -> Expr | Rel:
    meaning = scope.environment.get(node.text) if isinstance(node, s.Name) else None
    if isinstance(meaning, Rel) and isinstance(node, s.Name) and node.text not in scope.columns:
        return meaning
    tabular = (s.Pipeline, s.DataTable, s.Range, s.Union, s.Print, ScopedTable)
    if isinstance(node, tabular):
        return scope.tabular(node, scope.environment, None)
    is_table = isinstance(node, s.Name) and node.text not in scope.columns and meaning is None
    if is_table and isinstance(node, s.Name) and scope.context.database.table(node.text) is not None:
        return scope.tabular(node, scope.environment, None)
    return scope.bind(node)


def _elements(value: Const, span: Span) -> list[Expr | Rel]:
    """The elements of a constant array; of arrays in it theirs. Null equals nothing."""
    array = list(_flat(json.loads(str(value.value)))) if value.value is not None else []
    kinds = {bool: types.BOOL, int: types.LONG, float: types.REAL, str: types.STRING}
    if any(type(element) not in kinds for element in array):
        raise unsupported("A list with elements other than constants", span)
    return [Const(kinds[type(element)], element) for element in array]


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for element in value:
            yield from _flat(element)
    elif value is not None:
        yield value


def _in_array(scope: Scope, node: s.Member, operand: Expr, array: Expr) -> Expr:
    """Whether an array that is not constant, as a column of arrays, has the operand."""
    if node.operator.endswith("~") or operand.type not in SEARCHED:
        raise unsupported(f"'{node.operator}' of a {operand.type} with a dynamic that is not constant", node.span)
    return _operator(scope, "$in_array", operand, array, node)


# A moment, a span and a real have several texts in a dynamic; a long or a text has one form.
SEARCHED = (types.BOOL, types.INT, types.LONG, types.STRING)


def _one_of(scope: Scope, node: s.Member, operand: Expr) -> Expr:
    insensitive = node.operator.endswith("~")
    constants: list[Const] = []
    others: list[Expr] = []
    for item in _items(scope, node):
        if isinstance(item, Rel):
            found = one_of_texts(scope.context, operand, item, node.span) if insensitive else None
            others.append(found or _one_of_query(operand, item, node.span))
        elif item.type == types.DYNAMIC and not isinstance(item, Const) and operand.type != types.DYNAMIC:
            others.append(_in_array(scope, node, operand, item))
        elif insensitive:
            others.append(_operator(scope, "=~", operand, convert(item, types.STRING, node.span), node))
        else:
            test = compare("==", operand, item, node.span)
            if isinstance(test, Compare) and test.left == operand and isinstance(test.right, Const):
                constants.append(test.right)
            else:
                others.append(test)
    parts = ([scalar_text(OneOf(types.BOOL, operand, tuple(constants)))] if constants else []) + others
    if not parts:
        return Const(types.BOOL, False)
    return parts[0] if len(parts) == 1 else Logic(types.BOOL, "or", tuple(parts))


def _one_of_query(operand: Expr, rel: Rel, span: Span) -> Expr:
    if not rel.columns:
        raise semantic("The table has no column to look in", span)
    column = rel.columns[0].ref
    if operand.type != column.type:
        operand = convert(operand, column.type, span)
    return OneOfQuery(types.BOOL, operand, rel.plan, column)


def _refused(what: str) -> Callable[[Scope, s.Node], Expr]:
    def refuse(scope: Scope, node: s.Node) -> Expr:
        raise semantic(f"{what} cannot stand here", node.span)

    return refuse


BINDERS: Mapping[type[s.Node], Callable[[Scope, s.Node], Expr]] = {
    s.Literal: _literal,  # type: ignore[dict-item]
    s.Name: _name,  # type: ignore[dict-item]
    s.Path: _path,  # type: ignore[dict-item]
    s.Index: _index,  # type: ignore[dict-item]
    s.Call: _call,  # type: ignore[dict-item]
    s.Unary: _unary,  # type: ignore[dict-item]
    s.Binary: _binary,  # type: ignore[dict-item]
    s.Logical: _logical,  # type: ignore[dict-item]
    s.Between: _between,  # type: ignore[dict-item]
    s.Member: _member,  # type: ignore[dict-item]
    s.Star: _refused("'*'"),
    s.Assign: _refused("A name with '='"),
    s.TypeOf: _refused("typeof()"),
}

__all__ = ["SORTS", "Scope", "any_column", "boolean"]
