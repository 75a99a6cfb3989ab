"""How long the texts become that a query builds: `strcat(a, a)` of itself twenty times is a million times its column.

The engine computes 2,048 rows of an expression at once, outside of its memory limit, so length is bounded before the
query runs. A stored text counts as `STORED_BYTES`, a constant as what it is; a column keeps the length of its
expression through the plan. Kusto has no such bound at compile time: it stops such a query by its memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lazulite.kql import types
from lazulite.kql.errors import Span, limit
from lazulite.kql.plan import (
    Aggregate,
    Apply,
    Const,
    Expand,
    Expr,
    Extend,
    Local,
    Plan,
    Project,
    Ref,
    RowField,
    ScalarQuery,
    UnionAll,
    Values,
    children,
)

STORED_BYTES: Final = 256
MOST_BYTES: Final = 256 * 1024
MOST_CONSTANT: Final = 4 * 1024 * 1024
SCALAR_BYTES: Final = 32
# Arrays of any length that are made of two numbers. They are bounded while they are made, so their text is taken to be
# long, but not so long that it may not be used at all.
UNFOLDING: Final = ("repeat", "range")
UNFOLDED_BYTES: Final = MOST_BYTES // 16
MOST_REPEATS: Final = 1_024
SHORT_TYPES: Final = frozenset(types.SCALARS) - {types.STRING, types.DYNAMIC}
Lengths = dict[int, int]


def check(plan: Plan) -> None:
    """Raises KqlError (LIM0001) when a text that the plan builds may pass `MOST_BYTES`."""
    _plan(plan, {})


def _plan(node: Plan, lengths: Lengths) -> None:
    for child in children(node):
        if isinstance(child, Plan):
            _plan(child, lengths)
    PRODUCTS.get(type(node), _read)(node, lengths)


def _read(node: Plan, lengths: Lengths) -> None:
    for child in children(node):
        if isinstance(child, Expr):
            _length(child, lengths)


def _outputs(node: Project | Extend | Aggregate, lengths: Lengths) -> None:
    keys = node.keys if isinstance(node, Aggregate) else ()
    for ref, value in (*keys, *node.outputs):
        lengths[ref.id] = _length(value, lengths)


def _values(node: Values, lengths: Lengths) -> None:
    for at, ref in enumerate(node.columns):
        lengths[ref.id] = max((_length(row[at], lengths) for row in node.rows), default=0)


def _union(node: UnionAll, lengths: Lengths) -> None:
    for at, ref in enumerate(node.columns):
        lengths[ref.id] = max((_length(values[at], lengths) for _, values in node.inputs), default=0)


def _expand(node: Expand, lengths: Lengths) -> None:
    for ref, item in zip(node.elements, node.items, strict=True):
        lengths[ref.id] = _length(item, lengths)


def _local(node: Local, lengths: Lengths) -> None:
    """Its function may put all that it reads into each column that it makes; some make long arrays of little."""
    passed = {ref.id for ref in node.inputs}
    read = sum(_length(ref, lengths) for ref in node.inputs)
    if node.arguments[:1] and node.arguments[0] in UNFOLDING:
        read = max(read, UNFOLDED_BYTES)
    lengths.update((ref.id, read) for ref in node.columns if ref.id not in passed)


def _length(node: Expr, lengths: Lengths) -> int:
    """Bytes of a value, at least 1. What is inside is checked even where the value itself is short."""
    if isinstance(node, Const):
        return max(1, len(node.value.encode())) if isinstance(node.value, str) else SCALAR_BYTES
    if isinstance(node, Ref):
        return lengths.get(node.id, STORED_BYTES) if node.type not in SHORT_TYPES else SCALAR_BYTES
    if isinstance(node, RowField):
        return lengths.get(node.row.id, STORED_BYTES)
    found = _combined(node, lengths)
    if node.type in SHORT_TYPES:
        return SCALAR_BYTES
    # Of constants alone there is one value, not one a row.
    most = MOST_CONSTANT if all(isinstance(child, Const) for child in children(node)) else MOST_BYTES
    if found > most:
        raise limit(
            f"The query builds texts of about {found // 1024:,} KB a row; at most {most // 1024} KB are allowed",
            Span(0, 0),
        )
    return max(1, found)


def _combined(node: Expr, lengths: Lengths) -> int:
    parts = []
    for child in children(node):
        if isinstance(child, Plan):
            _plan(child, lengths)
        elif not isinstance(node, ScalarQuery):
            parts.append(_length(child, lengths))
    if isinstance(node, ScalarQuery):
        return _length(node.column, lengths)
    rule = GROWTH.get(node.name) if isinstance(node, Apply) else None
    return rule(node.arguments, parts) if rule and isinstance(node, Apply) else sum(parts)


def _repeated(arguments: tuple[Expr, ...], parts: list[int]) -> int:
    count = arguments[1].value if isinstance(arguments[1], Const) else None
    times = min(count, MOST_REPEATS) if isinstance(count, int) else MOST_REPEATS
    return max(0, times) * sum((parts[0], *parts[2:]))


def _replaced(arguments: tuple[Expr, ...], parts: list[int]) -> int:
    """The text that is looked for may be one character."""
    return parts[0] * parts[-1]


def _delimited(arguments: tuple[Expr, ...], parts: list[int]) -> int:
    return sum(parts[1:]) + parts[0] * (len(parts) - 2)


def _escaped(arguments: tuple[Expr, ...], parts: list[int]) -> int:
    return 3 * sum(parts)


# Functions whose text is longer than their arguments together.
GROWTH: Final[dict[str, Callable[[tuple[Expr, ...], list[int]], int]]] = {
    "strrep": _repeated,
    "strcat_delim": _delimited,
    "strcat_array": _replaced,
    "replace_string": _replaced,
    "replace_regex": _replaced,
    "url_encode_component": _escaped,
    "base64_encode_tostring": _escaped,
}
PRODUCTS: Final[dict[type[Plan], Callable[..., None]]] = {
    Project: _outputs,
    Extend: _outputs,
    Aggregate: _outputs,
    Values: _values,
    UnionAll: _union,
    Expand: _expand,
    Local: _local,
}
