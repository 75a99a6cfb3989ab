"""How Kusto calls a column that the query does not name."""

from __future__ import annotations

from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql.functions import FUNCTIONS

# States merged by a function of a row have a name of their own.
MERGED: Final = {
    "hll_merge": "hll_merged_result",
    "tdigest_merge": "tdigests_merge_result",
    "merge_tdigest": "tdigests_merge_result",
}


def result_name(node: s.Node) -> str | None:
    """The name that an expression brings with it, or None (the projection numbers it then)."""
    match node:
        case s.Name():
            return node.text
        case s.Assign():
            return node.names[0]
        case s.Path(of=s.Name(text="$left" | "$right")):
            return node.name
        case s.Path():
            return _joined(node.of, node.name)
        case s.Index():
            return _member_name(node)
        case s.Call():
            return _call_name(node)
    return None


def _member_name(node: s.Index) -> str | None:
    """A name or a place from 0 is part of the column's name; a place from the end, or a computed one, is not."""
    key = node.index.value if isinstance(node.index, s.Literal) else None
    if isinstance(key, bool) or not isinstance(key, str | int) or (isinstance(key, int) and key < 0):
        left = result_name(node.of)
        return f"{left}_" if left else None
    return _joined(node.of, str(key))


def _joined(of: s.Node, name: str) -> str:
    left = result_name(of)
    return f"{left}_{name}" if left else name


def _call_name(node: s.Call) -> str | None:
    record = FUNCTIONS.get(node.name)
    named = record.named if record else ""
    if record is None or not named:
        return None
    if named == "alone":
        return record.prefix
    first = result_name(node.arguments[0]) if node.arguments else None
    if named == "first":
        return first
    if named == "sorted":
        return f"{first or 'array0'}_sorted"
    if named == "pair":
        second = result_name(node.arguments[1]) if len(node.arguments) > 1 else None
        return f"{node.name}_{first or ''}_{second or ''}"
    if named == "merged" and len(node.arguments) > 1:
        return MERGED[node.name]
    prefix = node.name if named == "name_first" else record.prefix
    return f"{prefix}_{first or ''}"
