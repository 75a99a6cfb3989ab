"""scan: steps over rows in order, whose conditions and assignments may ask what earlier rows have matched.

What does not depend on that is computed by the engine before; the rest is interpreted, row by row, in a local stage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import Pending, Scope, Staged, boolean
from lazulite.kql.binder.rows import sorted_by
from lazulite.kql.binder.scope import Col, Rel, extended, materialised
from lazulite.kql.errors import Span, semantic, unsupported
from lazulite.kql.plan import Apply, Const, Expr, Local, Order, Plan, Ref, absent, fields
from lazulite.kql.plan.programs import ScanProgram, Step
from lazulite.kql.pruning import referenced, references
from lazulite.kql.stages.interpreter import KINDS, interpretable


@dataclass
class _Scan:
    """A scan while it is bound: `state` has, for each step, the columns that it may remember."""

    scope: Scope
    rel: Rel
    node: s.Scan
    declared: list[tuple[str, Ref, Const]]
    state: dict[str, dict[str, Ref]]
    computed: list[tuple[Ref, Expr]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.remembered = {ref.id for columns in self.state.values() for ref in columns.values()}
        self.calls: dict[int, Expr] = {}

    def bind(self, at: int, node: s.Node, condition: bool) -> Expr:
        """An expression of a step, which sees the states of the steps up to it."""
        sides = {step.name: self.state[step.name] for step in self.node.steps[: at + 1]}
        outer = self.scope.pending if self.scope.pending is not None else Pending()
        pending = Pending(outer)
        inner = replace(self.scope, sides=sides, pending=pending)
        found = boolean(inner, node) if condition else inner.bind(node)
        for call, ref in pending.items():
            if call not in outer:
                self._keep(call, ref, outer)
        return self.ready(found, node.span)

    def _keep(self, call: Staged, ref: Ref, outer: Pending) -> None:
        """A call that a local stage makes stands before the scan, unless it depends on the state."""
        whole = _rebuilt(call, self._with_calls)
        if references(whole) & self.remembered:
            self.calls[ref.id] = whole
        else:
            outer[call] = ref

    def _with_calls(self, node: Expr) -> Expr:
        if isinstance(node, Ref):
            return self.calls.get(node.id, node)
        return _rebuilt(node, self._with_calls)

    def ready(self, node: Expr, span: Span) -> Expr:
        """The expression with what the engine computes as columns, and the rest interpretable."""
        node = self._with_calls(node)
        if not references(node) & self.remembered:
            return self._column(node)
        if isinstance(node, Ref) and node.type in KINDS:
            return node
        if not interpretable(node):
            what = f"{node.name}()" if isinstance(node, Apply) else type(node).__name__.lower()
            raise unsupported(f"'{what}' on type {node.type} over the state of scan", span)
        return _rebuilt(node, lambda part: self.ready(part, span))

    def _column(self, node: Expr) -> Expr:
        if isinstance(node, Const | Ref):
            return node
        ref = self.scope.context.fresh(node.type)
        self.computed.append((ref, node))
        return ref


def scan(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """`scan`: a row for each match of a row with a step."""
    assert isinstance(node, s.Scan)
    rel, partition = _arranged(scope, rel, node)
    scope = replace(scope.over(rel), pending=scope.pending)
    binding = _Scan(scope, rel, node, _declared(scope, rel, node), _states(scope, rel, node))
    steps = [_step(binding, at, step) for at, step in enumerate(node.steps)]
    match = scope.context.fresh(types.LONG) if node.match_id else None
    declared = tuple((ref, default) for _, ref, default in binding.declared)
    program = ScanProgram(partition, declared, _remembering(binding, steps), match, scope.context.fresh(types.LONG))
    return _staged(binding, extended(rel, binding.computed) if binding.computed else rel, program)


def _arranged(scope: Scope, rel: Rel, node: s.Scan) -> tuple[Rel, tuple[Ref, ...]]:
    """The rows in the order in which the steps see them, and the columns that start the steps anew."""
    if node.order:
        rel = sorted_by(scope, replace(rel, order=()), node.order)
    if not rel.serialized:
        raise semantic("scan needs rows in order: put 'sort by' or 'serialize' before it", node.span)
    if node.partition and node.match_id:
        raise unsupported("scan with both 'partition by' and 'with_match_id'", node.span)
    keys = list(rel.partition.keys) if rel.partition else []
    if rel.partition and rel.partition.live:
        raise unsupported("scan beside an aggregate without 'by' inside of mv-apply or partition", node.span)
    for key in node.partition:
        rel, ref = materialised(scope.context, rel, scope.bind(key))
        keys.append(ref)
    return replace(rel, order=(*(Order(ref, False, True) for ref in keys), *rel.order)), tuple(keys)


def _declared(scope: Scope, rel: Rel, node: s.Scan) -> list[tuple[str, Ref, Const]]:
    found = []
    taken = [*rel.names, *([node.match_id] if node.match_id else [])]
    for column in node.declared:
        if column.name in taken:
            raise semantic(f"The column '{column.name}' is made twice", column.span)
        taken.append(column.name)
        if column.type == types.DECIMAL:
            raise unsupported("A column of type decimal in scan", column.span)
        default: Expr = absent(column.type)
        if column.default is not None:
            default = convert(replace(scope, columns={}).bind(column.default), column.type, column.span)
        if not isinstance(default, Const):
            raise semantic(f"The default of '{column.name}' must be a constant", column.span)
        found.append((column.name, scope.context.fresh(column.type), default))
    if node.match_id in rel.names:
        raise semantic(f"The column '{node.match_id}' is made twice", node.span)
    return found


def _states(scope: Scope, rel: Rel, node: s.Scan) -> dict[str, dict[str, Ref]]:
    kinds = {column.name: column.ref.type for column in rel.columns}
    kinds |= {column.name: column.type for column in node.declared}
    states: dict[str, dict[str, Ref]] = {}
    for step in node.steps:
        if step.name in states:
            raise semantic(f"Two steps are called '{step.name}'", step.span)
        states[step.name] = {name: scope.context.fresh(kind) for name, kind in kinds.items()}
    return states


def _step(binding: _Scan, at: int, step: s.Step) -> Step:
    condition = binding.bind(at, step.condition, condition=True)
    places = {name: place for place, (name, _, _) in enumerate(binding.declared)}
    assignments = []
    for name, node in step.assignments:
        if name not in places:
            raise semantic(f"'{name}' is not a declared column of scan", node.span)
        kind = binding.declared[places[name]][1].type
        assignments.append(
            (places[name], binding.ready(_fitting(binding.bind(at, node, False), kind, node), node.span))
        )
    return Step(step.output, condition, tuple(assignments), ())


def _fitting(value: Expr, kind: str, node: s.Node) -> Expr:
    """The value as the declared type: numbers widen, and a null fits anywhere."""
    widens = value.type in types.NUMBERS and kind in types.NUMBERS and types.widest(value.type, kind) == kind
    if value.type == kind or widens or (isinstance(value, Const) and value.value is None):
        return convert(value, kind, node.span)
    raise semantic(f"A value of type {value.type} does not fit a column of type {kind}", node.span)


def _remembering(binding: _Scan, steps: list[Step]) -> tuple[Step, ...]:
    """The steps with the columns that each must remember: those that an expression asks for."""
    asked = references(tuple(steps))
    source: dict[str, Ref | int] = dict(binding.rel.by_name)
    source |= {name: place for place, (name, _, _) in enumerate(binding.declared)}
    return tuple(
        step._replace(
            state=tuple((ref, source[name]) for name, ref in binding.state[node.name].items() if ref.id in asked)
        )
        for step, node in zip(steps, binding.node.steps, strict=True)
    )


def _staged(binding: _Scan, rel: Rel, program: ScanProgram) -> Rel:
    made = [ref for ref, _ in program.declared] + ([program.match] if program.match else [])
    inner = {ref.id for ref in (*made, program.position)} | binding.remembered
    visible = list(dict.fromkeys([*(column.ref for column in rel.columns), *_hidden(rel)]))
    inputs = dict.fromkeys([*visible, *(ref for ref in _read(program) if ref.id not in inner)])
    outputs = (*dict.fromkeys(visible), *made, program.position)
    plan: Plan = Local(rel.plan, tuple(inputs), "scan", (program,), outputs, rel.order)
    names = [name for name, _, _ in binding.declared] + ([binding.node.match_id] if binding.node.match_id else [])
    columns = (*rel.columns, *(Col(name, ref) for name, ref in zip(names, made, strict=True)))
    order = (Order(program.position, False, False),)
    return Rel(plan, columns, order, serialized=True, partition=binding.rel.partition)


def _read(program: ScanProgram) -> list[Ref]:
    return sorted(referenced(program), key=lambda ref: ref.id)


def _hidden(rel: Rel) -> tuple[Ref, ...]:
    return rel.partition.hidden if rel.partition else ()


def _rebuilt(node: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The node with each expression directly inside it changed."""
    changed: dict[str, object] = {}
    for name in fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, Expr):
            changed[name] = change(value)
        elif isinstance(value, tuple) and value and all(isinstance(part, Expr) for part in value):
            changed[name] = tuple(change(part) for part in value)
    return replace(node, **changed) if changed else node  # type: ignore[arg-type]
