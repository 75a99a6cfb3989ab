"""Leaves out of a plan the columns that nobody asks for, from the result down to the scans.

The engine would drop them as well, but only after it has bound each of them at every level: a table has up to 50, and
most queries name five. Before: `T | where a == 1 | project b` scans every column of T; after: a and b.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from lazulite.kql.plan import (
    Aggregate,
    Distinct,
    Expand,
    Expr,
    Extend,
    Filter,
    Join,
    Limit,
    Local,
    Order,
    Plan,
    Project,
    Ref,
    Scan,
    UnionAll,
    fields,
)

Ids = frozenset[int]
Rule = Callable[[Plan, Ids], Plan]


def pruned(plan: Plan, needed: Ids) -> Plan:
    """The plan with the columns `needed` of its result, and whatever else it needs for them."""
    rule = RULES.get(type(plan))
    return rule(plan, needed) if rule else plan


def references(value: object) -> Ids:
    """Every column that an expression, a sort key or a plan mentions, by number."""
    return frozenset(ref.id for ref in _references(value))


def referenced(value: object) -> frozenset[Ref]:
    """Every column that an expression, a sort key or a plan mentions."""
    return frozenset(_references(value))


def _references(value: object) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Order):
        yield value.column
    elif isinstance(value, tuple):
        for part in value:
            yield from _references(part)
    elif isinstance(value, Expr | Plan):
        for name in fields(type(value)):
            yield from _references(getattr(value, name))


def _outputs(outputs: tuple[tuple[Ref, Expr], ...], needed: Ids) -> tuple[tuple[Ref, Expr], ...]:
    return tuple(output for output in outputs if output[0].id in needed)


def _refs(columns: tuple[Ref, ...], needed: Ids) -> tuple[Ref, ...]:
    return tuple(ref for ref in columns if ref.id in needed)


def _scan(plan: Scan, needed: Ids) -> Plan:
    # One column stays: rows are counted even where none of their values is asked for.
    kept = [at for at, ref in enumerate(plan.columns) if ref.id in needed] or [0]
    if len(kept) >= len(plan.columns):
        return plan
    sources = (replace(source, columns=tuple(source.columns[at] for at in kept)) for source in plan.sources)
    names = tuple(plan.names[at] for at in kept)
    return replace(plan, columns=tuple(plan.columns[at] for at in kept), sources=tuple(sources), names=names)


def _filter(plan: Filter, needed: Ids) -> Plan:
    return replace(plan, input=pruned(plan.input, needed | references(plan.predicate)))


def _project(plan: Project, needed: Ids) -> Plan:
    outputs = _outputs(plan.outputs, needed)
    below = pruned(plan.input, references(outputs))
    # Columns have one number in the whole plan, and what is above names those that it reads: nothing is left to do.
    if all(ref == value for ref, value in outputs) and outputs:
        return below
    return replace(plan, outputs=outputs, input=below)


def _extend(plan: Extend, needed: Ids) -> Plan:
    outputs = _outputs(plan.outputs, needed)
    below = pruned(plan.input, needed | references(outputs))
    return replace(plan, outputs=outputs, input=below) if outputs else below


def _aggregate(plan: Aggregate, needed: Ids) -> Plan:
    outputs = _outputs(plan.outputs, needed)
    return replace(plan, outputs=outputs, input=pruned(plan.input, references((plan.keys, outputs))))


def _join(plan: Join, needed: Ids) -> Plan:
    wanted = needed | references((plan.on, plan.partition))
    return replace(
        plan,
        left=pruned(plan.left, wanted),
        right=pruned(plan.right, wanted),
        left_columns=_refs(plan.left_columns, needed),
        right_columns=_refs(plan.right_columns, needed),
    )


def _union(plan: UnionAll, needed: Ids) -> Plan:
    kept = [at for at, ref in enumerate(plan.columns) if ref.id in needed] or [0][: len(plan.columns)]
    inputs = []
    for part, values in plan.inputs:
        chosen = tuple(values[at] for at in kept)
        inputs.append((pruned(part, references(chosen)), chosen))
    return replace(plan, columns=tuple(plan.columns[at] for at in kept), inputs=tuple(inputs))


def _limit(plan: Limit, needed: Ids) -> Plan:
    return replace(plan, input=pruned(plan.input, needed | references((plan.order, plan.partition))))


def _distinct(plan: Distinct, needed: Ids) -> Plan:
    """Each of its columns decides which rows are equal: all stay."""
    return replace(plan, input=pruned(plan.input, references(plan.columns)))


def _expand(plan: Expand, needed: Ids) -> Plan:
    kept = _refs(plan.kept, needed)
    return replace(plan, kept=kept, input=pruned(plan.input, references((kept, plan.items))))


def _local(plan: Local, needed: Ids) -> Plan:
    """What only passes through may go; the columns that the function reads and makes stay, in their order."""
    passed = references(plan.inputs) & references(plan.columns)
    gone = passed - needed - references((plan.arguments, plan.order))
    inputs = tuple(ref for ref in plan.inputs if ref.id not in gone)
    columns = tuple(ref for ref in plan.columns if ref.id not in gone)
    return replace(plan, inputs=inputs, columns=columns, input=pruned(plan.input, references((inputs, plan.order))))


# What is not here (values, range) gives the columns that it gives.
RULES: Final[dict[type[Plan], Rule]] = {
    Scan: _scan,  # type: ignore[dict-item]
    Filter: _filter,  # type: ignore[dict-item]
    Project: _project,  # type: ignore[dict-item]
    Extend: _extend,  # type: ignore[dict-item]
    Aggregate: _aggregate,  # type: ignore[dict-item]
    Join: _join,  # type: ignore[dict-item]
    UnionAll: _union,  # type: ignore[dict-item]
    Limit: _limit,  # type: ignore[dict-item]
    Distinct: _distinct,  # type: ignore[dict-item]
    Expand: _expand,  # type: ignore[dict-item]
    Local: _local,  # type: ignore[dict-item]
}
