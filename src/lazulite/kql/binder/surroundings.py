"""Calls that read what surrounds them: columns in reach, settings of the query, paths and types given as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import applied, fitting
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import Scope, boolean
from lazulite.kql.binder.local_calls import staged
from lazulite.kql.errors import semantic, unsupported
from lazulite.kql.functions.record import REFUSAL
from lazulite.kql.plan import Const, Convert, Expr, Field

Special = Callable[[Scope, s.Call], Expr]
RECEIVED: Final = "_TimeReceived"
# A step of a JSON path: .name, ['name'] or ["name"], [0].
STEP: Final = re.compile(r"""\.([A-Za-z_@#$][\w@#$-]*)|\[\s*'([^']*)'\s*\]|\[\s*"([^"]*)"\s*\]|\[\s*(\d{1,9})\s*\]""")
UNSIZED: Final = (types.DYNAMIC, types.DECIMAL)


def text(scope: Scope, node: s.Node, what: str) -> str:
    """A constant text."""
    value = scope.bind(node)
    if not isinstance(value, Const) or not isinstance(value.value, str):
        raise semantic(f"{what} must be a constant text", node.span)
    return value.value


def _bin_auto(scope: Scope, node: s.Call) -> Expr:
    if len(node.arguments) != 1:
        raise semantic("bin_auto() takes one value", node.span)
    size, fixed = (scope.environment.get(f"set query_bin_auto_{name}") for name in ("size", "at"))
    if not isinstance(size, Expr):
        raise semantic("bin_auto() needs 'set query_bin_auto_size = ...;' before the query", node.span)
    given = {"$value": scope.bind(node.arguments[0]), "$size": size}
    if isinstance(fixed, Expr):
        given["$at"] = fixed
    inner = replace(scope, environment=scope.environment.with_names(given), columns={})
    names = tuple(s.Name(node.start, node.end, name) for name in given)
    return scope.call(inner, s.Call(node.start, node.end, "bin_at" if "$at" in given else "bin", names))


def _assert(scope: Scope, node: s.Call) -> Expr:
    if len(node.arguments) != 2:
        raise semantic("assert() takes a condition and a message", node.span)
    message = f"assert() has failed with message: '{text(scope, node.arguments[1], 'The message')}'"
    condition = boolean(scope, node.arguments[0])
    if isinstance(condition, Const):
        if condition.value is True:
            return condition
        raise semantic(message, node.span)
    return applied("$assert", condition, Const(types.STRING, REFUSAL + message))


def _is_column(scope: Scope, node: s.Call) -> Expr:
    if len(node.arguments) != 1:
        raise semantic("iscolumnexists() takes a column's name", node.span)
    return Const(types.BOOL, text(scope, node.arguments[0], "The name") in scope.columns)


def _ingestion_time(scope: Scope, node: s.Call) -> Expr:
    if node.arguments:
        raise semantic("ingestion_time() takes no arguments", node.span)
    found = scope.columns.get(RECEIVED)
    if found is None or found.type != types.DATETIME:
        raise semantic(f"ingestion_time() needs the column {RECEIVED}, which these rows do not have", node.span)
    return found


def _data_size(scope: Scope, node: s.Call) -> Expr:
    sizes = [_size(scope, column, node) for column in _measured(scope, node)]
    if not sizes:
        raise semantic("estimate_data_size() takes columns, or *", node.span)
    found = sizes[0]
    for size in sizes[1:]:
        found = applied("+", found, size, kind=types.LONG)
    return found


def _measured(scope: Scope, node: s.Call) -> Iterator[Expr]:
    for argument in node.arguments:
        if isinstance(argument, s.Star):
            yield from scope.columns.values()
        else:
            yield scope.bind(argument)


def _size(scope: Scope, column: Expr, node: s.Call) -> Expr:
    if column.type in UNSIZED:
        raise unsupported(f"estimate_data_size() of a {column.type}", node.span)
    return fitting("$size", column)


def _extract_json(scope: Scope, node: s.Call) -> Expr:
    if len(node.arguments) not in (2, 3):
        raise semantic("extract_json() takes a path, a text and maybe typeof(type)", node.span)
    kind = node.arguments[2] if len(node.arguments) == 3 else None
    if kind is not None and not isinstance(kind, s.TypeOf):
        raise semantic("The third argument of extract_json() is typeof(type)", kind.span)
    source = convert(scope.bind(node.arguments[1]), types.STRING, node.span)
    found: Expr = applied("parse_json", source)
    for key in _path(scope, node.arguments[0]):
        found = Field(types.DYNAMIC, found, key)
    return convert(found, kind.type if kind is not None else types.STRING, node.span)


def _path(scope: Scope, node: s.Node) -> Iterator[Expr]:
    path = text(scope, node, "The path")
    at = 1
    if not path.startswith("$"):
        raise semantic("A JSON path starts with $", node.span)
    while at < len(path):
        step = STEP.match(path, at)
        if step is None:
            raise semantic(f"'{path[at:][:40]}' is no step of a JSON path: .name, ['name'] or [0]", node.span)
        at = step.end()
        name = next((name for name in step.groups()[:3] if name is not None), None)
        yield Const(types.LONG, int(step[4])) if name is None else Const(types.STRING, name)


def _count_of(scope: Scope, node: s.Call) -> Expr:
    if len(node.arguments) not in (2, 3):
        raise semantic("countof() takes a text, what to look for and maybe a kind", node.span)
    source, wanted = (convert(scope.bind(argument), types.STRING, argument.span) for argument in node.arguments[:2])
    kind = text(scope, node.arguments[2], "The kind") if len(node.arguments) == 3 else "normal"
    if kind not in ("normal", "regex"):
        raise semantic(f"The kind of countof() is normal or regex, not '{kind}'", node.arguments[2].span)
    arguments: tuple[Expr, ...] = (source, wanted)
    if kind == "normal" and not _is_apart(wanted):
        arguments = (source, wanted, Const(types.LONG, 0))
    position = 2 if kind == "regex" else len(arguments) - 2
    found = applied("$countof", *arguments, form=position)
    return staged(scope, found) if found.signature.local else found


def _has_terms(scope: Scope, node: s.Call) -> Expr:
    """has_any and has_all with an array that is not constant."""
    source, terms = (scope.bind(argument) for argument in node.arguments)
    return staged(scope, applied(node.name, convert(source, types.STRING, node.span), terms))


def _is_apart(wanted: Expr) -> bool:
    """Whether two occurrences never share a character: no beginning of the text is also its end."""
    value = wanted.value if isinstance(wanted, Const) else None
    return isinstance(value, str) and all(value[:size] != value[-size:] for size in range(1, len(value)))


def _extract(scope: Scope, node: s.Call) -> Expr:
    """extract() whose last argument may be typeof(type)."""
    kind = node.arguments[-1] if node.arguments else None
    if not isinstance(kind, s.TypeOf):
        return scope.call(scope, replace(node, name="$extract"))
    found = scope.call(scope, replace(node, name="$extract", arguments=node.arguments[:-1]))
    return Convert(kind.type, found) if kind.type != types.STRING else found


SPECIAL: Final[dict[str, Special]] = {
    "extract": _extract,
    "countof": _count_of,
    "$has_any": _has_terms,
    "$has_all": _has_terms,
    "bin_auto": _bin_auto,
    "assert": _assert,
    "iscolumnexists": _is_column,
    "ingestion_time": _ingestion_time,
    "estimate_data_size": _data_size,
    "extract_json": _extract_json,
    "extractjson": _extract_json,
}
