"""summarize: keys, aggregates anywhere in an expression, and aggregates with several results."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import applied
from lazulite.kql.binder.array_sorting import sorted_arrays
from lazulite.kql.binder.calls import match, result_type
from lazulite.kql.binder.expressions import Pending, Scope
from lazulite.kql.binder.local_calls import staged, with_stages
from lazulite.kql.binder.names import result_name
from lazulite.kql.binder.partitions import grouped
from lazulite.kql.binder.scope import Col, Rel, plain_key, project, unique
from lazulite.kql.binder.several import SEVERAL, Found
from lazulite.kql.errors import semantic, unsupported
from lazulite.kql.functions import FUNCTIONS, Signature
from lazulite.kql.plan import Aggregated, Const, Expr, Ref


@dataclass
class Group:
    """One summarize while it is bound: the aggregates seen so far, and the names already given."""

    scope: Scope
    rel: Rel
    keys: list[tuple[Ref, Expr]] = field(default_factory=list)
    aggregates: list[tuple[Ref, Expr]] = field(default_factory=list)
    outputs: list[tuple[str, Expr]] = field(default_factory=list)
    unnamed: int = 0
    pending: Pending = field(default_factory=Pending)

    def hold(self, value: Expr) -> Ref:
        """A column for an aggregate; the same aggregate has the same column."""
        for ref, held in self.aggregates:
            if held == value:
                return ref
        ref = self.scope.context.fresh(value.type)
        self.aggregates.append((ref, value))
        return ref

    def aggregate(self, node: s.Call) -> Expr:
        """An aggregate's call inside an expression."""
        if node.name in SEVERAL:
            found = SEVERAL[node.name](self, node)
            if len(found) != 1:
                raise semantic(f"{node.name}() with several results cannot stand inside an expression", node.span)
            return found[0][1]
        return self.finished(node)

    def finished(self, node: s.Call) -> Expr:
        """An aggregate's value: what SQL collected, or what a function of the row makes of that."""
        ref = self.hold(aggregated(self.scope, node))
        finish = FUNCTIONS[node.name].finish
        if not finish:
            return ref
        return staged(replace(self.scope, pending=self.pending), applied(finish, ref))

    def emit(self, name: str | None, value: Expr, node: s.Node, declared: bool) -> None:
        """One column of the result."""
        taken = [column for column, _ in self.outputs]
        if name is None:
            self.unnamed += 1
            name = f"Column{self.unnamed}"
        if declared and name in taken:
            raise semantic(f"The column '{name}' is made twice", node.span)
        self.outputs.append((unique(name, taken), value))


def aggregated(scope: Scope, node: s.Call) -> Expr:
    """An aggregate over the rows of the scope."""
    record = FUNCTIONS[node.name]
    rows = replace(scope, aggregates=None)
    arguments = [rows.bind(argument) for argument in node.arguments]
    if node.name == "count" and arguments and arguments[0].type == types.BOOL:
        raise unsupported("count() of a bool (count() counts rows, countif() those where it is true)", node.span)
    if node.name in STATES and arguments and arguments[0].type == types.REAL:
        raise semantic(f"{node.name}() does not take values of type real", node.span)
    signature, fitted = match(record, arguments, node)
    _check_constants(signature, fitted, node)
    order = scope.arrival
    return Aggregated(result_type(signature, fitted, node.span), record.name, signature, tuple(fitted), order)


def _check_constants(signature: Signature, fitted: list[Expr], node: s.Call) -> None:
    """A size is above zero; the accuracy of a count is 0 to 4, and makes no difference here."""
    for parameter, value, argument in zip(signature.parameters, fitted, node.arguments, strict=False):
        if not parameter.constant or not isinstance(value, Const) or not isinstance(value.value, int):
            continue
        if node.name in ACCURATE and not 0 <= value.value <= 4:
            raise semantic(f"The accuracy of {node.name}() is 0, 1, 2, 3 or 4", argument.span)
        if node.name not in ACCURATE and value.value <= 0:
            raise semantic(f"The size of {node.name}() must be above zero", argument.span)


STATES = frozenset(("hll", "hll_if"))
ACCURATE = STATES | {"dcount", "dcountif"}


def summarize(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """The `summarize` operator: keys come first, then the aggregates."""
    assert isinstance(node, s.Summarize)
    group = Group(scope, rel)
    for item in node.keys:
        add_key(group, item)
    for item in node.aggregates:
        _aggregate(group, item)
    bare = grouped(scope.context, rel, tuple(group.keys), tuple(group.aggregates), node.span)
    bare = replace(bare, columns=tuple(Col("", ref) for ref, _ in (*group.keys, *group.aggregates)))
    bare = with_stages(scope.context, bare, group.pending)
    return project(bare, [(name, _ref(scope, value), value) for name, value in group.outputs])


def _ref(scope: Scope, value: Expr) -> Ref:
    return scope.context.fresh(value.type)


def add_key(group: Group, item: s.Node) -> None:
    """One group key, with its name."""
    value = group.scope.bind(item.value if isinstance(item, s.Assign) else item)
    plain_key("group", value, item.span)
    if isinstance(item, s.Name) and any(name == item.text for name, _ in group.outputs):
        raise semantic(f"The key '{item.text}' stands twice", item.span)
    ref = group.scope.context.fresh(value.type)
    group.keys.append((ref, value))
    group.emit(result_name(item), ref, item, isinstance(item, s.Assign))


def _aggregate(group: Group, item: s.Node) -> None:
    names = item.names if isinstance(item, s.Assign) else ()
    node = item.value if isinstance(item, s.Assign) else item
    inner = replace(group.scope, columns=_keys_only(group), aggregates=group.aggregate, pending=group.pending)
    found = _several(group, inner, node)
    if len(names) > max(len(found), 1):
        raise semantic(f"There are {max(len(found), 1)} columns for {len(names)} names", item.span)
    for position, (name, value) in enumerate(found):
        declared = position < len(names)
        group.emit(names[position] if declared else name, value, item, declared)
    if not found:
        group.emit(names[0] if names else result_name(node), inner.bind(node), item, bool(names))


def _several(group: Group, inner: Scope, node: s.Node) -> Found:
    """The columns of a call that gives several; empty for anything else."""
    if isinstance(node, s.Call) and node.name in SEVERAL and node.name not in group.scope.environment.names:
        return SEVERAL[node.name](group, node)
    return sorted_arrays(inner, node)


def _keys_only(group: Group) -> dict[str, Ref]:
    """Beside aggregates an expression may use the group's keys."""
    return {name: value for name, value in group.outputs if isinstance(value, Ref) and value in dict(group.keys)}
