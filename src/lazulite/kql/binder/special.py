"""Functions whose result depends on the text of the call: names of columns, formats, patterns."""

from __future__ import annotations

import itertools
import json
import re
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder import packing, ranking, surroundings
from lazulite.kql.binder.applied import applied, iff
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.scope import Rel
from lazulite.kql.binder.surroundings import Special, text
from lazulite.kql.errors import semantic
from lazulite.kql.functions import FUNCTIONS
from lazulite.kql.plan import Const, Expr


def _column_names(scope: Scope, node: s.Call) -> Expr:
    found = scope.tabular(node.arguments[0], scope.environment, None) if len(node.arguments) == 1 else None
    if not isinstance(found, Rel):
        raise semantic("column_names_of() takes one table", node.span)
    return Const(types.DYNAMIC, json.dumps(list(found.names)))


def _extract_all(scope: Scope, node: s.Call) -> Expr:
    if len(node.arguments) not in (2, 3):
        raise semantic("extract_all() takes a pattern, maybe groups, and a text", node.span)
    pattern = text(scope, node.arguments[0], "The pattern")
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise semantic(f"The pattern is not a regular expression: {error}", node.arguments[0].span) from None
    groups = list(range(1, compiled.groups + 1))
    if len(node.arguments) == 3:
        groups = _chosen_groups(scope, node.arguments[1], compiled)
    if not groups:
        raise semantic("The pattern has no group to extract", node.arguments[0].span)
    source = convert(scope.bind(node.arguments[-1]), types.STRING, node.span)
    numbers = [Const(types.LONG, group) for group in groups]
    return applied("$extract_all", Const(types.STRING, pattern), source, *numbers, form=int(len(groups) > 1))


def _chosen_groups(scope: Scope, node: s.Node, compiled: re.Pattern[str]) -> list[int]:
    value = scope.bind(node)
    chosen = json.loads(str(value.value)) if isinstance(value, Const) and value.type == types.DYNAMIC else None
    if not isinstance(chosen, list):
        raise semantic("The groups must be a constant array", node.span)
    found = [compiled.groupindex.get(one, 0) if isinstance(one, str) else one for one in chosen]
    if not all(isinstance(one, int) and 1 <= one <= compiled.groups for one in found):
        raise semantic("The pattern has no such group", node.span)
    return found


def _formatted(name: str, letters: str) -> Special:
    """format_datetime and format_timespan: the constant format becomes its parts, one after another."""

    def bind(scope: Scope, node: s.Call) -> Expr:
        if len(node.arguments) != 2:
            raise semantic(f"{name}() takes a value and a format", node.span)
        kind = types.DATETIME if name == "format_datetime" else types.TIMESPAN
        value = convert(scope.bind(node.arguments[0]), kind, node.span)
        parts: list[Expr] = []
        for part in _runs(text(scope, node.arguments[1], "The format")):
            if part[0] not in letters:
                parts.append(Const(types.STRING, part))
            elif f"{name} {part}" in FUNCTIONS:
                parts.append(applied(f"{name} {part}", value))
            else:
                raise semantic(f"{name}() has no part '{part}'", node.arguments[1].span)
        empty = Const(types.STRING, "")
        return iff(applied("isnull", value, form=1), empty, applied("strcat", *parts)) if parts else empty

    return bind


def _runs(text: str) -> list[str]:
    return ["".join(run) for _, run in itertools.groupby(text)]


def _around(scope: Scope, node: s.Call) -> Expr:
    if len(node.arguments) != 3:
        raise semantic("around() takes a value, a centre and a distance", node.span)
    value, centre, distance = node.arguments
    low = s.Binary(node.start, node.end, "-", centre, distance)
    high = s.Binary(node.start, node.end, "+", centre, distance)
    return scope.bind(s.Between(node.start, node.end, value, low, high, False))


SPECIAL: Final[dict[str, Special]] = {
    **packing.SPECIAL,
    **ranking.SPECIAL,
    **surroundings.SPECIAL,
    "around": _around,
    "column_names_of": _column_names,
    "extract_all": _extract_all,
    "extractall": _extract_all,
    "format_datetime": _formatted("format_datetime", "dfFhHmMsyt"),
    "format_timespan": _formatted("format_timespan", "dfFhHms"),
}
