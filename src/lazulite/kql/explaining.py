"""What a compiled query does, for those who wait for it: the plan as a tree, what reaches each scan, and the SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lazulite.kql import ticks, types
from lazulite.kql.compiler import Compiled
from lazulite.kql.functions import Signature
from lazulite.kql.plan import (
    Aggregated,
    Apply,
    Compare,
    Const,
    Convert,
    Expr,
    Extend,
    Field,
    Filter,
    Logic,
    Not,
    OneOf,
    Order,
    Plan,
    Project,
    Ref,
    Scan,
    Windowed,
    children,
    fields,
)
from lazulite.kql.pruning import references

TIME: Final = "TimeGenerated"
# What passes rows on one by one: a filter above it that needs nothing of it holds below it as well.
TRANSPARENT: Final = (Filter, Extend, Project)
MAX_TEXT: Final = 2_000
Names = Mapping[int, str]


@dataclass(frozen=True)
class Reached:
    """A scan: the columns that are read of the table, the filters that reach it, and the time range in them."""

    table: str
    relations: tuple[str, ...]
    columns: tuple[str, ...]
    filters: tuple[str, ...]
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True)
class Explanation:
    """`plan` is a tree, a line a node, indented; `sql` the statements in the order in which they run."""

    plan: tuple[str, ...]
    scans: tuple[Reached, ...]
    sql: tuple[str, ...]


def explain(compiled: Compiled) -> Explanation:
    """The explanation of a query; columns of tables have their names, all others are c and a number.

    Of several results each has its own part, under its name.
    """
    parts = [_explained(one, f"Result {one.name}") for one in (compiled, *compiled.further)]
    return Explanation(
        tuple(line for part in parts for line in part.plan[0 if compiled.further else 1 :]),
        tuple(scan for part in parts for scan in part.scans),
        tuple(text for part in parts for text in part.sql),
    )


def _explained(compiled: Compiled, head: str) -> Explanation:
    names = dict(_names(compiled.plan))
    return Explanation(
        (head, *_tree(compiled.plan, names, 0)),
        tuple(_scans(compiled.plan, names, ())),
        tuple(stage.sql for stage in compiled.stages),
    )


def _names(node: Plan | Expr) -> Iterator[tuple[int, str]]:
    if isinstance(node, Scan):
        yield from ((ref.id, name) for ref, name in zip(node.columns, node.names, strict=False))
    for child in children(node):
        yield from _names(child)


# ---- what reaches the scans


def _scans(node: Plan | Expr, names: Names, above: tuple[Expr, ...]) -> Iterator[Reached]:
    if isinstance(node, Scan):
        yield _reached(node, names, above)
        return
    if isinstance(node, Filter):
        above = (*above, *_parts(node.predicate))
    inside = above if isinstance(node, TRANSPARENT) else ()
    for child in children(node):
        yield from _scans(child, names, inside if isinstance(child, Plan) else ())


def _parts(predicate: Expr) -> tuple[Expr, ...]:
    return predicate.operands if isinstance(predicate, Logic) and predicate.operator == "and" else (predicate,)


def _reached(scan: Scan, names: Names, above: tuple[Expr, ...]) -> Reached:
    own = {ref.id for ref in scan.columns}
    found = [each for each in above if references(each) <= own]
    bounds = dict(_bounds(found, names))
    return Reached(
        scan.name,
        tuple(f"{source.schema}.{source.table}" for source in scan.sources),
        tuple(shown(ref, names) for ref in scan.columns),
        tuple(shown(each, names) for each in found),
        bounds.get(">=") or bounds.get(">"),
        bounds.get("<") or bounds.get("<="),
    )


def _bounds(filters: list[Expr], names: Names) -> Iterator[tuple[str, str]]:
    for each in filters:
        timed = isinstance(each, Compare) and isinstance(each.left, Ref) and names.get(each.left.id) == TIME
        if isinstance(each, Compare) and timed and isinstance(each.right, Const):
            yield each.operator, _constant(each.right)


# ---- the tree


def _tree(node: Plan, names: Names, depth: int) -> Iterator[str]:
    yield "  " * depth + " ".join((type(node).__name__, *_details(node, names)))[:MAX_TEXT]
    for child in children(node):
        yield from _below(child, names, depth + 1)


def _below(node: Plan | Expr, names: Names, depth: int) -> Iterator[str]:
    """The plans in a node, also those inside of its expressions."""
    if isinstance(node, Plan):
        yield from _tree(node, names, depth)
    else:
        for child in children(node):
            yield from _below(child, names, depth)


def _details(node: Plan, names: Names) -> Iterator[str]:
    for field in fields(type(node)):
        value = getattr(node, field)
        if field in ("sources", "names") or value in (None, ()) or isinstance(value, Plan):
            continue
        text = shown(value, names)
        if text:
            yield f"{field}: {text}"


def shown(value: object, names: Names) -> str:
    """A part of a plan as text; plans inside of it stand in the tree."""
    if isinstance(value, Plan | Signature):
        return ""
    if isinstance(value, tuple):
        return ", ".join(filter(None, (_item(part, names) for part in value)))
    if isinstance(value, Order):
        return shown(value.column, names) + (" desc" if value.descending else " asc")
    return _expression(value, names) if isinstance(value, Expr) else str(value)


def _item(value: object, names: Names) -> str:
    """In a list a pair is a column and what it is made of, or two columns that are compared."""
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], Ref):
        first, second = shown(value[0], names), shown(value[1], names)
        return first if first == second else f"{first} = {second}"
    text = shown(value, names)
    return f"({text})" if isinstance(value, tuple) and text else text


def _expression(value: Expr, names: Names) -> str:
    inner = [shown(child, names) for child in children(value) if isinstance(child, Expr)]
    match value:
        case Ref():
            return names.get(value.id, f"c{value.id}")
        case Const():
            return _constant(value)
        case Compare():
            return f"{inner[0]} {value.operator} {inner[1]}"
        case Logic():
            return "(" + f" {value.operator} ".join(inner) + ")"
        case Not():
            return f"not({inner[0]})"
        case OneOf():
            return f"{inner[0]} in ({', '.join(inner[1:])})"
        case Field():
            return f"{inner[0]}[{inner[1]}]"
        case Convert():
            return f"to{value.type}({inner[0]})"
        case Apply() | Aggregated() | Windowed():
            return f"{value.name}({', '.join(shown(argument, names) for argument in value.arguments)})"
    return f"{type(value).__name__}({', '.join(filter(None, inner))})"


def _constant(value: Const) -> str:
    if value.value is None:
        return f"{value.type}(null)"
    if value.type == types.DATETIME and isinstance(value.value, int) and 0 <= value.value <= ticks.MAX_TICKS:
        return f"datetime({ticks.format_datetime(value.value)})"
    if value.type == types.TIMESPAN and isinstance(value.value, int):
        return f"timespan({ticks.format_timespan(value.value)})"
    return repr(value.value) if isinstance(value.value, str) else str(value.value)
