"""Expressions and conditions over given columns."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from tests.kql.generated.cells import KINDS, VALUES, Draw, value_of
from tests.kql.reference import expressions as x


@st.composite
def expression(draw: Draw, columns: dict[str, str], kind: str, depth: int = 2) -> x.Expr:
    """An expression of a type over columns."""
    leaves: list[Callable[[], x.Expr]] = [lambda: x.constant(kind, draw(value_of(kind)))]
    mine = [name for name, type_ in columns.items() if type_ == kind]
    leaves += [lambda: x.column(draw(st.sampled_from(mine)), kind)] * (3 if mine else 0)
    if depth <= 0 or kind == "dynamic":
        return draw(st.sampled_from(leaves))()

    def part(wanted: str) -> x.Expr:
        return draw(expression(columns, wanted, depth - 1))

    if kind == "bool":
        leaves += [lambda: draw(condition(columns, depth))] * 3
    forms = [form for form in x.FORMS if form[0] == kind]
    if forms:

        def form() -> x.Expr:
            found = draw(st.sampled_from(forms))
            return x.applied(found, [part(wanted) for wanted in found[1]])

        leaves += [form] * 4
    if kind == "string":
        leaves.append(lambda: x.as_text(part(draw(st.sampled_from(sorted(x.TEXTS))))))
    if kind == "long" and "d" in columns and columns["d"] == "dynamic":
        leaves.append(lambda: x.array_length(x.column("d", "dynamic")))
    leaves.append(lambda: x.choice(draw(condition(columns, depth - 1)), part(kind), part(kind)))
    leaves.append(lambda: x.coalesced(part(kind), part(kind)))
    return draw(st.sampled_from(leaves))()


@st.composite
def condition(draw: Draw, columns: dict[str, str], depth: int = 2) -> x.Expr:
    """A condition, as where and iff() take it."""

    def part(wanted: str) -> x.Expr:
        return draw(expression(columns, wanted, depth - 1))

    def comparison() -> x.Expr:
        kind = draw(st.sampled_from(KINDS))
        operators = ("==", "!=") if kind in ("bool", "string") else tuple(x.COMPARISONS)
        return x.compare(draw(st.sampled_from(operators)), part(kind), part(kind))

    def constants(kind: str) -> list[x.Expr]:
        return [x.constant(kind, one) for one in draw(st.lists(VALUES[kind], min_size=1, max_size=3))]

    def bounds() -> x.Expr:
        kind = draw(st.sampled_from(["long", "datetime", "timespan"]))
        return x.between(part(kind), part(kind), part(kind))

    leaves: list[Callable[[], x.Expr]] = [
        comparison,
        comparison,
        lambda: x.text_test(draw(st.sampled_from(sorted(x.TEXT_TESTS))), part("string"), part("string")),
        lambda: x.has_term(draw(st.sampled_from(["has", "!has"])), part("string"), draw(st.sampled_from(["a", "Ab"]))),
        lambda: x.one_of("in", part("long"), constants("long")),
        lambda: x.one_of(draw(st.sampled_from(["in", "in~"])), part("string"), constants("string")),
        bounds,
        lambda: x.is_null(part(draw(st.sampled_from(KINDS)))),
        lambda: x.is_empty(part("string")),
        lambda: x.negated(comparison()),
    ]
    if depth > 1:
        inner = condition(columns, depth - 1)
        leaves += [lambda: x.both(draw(inner), draw(inner)), lambda: x.either(draw(inner), draw(inner))]
    return draw(st.sampled_from(leaves))()
