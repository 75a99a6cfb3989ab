"""The axis of make-series: where it starts and ends, what place a row has on it, and how the places are called."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import applied, fitting
from lazulite.kql.binder.conversion import compare, conjunction, convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.names import result_name
from lazulite.kql.errors import Span, semantic, unsupported
from lazulite.kql.functions.series import AXES
from lazulite.kql.plan import Const, Expr

START = {types.DATETIME: 0, types.TIMESPAN: 0, types.LONG: 0, types.REAL: 0.0}


@dataclass(frozen=True)
class Axis:
    """What the values are laid along, by step. A bound that is not given is, for each series, where its rows end.

    With `through` the high bound is a value of the axis.
    """

    name: str
    value: Expr
    low: Expr | None
    step: Expr
    high: Expr | None
    through: bool

    @property
    def origin(self) -> Expr:
        """What places are counted from: the low bound, or zero, so that steps are as bin() has them."""
        return self.low or Const(self.value.type, START[self.value.type])

    @property
    def place(self) -> Expr:
        """The place of a row."""
        if self.low is None and self.value.type != types.DATETIME:
            return fitting("$signed_place", self.value, self.step)
        return fitting("$place", self.value, self.origin, self.step)

    def inside(self, span: Span) -> Expr:
        """Whether a row is on the axis at all."""
        parts: list[Expr] = []
        if self.low:
            parts.append(compare(">=", self.value, self.low, span))
        if self.high and self.through:
            parts.append(compare("<", self.place, self.count(self.origin), span))
        elif self.high:
            parts.append(compare("<", self.value, self.high, span))
        return conjunction(parts) if parts else applied("isnotnull", self.value, form=1)

    def count(self, start: Expr) -> Expr:
        """How many steps there are from a start to the high bound."""
        assert self.high is not None
        return fitting("$steps_through" if self.through else "$steps", start, self.high, self.step)


def axis_of(scope: Scope, node: s.Series) -> Axis:
    """The axis of the operator, all of one type."""
    value = scope.bind(node.axis.value if isinstance(node.axis, s.Assign) else node.axis)
    outside = replace(scope, columns={})
    low, high = (outside.bind(bound) if bound else None for bound in (node.low, node.high))
    step = outside.bind(node.step)
    kind = _kind(value, [one for one in (low, high, step) if one], node)
    if not _fits(step, AXES[kind]):
        raise semantic(f"The step of an axis of type {kind} is a {AXES[kind]}, not a {step.type}", node.step.span)
    step = _positive(convert(step, AXES[kind], node.step.span), node.step.span)
    first, last = _bound(low, kind, node.low), _bound(high, kind, node.high)
    if node.through:
        first = _aligned(first, step, node)
    name = result_name(node.axis) or "Column1"
    return Axis(name, convert(value, kind, node.axis.span), first, step, last, node.through)


def _fits(value: Expr, kind: str) -> bool:
    return value.type in (kind, types.DYNAMIC) or {value.type, kind} <= set(types.NUMBERS)


def _bound(value: Expr | None, kind: str, node: s.Node | None) -> Expr | None:
    if value is None or node is None:
        return None
    if not _fits(value, kind):
        raise semantic(f"A bound of an axis of type {kind} is not a {value.type}", node.span)
    return convert(value, kind, node.span)


def _kind(value: Expr, others: list[Expr], node: s.Series) -> str:
    """The axis's own type; whole numbers are laid out as reals where a bound or the step is one."""
    kind = types.LONG if value.type == types.INT else value.type
    if kind == types.LONG and any(one.type == types.REAL for one in others):
        kind = types.REAL
    if kind not in AXES:
        raise unsupported(f"The operator 'make-series' on an axis of type {value.type}", node.axis.span)
    return kind


def _positive(step: Expr, span: Span) -> Expr:
    if not isinstance(step, Const):
        return fitting("$positive", step)
    if not isinstance(step.value, int | float) or step.value <= 0:
        raise semantic("The step of make-series is greater than zero", span)
    return step


def _aligned(low: Expr | None, step: Expr, node: s.Series) -> Expr:
    """`in range()` lays rows out by bin(): a start between two steps would lie on no step."""
    assert low is not None
    if low.type == types.REAL:
        raise unsupported("The operator 'make-series' in range() of reals", node.span)
    if not isinstance(low, Const) or not isinstance(step, Const):
        return fitting("$aligned", low, step)
    if isinstance(low.value, int) and isinstance(step.value, int) and low.value % step.value:
        raise unsupported("The operator 'make-series' in range() with a start between two steps", node.span)
    return low
