"""Calls that SQL cannot make: each becomes a column that a local stage adds before an operator sees the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from lazulite.kql.binder.expressions import Scope, Staged
from lazulite.kql.binder.scope import Context, Rel
from lazulite.kql.functions import record_of
from lazulite.kql.plan import Expr, Extend, Local, Order, Ref, ScalarQuery, Values, Windowed

CALL: Final = "call"
WINDOW: Final = "window"


def staged(scope: Scope, call: Staged) -> Expr:
    """The column of the call; where there are no rows, the value of a query of one row."""
    if scope.pending is None:
        ref = scope.context.fresh(call.type)
        rel = with_stages(scope.context, Rel(Values((), ((),)), ()), {call: ref})
        return ScalarQuery(call.type, rel.plan, ref)
    return scope.pending.column(scope.context, call)


def with_stages(context: Context, rel: Rel, pending: Mapping[Staged, Ref]) -> Rel:
    """The relation with a stage for each call; inner calls come first."""
    kept = list(rel.refs)
    plan = rel.plan
    for call, ref in pending.items():
        made = [(context.fresh(argument.type), argument) for argument in call.arguments]
        position = record_of(call.name).signatures.index(call.signature)
        inputs = (*kept, *(argument for argument, _ in made))
        plan = Extend(plan, tuple(made)) if made else plan
        kept.append(ref)
        plan = Local(plan, inputs, CALL, (call.name, position, len(made)), tuple(kept))
        if isinstance(call, Windowed):
            plan = _among_others(plan, call)
    return replace(rel, plan=plan)


def _among_others(plan: Local, call: Windowed) -> Local:
    """The stage as one that sees all rows, one partition after another, in their order."""
    keys = tuple(Order(ref, False, True) for ref in call.partition)
    inputs = (*plan.inputs, *call.partition)
    arguments = (call.name, len(call.arguments), len(call.partition))
    return replace(plan, function=WINDOW, inputs=inputs, arguments=arguments, order=(*keys, *call.order))
