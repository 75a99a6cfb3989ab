"""project and its kin, extend, distinct: which columns there are, in which order, under which names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.names import result_name
from lazulite.kql.binder.partitions import grouped
from lazulite.kql.binder.result_columns import columns_of
from lazulite.kql.binder.scope import Col, Rel, project, unique
from lazulite.kql.errors import semantic
from lazulite.kql.plan import Distinct, Expr, Ref


def named(scope: Scope, items: tuple[s.Node, ...], word: str = "project") -> Iterator[tuple[str | None, s.Node, Expr]]:
    """Each item with the name it is given or brings along, and its value; some functions make several columns."""
    for item in items:
        columns = columns_of(scope, item, word)
        if columns:
            yield from columns
        elif isinstance(item, s.Assign):
            if len(item.names) != 1:
                raise semantic("Several names stand only before an aggregate with several results", item.span)
            yield item.names[0], item, scope.bind(item.value)
        else:
            yield result_name(item), item, scope.bind(item)


def projection(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Project)
    return PROJECTIONS[node.word](scope, rel, node)


def _project(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    outputs: list[tuple[str, Ref, Expr]] = []
    number = 1
    for name, item, value in named(scope, _unfolded(rel, node)):
        taken = [column for column, _, _ in outputs]
        if name is None:
            while f"Column{number}" in taken or f"Column{number}" in rel.names:
                number += 1
            name, number = f"Column{number}", number + 1
        elif name in taken and isinstance(item, s.Assign | s.Name):
            raise semantic(f"The column '{name}' is made twice", item.span)
        ref = (
            value
            if isinstance(value, Ref) and value not in [r for _, r, _ in outputs]
            else scope.context.fresh(value.type)
        )
        outputs.append((unique(name, taken), ref, value))
    return project(rel, outputs)


def _unfolded(rel: Rel, node: s.Project) -> tuple[s.Node, ...]:
    items: list[s.Node] = []
    for item in node.items:
        if isinstance(item, s.Star):
            items.extend(s.Name(item.start, item.end, name, True) for name in rel.names)
        else:
            items.append(item)
    return tuple(items)


def _extend(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    return extend(scope, rel, node.items)


def extend(scope: Scope, rel: Rel, items: tuple[s.Node, ...]) -> Rel:
    """Columns added; one of a name that exists takes its place."""
    outputs = {column.name: (column.ref, column.ref) for column in rel.columns}
    made: set[str] = set()
    number = 1
    for name, item, value in named(scope, items, "extend"):
        if name is None:
            while f"Column{number}" in outputs:
                number += 1
            name = f"Column{number}"
        elif name in outputs and not isinstance(item, s.Assign):
            raise semantic(f"The column '{name}' exists: give the new one a name", item.span)
        if name in made:
            raise semantic(f"The column '{name}' is made twice", item.span)
        made.add(name)
        outputs[name] = (scope.context.fresh(value.type), value)  # type: ignore[assignment]
    return project(rel, ((name, ref, value) for name, (ref, value) in outputs.items()))


def _matching(rel: Rel, items: tuple[s.Node, ...]) -> list[str]:
    """The columns that names and wildcards mean, in the order of the items, each once."""
    found: dict[str, None] = {}
    for item in items:
        if isinstance(item, s.Placed):
            found.update(dict.fromkeys(sorted(_matching(rel, (item.pattern,)), reverse=item.descending)))
        elif isinstance(item, s.Wildcard):
            found.update(dict.fromkeys(name for name in rel.names if fnmatchcase(name, item.pattern)))
        elif isinstance(item, s.Name):
            rel.column(item.text, item.span)
            found[item.text] = None
        else:
            raise semantic("A column's name or a wildcard stands here", item.span)
    return list(found)


def _keeping(rel: Rel, names: list[str]) -> Rel:
    columns = rel.by_name
    return replace(rel, columns=tuple(Col(name, columns[name]) for name in names))


def _away(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    gone = set(_matching(rel, node.items))
    return _keeping(rel, [name for name in rel.names if name not in gone])


def _keep(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    kept = set(_matching(rel, node.items))
    return _keeping(rel, [name for name in rel.names if name in kept])


def _reorder(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    first = _matching(rel, node.items)
    return _keeping(rel, first + [name for name in rel.names if name not in first])


def _rename(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    renamed: dict[str, str] = {}
    for item in node.items:
        if not isinstance(item, s.Assign) or not isinstance(item.value, s.Name) or len(item.names) != 1:
            raise semantic("project-rename takes new = old", item.span)
        rel.column(item.value.text, item.value.span)
        if item.value.text in renamed:
            raise semantic(f"The column '{item.value.text}' is renamed twice", item.span)
        renamed[item.value.text] = item.names[0]
    names = [renamed.get(name, name) for name in rel.names]
    if len(set(names)) < len(names):
        raise semantic("Two columns would have one name", node.span)
    return replace(rel, columns=tuple(Col(name, old.ref) for name, old in zip(names, rel.columns, strict=True)))


def distinct(scope: Scope, rel: Rel, node: s.Project) -> Rel:
    rel = replace(rel, order=(), serialized=False)
    items = tuple(item for item in node.items if not (isinstance(item, s.Wildcard) and item.pattern == "*"))
    if items:
        rel = _project(scope, rel, replace(node, items=items))
    for column in rel.columns:
        if column.ref.type == types.DYNAMIC:
            raise semantic(
                f"The column '{column.name}' is dynamic: distinct needs e.g. tostring({column.name})", node.span
            )
    if rel.partition:
        found = grouped(scope.context, rel, tuple((ref, ref) for ref in rel.shown), (), node.span)
        return replace(found, columns=rel.columns)
    return replace(rel, plan=Distinct(rel.plan, rel.shown))


PROJECTIONS: Mapping[str, Callable[[Scope, Rel, s.Project], Rel]] = {
    "project": _project,
    "extend": _extend,
    "project-away": _away,
    "project-keep": _keep,
    "project-reorder": _reorder,
    "project-rename": _rename,
    "distinct": distinct,
}
