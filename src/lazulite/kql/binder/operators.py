"""What stands after a `|`: a table from the operator's node to the function that binds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from lazulite.kql import syntax as s
from lazulite.kql.binder import applying, nesting, partitions, projections, rows, shaping
from lazulite.kql.binder.evaluating import evaluate
from lazulite.kql.binder.expressions import Pending, Scope
from lazulite.kql.binder.grouping import summarize
from lazulite.kql.binder.joining import join
from lazulite.kql.binder.key_values import parse_kv
from lazulite.kql.binder.local_calls import with_stages
from lazulite.kql.binder.making_series import series
from lazulite.kql.binder.scope import Rel
from lazulite.kql.binder.searching import search_in
from lazulite.kql.binder.stepping import scan
from lazulite.kql.binder.uniting import union_with
from lazulite.kql.errors import unsupported
from lazulite.kql.plan import Expr
from lazulite.kql.schema import Render

Binder = Callable[[Scope, Rel, s.Operator], Rel]


def apply(scope: Scope, rel: Rel, operator: s.Operator) -> Rel:
    """The relation after one operator; `scope` knows the variables."""
    binder = BINDERS[type(operator)]
    partitions.check_inside(rel, operator)
    if not isinstance(operator, s.UnionWith | s.SearchIn):
        rel = replace(rel, alias="", source="")
    pending = Pending()
    inner = replace(scope.over(rel), pending=pending)
    found = binder(inner, rel, operator)
    if not pending:
        return found
    # What a local stage must compute is known only now: the operator is bound again, over rows that have it.
    pending.again()
    return binder(inner, with_stages(scope.context, rel, pending), operator)


def _render(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Rendered)
    scope.context.render = Render(node.visualization, dict(node.properties))
    return rel


def _as(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.As)
    return replace(rel, alias=node.name)


def _invoke(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    assert isinstance(node, s.Invoke)
    piped = "$invoke"
    inner = replace(scope, environment=scope.environment.with_names({piped: rel}), columns={})
    first = s.Name(node.call.start, node.call.end, piped)
    found = scope.tabular(replace(node.call, arguments=(first, *node.call.arguments)), inner.environment, None)
    if isinstance(found, Expr):
        raise unsupported("'invoke' of a function that gives no table", node.span)
    return found


def _several(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    raise unsupported(f"The operator '{node.word}' anywhere but at the end of a query", node.span)


BINDERS: Mapping[type[s.Operator], Binder] = {
    s.Project: projections.projection,
    s.Where: rows.where,
    s.Sort: rows.sort,
    s.Take: rows.take,
    s.Top: rows.top,
    s.Bare: rows.bare,
    s.Rendered: _render,
    s.As: _as,
    s.Invoke: _invoke,
    s.Summarize: summarize,
    s.Join: join,
    s.UnionWith: union_with,
    s.SearchIn: search_in,
    s.Parse: shaping.parse,
    s.Expand: shaping.expand,
    s.Series: applying.keyed(series),
    s.TopHitters: nesting.top_hitters,
    s.TopNested: nesting.top_nested,
    s.Fork: _several,
    s.Facet: _several,
    s.MvApply: applying.mv_apply,
    s.Partition: applying.partition,
    s.Evaluate: evaluate,
    s.Scan: scan,
    s.ParseKv: parse_kv,
}
