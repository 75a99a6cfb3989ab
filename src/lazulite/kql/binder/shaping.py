"""parse (columns out of text) and mv-expand (rows out of arrays)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import applied, iff
from lazulite.kql.binder.calls import apply
from lazulite.kql.binder.conversion import compare, conjunction, convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.names import result_name
from lazulite.kql.binder.partitions import filtered, guarded
from lazulite.kql.binder.scope import Col, Rel, constant_int, extended, materialised, project, unique
from lazulite.kql.errors import closest, semantic
from lazulite.kql.functions import OPERATORS
from lazulite.kql.plan import Const, Expand, Expr, Ref, RowField, absent

# What a column of numbers matches. A string matches as little as it can, in kind=regex as much as it can.
MATCHES: Final = {
    types.LONG: r"\-?\d+",
    types.INT: r"\-?\d+",
    types.REAL: r"\-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?",
}


def parse(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """`parse` and `parse-where`: one regular expression, whose groups are the columns."""
    assert isinstance(node, s.Parse)
    options = dict(node.options)
    kind = options.get("kind", "simple")
    if kind not in ("simple", "regex", "relaxed"):
        raise semantic(f"There is no parse kind '{kind}'", node.span, closest(kind, ("simple", "regex", "relaxed")))
    declared = [piece for piece in node.pieces if isinstance(piece, s.Declared)]
    if not declared:
        raise semantic("The pattern of parse names no column", node.span)
    pattern = Const(types.STRING, _pattern(node, kind, options.get("flags", "")))
    text = convert(scope.bind(node.operand), types.STRING, node.operand.span)
    rel, operand = materialised(scope.context, rel, text)
    rel, matched, row = _groups(scope, rel, operand, pattern, len(declared))
    raw = [RowField(types.STRING, row, at) for at in range(len(declared))]
    values = [convert(value, piece.type, piece.span) for value, piece in zip(raw, declared, strict=True)]
    rel, good = _whole(scope, rel, matched, values, kind)
    outputs = {column.name: (column.ref, column.ref) for column in rel.columns}
    for piece, value in zip(declared, values, strict=True):
        chosen = iff(good, value, absent(value.type))
        outputs[piece.name] = (scope.context.fresh(value.type), chosen)  # type: ignore[assignment]
    if node.word == "parse-where":
        rel = filtered(rel, good)
    return project(rel, ((name, ref, value) for name, (ref, value) in outputs.items()))


def _groups(scope: Scope, rel: Rel, operand: Ref, pattern: Const, count: int) -> tuple[Rel, Ref, Ref]:
    """Two hidden columns: whether the text matches, and the groups that it has."""
    matched, row = scope.context.fresh(types.BOOL), scope.context.fresh("row")
    arguments = (operand, pattern, Const(types.LONG, count))
    values = [
        (matched, applied("$groups", *arguments, kind=types.BOOL)),
        (row, applied("$groups", *arguments, kind="row", form=1)),
    ]
    return extended(rel, values), matched, row


def _whole(scope: Scope, rel: Rel, matched: Ref, values: list[Expr], kind: str) -> tuple[Rel, Ref]:
    """Whether the row counts as parsed: outside kind=relaxed a value that its type refuses spoils the row."""
    if kind == "relaxed":
        return rel, matched
    tests = [applied("isnotnull", value, form=1) for value in values if value.type != types.STRING]
    return materialised(scope.context, rel, conjunction([matched, *tests]))


def _pattern(node: s.Parse, kind: str, flags: str) -> str:
    if set(flags) - set("ismU"):
        raise semantic(f"parse has the flags i, s, m and U, not '{flags}'", node.span)
    parts = [_piece(piece, kind) for piece in node.pieces]
    last = node.pieces[-1]
    if isinstance(last, s.Declared) and last.type not in MATCHES:
        parts[-1] = "(.*)"
    given = "".join(sorted(set(flags))) if kind == "regex" else "s"
    pattern = (f"(?{given})" if given else "") + "^" + "".join(parts) + "$"
    try:
        re.compile(pattern.replace("(?U)", "").replace("U", "u", 1) if "U" in given else pattern)
    except re.error as error:
        raise semantic(f"The pattern is not a regular expression: {error}", node.span) from None
    return pattern


def _piece(piece: s.Node, kind: str) -> str:
    if isinstance(piece, s.Star):
        return ".*" if kind == "regex" else ".*?"
    if isinstance(piece, s.Literal):
        return _ungrouped(str(piece.value)) if kind == "regex" else re.escape(str(piece.value))
    assert isinstance(piece, s.Declared)
    anything = ".*" if kind == "regex" else ".*?"
    # In kind=relaxed a typed column takes any text: what does not fit its type is null there.
    return f"({anything if kind == 'relaxed' else MATCHES.get(piece.type, anything)})"


def _ungrouped(text: str) -> str:
    """The author's groups do not capture: only columns do."""
    return re.sub(r"(\\.)|\((?!\?)", lambda match: match[1] or "(?:", text)


# ---- mv-expand


@dataclass(frozen=True)
class Unfolded:
    """Rows after an unfolding; `index` counts the elements of each, `live` is false for the row before them."""

    rel: Rel
    index: Ref | None
    live: Ref | None


def expand(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """`mv-expand`: a row for each element; several arrays are unfolded side by side."""
    assert isinstance(node, s.Expand)
    return unfolded(scope, rel, node).rel


def unfolded(scope: Scope, rel: Rel, node: s.Expand, *, headed: bool = False, indexed: bool = False) -> Unfolded:
    """The rows that arrays become, after one of nulls for each (`headed`); `indexed` counts them in any case."""
    options = dict(node.options)
    kind = options.get("kind") or options.get("bagexpansion") or "bag"
    if kind not in ("bag", "array"):
        raise semantic("mv-expand is of kind bag or array", node.span)
    values = tuple(guarded(rel, _item(scope, item)) for item, _ in node.items)
    elements = tuple(scope.context.fresh(types.DYNAMIC) for _ in values)
    indexed = indexed or headed or "with_itemindex" in options
    index = scope.context.fresh(types.LONG) if indexed else None
    bound = constant_int(scope.bind(node.limit), "The limit of mv-expand", node.limit.span) if node.limit else None
    plan = Expand(rel.plan, rel.refs, values, elements, index, kind == "array", bound, headed)
    rel, index, live = _numbered(scope, replace(rel, plan=plan), index, headed)
    return Unfolded(_unfolded(scope, rel, node, elements, index), index, live)


def _item(scope: Scope, item: s.Node) -> Expr:
    value = scope.bind(item.value if isinstance(item, s.Assign) else item)
    if value.type != types.DYNAMIC:
        raise semantic(f"mv-expand unfolds a dynamic, not a value of type {value.type}", item.span)
    return value


def _numbered(scope: Scope, rel: Rel, index: Ref | None, headed: bool) -> tuple[Rel, Ref | None, Ref | None]:
    """Behind a row of nulls the elements are counted from 1: here from 0."""
    if index is None or not headed:
        return rel, index, None
    place, live = scope.context.fresh(types.LONG), scope.context.fresh(types.BOOL)
    less = apply(OPERATORS["-"], [index, Const(types.LONG, 1)], s.Call(0, 0, "-", ()))
    test = compare(">", index, Const(types.LONG, 0), s.Star(0, 0).span)
    return extended(rel, [(place, less), (live, test)]), place, live


def _element(element: Ref, target: str, item: s.Node) -> Expr:
    """An element under a type. A text is no number and no bool here: what it says is not read."""
    value: Expr = element
    if target in (types.BOOL, *types.NUMBERS):
        value = applied("$no_text", element)
    return convert(value, target, item.span)


def _unfolded(scope: Scope, rel: Rel, node: s.Expand, elements: tuple[Ref, ...], index: Ref | None) -> Rel:
    """The elements under their names, converted; the index beside them where it has a name."""
    columns = rel.by_name
    made: list[tuple[Ref, Expr]] = []
    for (item, target), element in zip(node.items, elements, strict=True):
        value = _element(element, target, item) if target else element
        ref = value if isinstance(value, Ref) else scope.context.fresh(value.type)
        columns[result_name(item) or unique("Column1", columns)] = ref
        made += [(ref, value)] if ref != value else []
    name = dict(node.options).get("with_itemindex")
    if name and index is not None:
        columns[name] = index
    rel = extended(rel, made) if made else rel
    return replace(rel, columns=tuple(Col(name, ref) for name, ref in columns.items()))
