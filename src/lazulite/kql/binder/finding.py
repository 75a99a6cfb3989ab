"""find: the rows of several tables for which a predicate holds, under the columns that they share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.packing import packed
from lazulite.kql.binder.scope import Col, Rel, extended, unknown
from lazulite.kql.binder.searching import all_tables, matching
from lazulite.kql.binder.uniting import SCOPED, tables
from lazulite.kql.errors import semantic, unsupported
from lazulite.kql.plan import Const, Expr, UnionAll, absent


@dataclass(frozen=True)
class Found:
    """One table of a find: its rows, under the columns that the predicate names (null where it has them not)."""

    name: str
    rel: Rel
    whole: Rel


def find(scope: Scope, node: s.Find) -> Rel:
    """`find`: the rows of several tables, under common columns; what else they have is packed."""
    named = node.tables or all_tables(scope, node)
    inputs = [found for table in named for found in tables(scope, table, 0, False)]
    if any(name == SCOPED for name, _ in inputs):
        raise unsupported("find over tables of other scopes", node.span)
    asked = _asked(node.predicate, inputs)
    if len(inputs) > 1 and not _anywhere(node.predicate):
        inputs = [(name, rel) for name, rel in inputs if any(column in rel.by_name for column in asked)]
    if not inputs:
        raise semantic("No table of the find has a column that its predicate names", node.predicate.span)
    parts = [_part(scope, name, rel, asked, node) for name, rel in inputs]
    columns = _columns(node, inputs, asked)
    return _joined(scope, node, parts, columns)


def _anywhere(node: s.Node) -> bool:
    """Whether a predicate is about any column: such a find leaves out no table."""
    if isinstance(node, s.Logical):
        return any(map(_anywhere, node.operands))
    if isinstance(node, s.Call) and node.name == "not":
        return any(map(_anywhere, node.arguments))
    return isinstance(node, s.Star | s.Literal) or (isinstance(node, s.Binary) and isinstance(node.left, s.Star))


def _asked(node: s.Node, inputs: list[tuple[str, Rel]]) -> dict[str, str]:
    """The columns that a predicate names, with their type."""
    kinds: dict[str, set[str]] = {}
    for _, rel in inputs:
        for column in rel.columns:
            kinds.setdefault(column.name, set()).add(column.ref.type)
    found = {name: kinds[name] for name in _names(node) if name in kinds}
    for name, several in found.items():
        if len(several) > 1:
            raise unsupported(f"find by the column '{name}', which has several types", node.span)
    return {name: next(iter(several)) for name, several in found.items()}


def _names(node: s.Node) -> list[str]:
    """The names in an expression, in the order of the text, each once."""
    return list(dict.fromkeys(part.text for part in s.walk(node) if isinstance(part, s.Name)))


def _part(scope: Scope, name: str, rel: Rel, asked: dict[str, str], node: s.Find) -> Found:
    rel = replace(rel, order=(), serialized=False)
    missing = [(column, kind) for column, kind in asked.items() if column not in rel.by_name]
    made = [(column, scope.context.fresh(kind), absent(kind)) for column, kind in missing]
    wide = extended(rel, [(ref, value) for _, ref, value in made]) if made else rel
    wide = replace(wide, columns=(*rel.columns, *(Col(column, ref) for column, ref, _ in made)))
    kept = matching(scope, wide, wide.columns, False, node.predicate)
    return Found(name, kept, replace(kept, columns=rel.columns))


def _columns(node: s.Find, inputs: list[tuple[str, Rel]], asked: dict[str, str]) -> list[tuple[str, str]]:
    """The result's columns: those of `project`, or those that all tables share and then those of the predicate."""
    slots = [[(column.name, column.ref.type) for column in rel.columns] for _, rel in inputs]
    if node.columns is None:
        shared = [slot for slot in slots[0] if all(slot in one for one in slots)]
        return list(dict.fromkeys([*shared, *asked.items()]))
    found: list[tuple[str, str]] = []
    for column in node.columns:
        kinds = dict.fromkeys(kind for one in slots for name, kind in one if name == column.name)
        if not kinds:
            raise unknown("column", column.name, column.span, dict.fromkeys(name for one in slots for name, _ in one))
        if not column.type and len(kinds) > 1:
            raise semantic(
                f"The column '{column.name}' has several types: say which, {column.name}:string", column.span
            )
        found.append((column.name, column.type or next(iter(kinds))))
    return found


def _joined(scope: Scope, node: s.Find, parts: list[Found], columns: list[tuple[str, str]]) -> Rel:
    names = {name for name, _ in columns}
    rest = any(column.name not in names for part in parts for column in part.whole.columns)
    source = dict(node.options).get("withsource", "source_")
    made = [(source, types.STRING), *columns]
    if node.pack or (node.columns is None and rest):
        made.append(("pack_", types.DYNAMIC))
    refs = tuple(scope.context.fresh(kind) for _, kind in made)
    inputs = tuple((part.rel.plan, tuple(_values(part, made, names, node))) for part in parts)
    rel = Rel(UnionAll(refs, inputs), tuple(Col(name, ref) for (name, _), ref in zip(made, refs, strict=True)))
    return _without(rel, node, source)


def _values(part: Found, made: list[tuple[str, str]], names: set[str], node: s.Find) -> Iterator[Expr]:
    has = part.rel.by_name
    yield Const(types.STRING, part.name)
    for name, kind in made[1:]:
        if name == "pack_" and kind == types.DYNAMIC and name not in names:
            yield packed([(c.name, c.ref) for c in part.whole.columns if c.name not in names], node)
        else:
            yield convert(has[name], kind, node.span) if name in has else absent(kind)


def _without(rel: Rel, node: s.Find, source: str) -> Rel:
    """`project-away`: `*` leaves the source, and what was packed on demand."""
    gone: set[str] = set()
    for item in node.away:
        if isinstance(item, s.Wildcard) and item.pattern == "*":
            gone.update(name for name in rel.names if name != source and not (name == "pack_" and node.pack))
        elif isinstance(item, s.Name):
            rel.column(item.text, item.span)
            gone.add(item.text)
        else:
            raise unsupported("'project-away' of find with a pattern", item.span)
    return replace(rel, columns=tuple(column for column in rel.columns if column.name not in gone))
