"""Function calls: signatures of the table matched against arguments, the author's own functions, and special forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from lazulite.kql import scopes, types
from lazulite.kql import syntax as s
from lazulite.kql.binder import special
from lazulite.kql.binder.applied import windowed
from lazulite.kql.binder.conversion import common_type, convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.local_calls import staged
from lazulite.kql.binder.scope import Lambda, Meaning, Rel, unknown
from lazulite.kql.errors import ARGUMENT_COUNT, NO_FUNCTION, UNRESOLVED, KqlError, Span, semantic, unsupported
from lazulite.kql.functions import FUNCTIONS, OPERATORS, Function, Signature
from lazulite.kql.functions.record import CLASSES
from lazulite.kql.functions.refused import refusal
from lazulite.kql.plan import Apply, Const, Convert, Expr, Ref, ScalarQuery, Windowed

# Records that no name in a query leads to.
HIDDEN: Final = ("choice", "internal")
# Functions that are written as a sign.
SIGNS: Final = {"negate": "-"}
NUMERIC_STEP: Final = {name: step for step, name in enumerate(types.NUMBERS)}


def call(scope: Scope, node: s.Call) -> Expr:
    """A call of anything: the author's function, a special form, an aggregate, or a function of the table."""
    if isinstance(node, s.Operation):
        return _scalar(scope, node, OPERATORS.get(node.name) or FUNCTIONS[node.name])
    meaning = scope.environment.get(node.name)
    if isinstance(meaning, Lambda):
        return scope.scalar(call_lambda(scope, meaning, node), node.span)
    handler = SPECIAL.get(node.name) or special.SPECIAL.get(node.name)
    if handler is not None:
        return handler(scope, node)
    record = FUNCTIONS.get(node.name)
    if record is None and (reason := refusal(node.name)):
        raise unsupported(f"{node.name}() ({reason})", node.span)
    if record is None or record.kind in HIDDEN:
        raise _unknown(scope, node)
    return KINDS[record.kind](scope, node, record)


def _unknown(scope: Scope, node: s.Call) -> KqlError:
    """With the nearest name: in summarize, of two as near, that of an aggregate."""
    own = [name for name, meaning in scope.environment.names.items() if isinstance(meaning, Lambda)]
    shown = {name: record for name, record in FUNCTIONS.items() if record.kind not in HIDDEN and name[0] != "$"}
    aggregates = [name for name, record in shown.items() if record.kind == "aggregate"] if scope.aggregates else []
    known = (*own, *shown, *SPECIAL, *special.SPECIAL)
    return unknown("function", node.name, node.span, known, aggregates, NO_FUNCTION)


def _scalar(scope: Scope, node: s.Call, record: Function) -> Expr:
    arguments = [scope.bind(argument) for argument in node.arguments]
    found = apply(record, arguments, node)
    return staged(scope, found) if isinstance(found, Apply) and found.signature.local else found


def apply(record: Function, arguments: list[Expr], node: s.Call) -> Expr:
    """The function of bound arguments, converted to what its best signature asks for."""
    signature, fitted = match(record, arguments, node)
    if signature.duckdb == "{0}" and isinstance(fitted[0], Convert | Const | Ref) and len(fitted) == 1:
        return fitted[0]
    return Apply(result_type(signature, fitted, node.span), record.name, signature, tuple(fitted))


def _several(scope: Scope, node: s.Call, record: Function) -> Expr:
    names = ", ".join(name for name, _ in record.results[:2])
    raise semantic(
        f"{record.name}() gives several columns: it stands alone in extend, project or print, as in"
        f" extend ({names}) = {record.name}(...)",
        node.span,
    )


def _chooser(scope: Scope, node: s.Call, record: Function) -> Expr:
    first = scope.bind(node.arguments[0]) if node.arguments else None
    if not isinstance(first, Const) or not isinstance(first.value, str):
        raise semantic(f"The first argument of {record.name}() must be a constant text", node.span)
    chosen = FUNCTIONS.get(f"{record.name} {first.value.lower()}")
    if chosen is None:
        known = [name.split(" ")[1] for name in FUNCTIONS if name.startswith(record.name + " ")]
        raise unknown(f"unit of {record.name}()", first.value, node.arguments[0].span, known)
    return apply(chosen, [scope.bind(argument) for argument in node.arguments[1:]], node)


def _aggregate(scope: Scope, node: s.Call, record: Function) -> Expr:
    if scope.aggregates is None:
        raise semantic(f"The aggregate {record.name}() stands only in summarize", node.span)
    return scope.aggregates(node)


def _window(scope: Scope, node: s.Call, record: Function) -> Expr:
    if scope.order is None:
        raise semantic(f"{record.name}() needs rows in order: put 'sort by' or 'serialize' before it", node.span)
    signature, fitted = match(record, [scope.bind(argument) for argument in node.arguments], node)
    type_ = result_type(signature, fitted, node.span)
    for position, parameter in enumerate(signature.parameters[: len(fitted)]):
        if parameter.kind == "restart":
            fitted[position] = windowed("$restart", fitted[position], order=scope.order, partition=scope.partition)
    return Windowed(type_, record.name, signature, tuple(fitted), scope.order, scope.partition)


def _row_window(scope: Scope, node: s.Call, record: Function) -> Expr:
    """A window function that SQL cannot say: a stage that sees all rows makes its column."""
    found = _window(scope, node, record)
    assert isinstance(found, Windowed)
    return staged(scope, found)


KINDS: Final = {
    "scalar": _scalar,
    "several": _several,
    "chooser": _chooser,
    "aggregate": _aggregate,
    "window": _window,
    "row window": _row_window,
}


# ---- signatures


def match(record: Function, arguments: list[Expr], node: s.Call) -> tuple[Signature, list[Expr]]:
    """The signature that costs the fewest conversions, and the arguments converted to it."""
    found = [(cost, at) for at, one in enumerate(record.signatures) if (cost := _cost(one, arguments)) is not None]
    if not found:
        raise _mismatch(record, arguments, node)
    signature = record.signatures[min(found)[1]]
    fitted = list(_fitted(signature, arguments, node))
    constants = tuple(one.value if isinstance(one, Const) else None for one in fitted)
    refusal = signature.refuses(constants) if signature.refuses else ""
    if refusal:
        raise unsupported(refusal, node.span)
    return signature, fitted


def _cost(signature: Signature, arguments: list[Expr]) -> int | None:
    if len(arguments) < signature.least:
        return None
    total = 0
    for position, argument in enumerate(arguments):
        parameter = signature.parameter(position)
        fits = parameter is not None and (isinstance(argument, Const) or not parameter.constant)
        one = _distance(argument, parameter.kind) if parameter and fits else None
        if one is None:
            return None
        total += one
    return total


def _distance(argument: Expr, kind: str) -> int | None:
    """How far an argument's type is from a parameter; None where it does not fit."""
    if argument.type == kind:
        return 0
    if isinstance(argument, Const) and argument.value is None and kind in types.SCALARS:
        return 20
    if kind in CLASSES:
        return 1 if argument.type in CLASSES[kind] else None
    if argument.type in NUMERIC_STEP and kind in NUMERIC_STEP:
        step = NUMERIC_STEP[kind] - NUMERIC_STEP[argument.type]
        # An int may take a long constant that fits; otherwise numbers only widen.
        return step * 2 if step > 0 else None
    if kind == types.DYNAMIC:
        return 8
    return 10 if argument.type == types.DYNAMIC and kind == types.STRING else None


def _fitted(signature: Signature, arguments: list[Expr], node: s.Call) -> Iterator[Expr]:
    shared = _shared(signature, arguments, node.span)
    for position, argument in enumerate(arguments):
        parameter = signature.parameter(position)
        kind = parameter.kind if parameter else "any"
        at = _argument_span(node, position)
        if kind in types.SCALARS:
            yield convert(argument, kind, at)
        elif kind in BOXES:
            yield convert(argument, BOXES[kind], at)
        elif shared and position in shared[0]:
            yield convert(argument, shared[1], at)
        elif signature.duckdb == "{0}" and signature.returns in types.SCALARS:
            yield convert(argument, signature.returns, at)
        else:
            yield argument


BOXES: Final = {"text": types.STRING, "boxed": types.DYNAMIC}


def _argument_span(node: s.Call, position: int) -> Span:
    return node.arguments[position].span if position < len(node.arguments) else node.span


def _shared(signature: Signature, arguments: list[Expr], span: Span) -> tuple[set[int], str] | None:
    """The positions of arguments that are brought to one type, and that type."""
    count = len(arguments)
    if signature.returns == "widest":
        return set(range(count)), types.widest(types.LONG, *(argument.type for argument in arguments))
    if signature.returns == "common":
        places = {at for at in range(count) if _kind_at(signature, at) in ("any", "ordinal")}
        return places, common_type([arguments[at] for at in sorted(places)], span)
    if signature.returns == "case":
        places = {*range(1, count - 1, 2), count - 1}
        return places, common_type([arguments[at] for at in sorted(places)], span)
    return None


def _kind_at(signature: Signature, position: int) -> str:
    parameter = signature.parameter(position)
    return parameter.kind if parameter else ""


def result_type(signature: Signature, fitted: list[Expr], span: Span) -> str:
    """The type of a call with these converted arguments."""
    match signature.returns:
        case "$0" | "widest":
            return fitted[0].type
        case "common":
            return next(a.type for at, a in enumerate(fitted) if _kind_at(signature, at) in ("any", "ordinal"))
        case "case":
            return fitted[-1].type
        case other:
            return other


def _mismatch(record: Function, arguments: list[Expr], node: s.Call) -> KqlError:
    had = ", ".join(argument.type for argument in arguments) or "nothing"
    forms = "; ".join(", ".join(map(str, one.parameters)) or "nothing" for one in record.signatures)
    sign = SIGNS.get(record.name, record.name)
    name = f"{sign}()" if sign.isidentifier() else f"'{sign}'"
    texts = record.name == "+" and types.STRING in {argument.type for argument in arguments}
    count = len(arguments)
    fits = any(one.least <= count and (not count or one.parameter(count - 1)) for one in record.signatures)
    code = UNRESOLVED if fits else ARGUMENT_COUNT
    return semantic(f"{name} takes ({forms}), not ({had})", node.span, "strcat()" if texts else None, code)


# ---- the author's functions


def call_lambda(scope: Scope, meaning: Lambda, node: s.Call) -> Rel | Expr:
    """A call of a function that `let` made: its body, with the arguments under the parameters' names."""
    scope.context.enter(node.span)
    names = dict(_parameters(scope, meaning, node))
    body = meaning.function.body
    inner = s.Query(body.start, body.end, body.statements, body.body)
    try:
        return scope.tabular(inner, meaning.environment.with_names(names), scope.pending)
    finally:
        scope.context.leave()


def _parameters(scope: Scope, meaning: Lambda, node: s.Call) -> Iterator[tuple[str, Meaning]]:
    declared = meaning.function.parameters
    given = {a.names[0]: a.value for a in node.arguments if isinstance(a, s.Assign)}
    positional = [argument for argument in node.arguments if not isinstance(argument, s.Assign)]
    for name in given:
        if name not in {parameter.name for parameter in declared}:
            raise unknown(f"parameter of {node.name}()", name, node.span, (p.name for p in declared))
    if len(positional) > len(declared):
        raise semantic(
            f"{node.name}() takes {len(declared)} arguments, not {len(positional)}", node.span, code=ARGUMENT_COUNT
        )
    waiting = iter(positional)
    for parameter in declared:
        # Arguments without a name fill, in order, the parameters that none is named for.
        argument = given.get(parameter.name) or next(waiting, parameter.default)
        if argument is None:
            raise semantic(f"{node.name}() lacks its argument '{parameter.name}'", node.span, code=ARGUMENT_COUNT)
        yield parameter.name, _argument(scope, parameter, argument)


def _argument(scope: Scope, parameter: s.Declared, argument: s.Node) -> Meaning:
    if parameter.columns is None:
        return convert(scope.bind(argument), parameter.type, argument.span)
    found = scope.tabular(argument, scope.environment, None)
    if not isinstance(found, Rel):
        raise semantic(f"The argument '{parameter.name}' must be a table", argument.span)
    for column in parameter.columns:
        if found.column(column.name, argument.span).type != column.type:
            raise semantic(f"The column '{column.name}' must be of type {column.type}", argument.span)
    return found


# ---- special forms


def _now(scope: Scope, node: s.Call) -> Expr:
    now = Const(types.DATETIME, scope.context.options.now)
    if not node.arguments:
        return now
    offset = scope.bind(node.arguments[0])
    return apply(OPERATORS["+"], [now, offset], node)


def _ago(scope: Scope, node: s.Call) -> Expr:
    if len(node.arguments) != 1:
        raise semantic("ago() takes one timespan", node.span)
    span = convert(scope.bind(node.arguments[0]), types.TIMESPAN, node.span)
    if isinstance(span, Const) and isinstance(span.value, int):
        # Printed as a bare constant, so that the scan can skip blocks by it.
        return Const(types.DATETIME, scope.context.options.now - span.value)
    return apply(OPERATORS["-"], [Const(types.DATETIME, scope.context.options.now), span], node)


def _toscalar(scope: Scope, node: s.Call) -> Expr:
    if len(node.arguments) != 1:
        raise semantic("toscalar() takes one query", node.span)
    found = scope.tabular(node.arguments[0], scope.environment, None)
    if isinstance(found, Expr):
        return found
    if not found.columns:
        raise semantic("toscalar() needs a table with a column", node.span)
    column = found.columns[0].ref
    return ScalarQuery(column.type, found.plan, column, found.order)


def _column_ifexists(scope: Scope, node: s.Call) -> Expr:
    if len(node.arguments) != 2:
        raise semantic("column_ifexists() takes a column's name and a default", node.span)
    name = scope.bind(node.arguments[0])
    if not isinstance(name, Const) or not isinstance(name.value, str):
        raise semantic("The name in column_ifexists() must be a constant text", node.arguments[0].span)
    return scope.columns.get(name.value) or scope.bind(node.arguments[1])


def _row_table(scope: Scope, node: s.Call) -> Expr:
    raise semantic(f"{node.name}() gives a table: it stands where a table may", node.span)


def _scope(scope: Scope, node: s.Call) -> Expr:
    raise semantic(f"{node.name}() names a scope, and a table of it follows: {node.name}('x').Table", node.span)


def _refused(what: str) -> Callable[[Scope, s.Call], Expr]:
    def refuse(scope: Scope, node: s.Call) -> Expr:
        raise unsupported(what, node.span)

    return refuse


SPECIAL: Final[dict[str, Callable[[Scope, s.Call], Expr]]] = {
    "now": _now,
    "ago": _ago,
    "toscalar": _toscalar,
    "column_ifexists": _column_ifexists,
    "columnifexists": _column_ifexists,
    "materialize": _row_table,
    "table": _row_table,
    **{name: _refused(f"{name}()") for name in ("external_table", "externaldata")},
    **dict.fromkeys(scopes.ANSWERED, _scope),
    **{name: _refused(f"{name}() ({what})") for name, what in scopes.REFUSED.items()},
}
__all__ = ["apply", "call", "call_lambda", "match", "result_type"]
