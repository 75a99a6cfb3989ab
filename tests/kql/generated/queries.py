"""Pipelines of operators over two tables, T and U."""

from __future__ import annotations

import math
import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from hypothesis import strategies as st

from tests.kql.generated.cells import KINDS, Draw, table
from tests.kql.generated.expressions import condition, expression
from tests.kql.reference import expressions as x
from tests.kql.reference import relations as r
from tests.kql.reference import values as v


def plain(rel: r.Rel) -> list[str]:
    """Columns that may be grouped and sorted by: no dynamic, and no NaN, whose grouping is not documented."""
    numbers = zip(*rel.rows, strict=True) if rel.rows else [()] * len(rel.columns)
    odd = {name for name, column in zip(rel.names, numbers, strict=True) if any(map(v.is_nan, column))}
    return [name for name, kind in rel.columns.items() if kind != "dynamic" and name not in odd]


def fresh(draw: Draw, rel: r.Rel) -> str:
    """A column's name, maybe one that is taken."""
    return draw(st.sampled_from([*string.ascii_lowercase[2:6], "Some Name", "c0", "h1", "order", *rel.names[:2]]))


def _where(draw: Draw, rel: r.Rel, other: r.Rel) -> r.Rel:
    return r.where(rel, draw(condition(rel.columns)))


def _items(draw: Draw, rel: r.Rel, most: int) -> dict[str, x.Expr]:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=most))
    return {fresh(draw, rel): draw(expression(rel.columns, kind)) for kind in kinds}


def _extend(draw: Draw, rel: r.Rel, other: r.Rel) -> r.Rel:
    return r.extend(rel, _items(draw, rel, 2))


def _project(draw: Draw, rel: r.Rel, other: r.Rel) -> r.Rel:
    kept = draw(st.lists(st.sampled_from(rel.names), unique=True, max_size=5))
    return r.project(rel, {name: x.column(name, rel.columns[name]) for name in kept} | _items(draw, rel, 2))


def _chosen(draw: Draw, rel: r.Rel, other: r.Rel) -> r.Rel:
    word = draw(st.sampled_from(["project-keep", "project-reorder", "project-away"][: 2 + (len(rel.names) > 1)]))
    most = max(1, len(rel.names) - 1)
    return r.chosen(rel, word, draw(st.lists(st.sampled_from(rel.names), unique=True, min_size=1, max_size=most)))


def _rename(draw: Draw, rel: r.Rel, other: r.Rel) -> r.Rel:
    return r.rename(rel, "renamed it", draw(st.sampled_from(rel.names))) if "renamed it" not in rel.columns else rel


def _keys(draw: Draw, rel: r.Rel) -> list[r.Key]:
    names = draw(st.permutations([name for name, kind in rel.columns.items() if kind != "dynamic"]))
    return [(name, draw(st.booleans()), draw(st.booleans())) for name in names]


def _sort(draw: Draw, rel: r.Rel, other: r.Rel) -> r.Rel:
    keys = _keys(draw, rel)
    rel = r.sort(rel, keys) if keys else rel
    return r.take(rel, draw(st.integers(0, 5))) if rel.ordered and draw(st.booleans()) else rel


def _top(draw: Draw, rel: r.Rel, other: r.Rel) -> r.Rel:
    keys = _keys(draw, rel)
    return r.top(rel, draw(st.integers(0, 5)), keys) if len(keys) == len(rel.columns) else rel


def _distinct(draw: Draw, rel: r.Rel, other: r.Rel) -> r.Rel:
    names = plain(rel)
    return r.distinct(rel, draw(st.lists(st.sampled_from(names), unique=True, min_size=1))) if names else rel


def _summarize(draw: Draw, rel: r.Rel, other: r.Rel) -> r.Rel:
    made = draw(st.lists(aggregate(rel), min_size=1, max_size=3))
    keys = draw(st.lists(st.sampled_from(plain(rel)), unique=True, max_size=2)) if plain(rel) else []
    by = {name: x.column(name, rel.columns[name]) for name in keys}
    free = (name for at in range(10) if (name := f"v{at}") not in keys)
    return r.summarize(rel, dict(zip(free, made, strict=False)), by)


def sum_of(values: list[Any]) -> Any:
    """0 of nothing."""
    return v.whole(sum(values)) if all(isinstance(one, int) for one in values) else sum(values)


def mean(values: list[Any]) -> float:
    """NaN of nothing."""
    return sum(values) / len(values) if values else math.nan


def percentile(values: list[Any], share: int) -> Any:
    """By nearest rank; null of nothing."""
    return sorted(values)[max(0, math.ceil(share * len(values) / 100) - 1)] if values else None


def different(values: list[Any]) -> list[Any]:
    """Each value once, sorted."""
    return sorted(set(values))


# By type of the argument: result type ("" as the argument), KQL, and the meaning for the values that are not null.
AGGREGATES: list[tuple[str, str, str, Callable[[list[Any]], Any]]] = [
    ("long", "long", "sum({0})", sum_of),
    ("int", "long", "sum({0})", sum_of),
    ("quarters", "real", "sum({0})", lambda values: float(sum(values))),
    ("long", "real", "avg({0})", mean),
    ("quarters", "real", "avg({0})", mean),
    *(
        (kind, kind, f"{name}({{0}})", lambda values, form=form: form(values, default=None))
        for kind in ("long", "int", "quarters", "datetime", "timespan")
        for name, form in (("min", min), ("max", max))
    ),
    *(
        (kind, "long", "dcount({0})", lambda values: len(set(values)))
        for kind in ("long", "string", "bool", "datetime")
    ),
    *((kind, "long", "count_distinct({0})", lambda values: len(set(values))) for kind in ("int", "string", "timespan")),
    ("long", "dynamic", "array_sort_asc(make_set({0}))", different),
    ("string", "dynamic", "array_sort_asc(make_set({0}))", different),
    ("long", "dynamic", "array_sort_asc(make_list({0}))", sorted),
    *(
        (kind, kind, f"percentile({{0}}, {share})", lambda values, share=share: percentile(values, share))
        for kind in ("long", "quarters", "datetime", "timespan")
        for share in (0, 25, 50, 95, 100)
    ),
]


def quarters(rel: r.Rel) -> list[str]:
    """Real columns whose sums are exact in every order."""
    return [
        name
        for at, (name, kind) in enumerate(rel.columns.items())
        if kind == "real" and all(row[at] is None or (abs(row[at]) < 1e9 and row[at] * 4 % 1 == 0) for row in rel.rows)
    ]


@st.composite
def aggregate(draw: Draw, rel: r.Rel) -> r.Aggregate:
    """An aggregate over a column; sometimes only of some rows."""
    found: list[r.Aggregate] = [("long", "count()", len)]
    test = draw(condition(rel.columns))
    found.append(("long", f"countif({test.text})", lambda rows: sum(test.of(row) is True for row in rows)))
    exact = quarters(rel)
    for kind, gives, text, form in AGGREGATES:
        of = exact if kind == "quarters" else [name for name, type_ in rel.columns.items() if type_ == kind]
        for name in of:
            values = partial(_values, form, name)
            found.append(("real" if gives == "quarters" else gives, text.format(v.named(name)), values))
    return draw(st.sampled_from(found))


def _values(form: Callable[[list[Any]], Any], name: str, rows: list[dict[str, Any]]) -> Any:
    return form([row[name] for row in rows if row[name] is not None])


def _union(draw: Draw, rel: r.Rel, other: r.Rel) -> r.Rel:
    other = _where(draw, draw(st.sampled_from([other, rel])), other)
    alike = all(rel.columns.get(name, kind) == kind for name, kind in other.columns.items())
    return r.union(rel, other) if alike else rel


def _join(draw: Draw, rel: r.Rel, other: r.Rel) -> r.Rel:
    other = draw(st.sampled_from([_where, _project, _distinct, _summarize]))(draw, other, other)
    kinds = ("long", "string", "datetime", "int", "bool", "timespan")
    pairs = [
        (a, b)
        for a, one in rel.columns.items()
        for b, two in other.columns.items()
        if one == two and one in kinds and len(rel.columns) + len(other.columns) < 40
    ]
    word = ["inner", "leftouter", "rightouter", "fullouter", "leftsemi", "rightsemi", "leftanti", "rightanti"]
    return r.join(rel, other, draw(st.sampled_from(word)), *draw(st.sampled_from(pairs))) if pairs else rel


def _expand(draw: Draw, rel: r.Rel, other: r.Rel) -> r.Rel:
    names = [name for name, kind in rel.columns.items() if kind == "dynamic"]
    return r.expand(rel, draw(st.sampled_from(names))) if names else rel


OPERATORS = [_where, _where, _extend, _project, _chosen, _rename, _sort, _top, _distinct, _summarize, _union, _join]
OPERATORS += [_expand, lambda draw, rel, other: r.count(rel)]


@dataclass(frozen=True)
class Query:
    """A query with its answer by the reference, and the tables that it reads."""

    answer: r.Rel
    tables: tuple[r.Rel, ...]


@st.composite
def query(draw: Draw, most: int = 4) -> Query:
    """A pipeline over T, which may read U too."""
    rel = left = draw(table("T"))
    right = draw(table("U"))
    for operator in draw(st.lists(st.sampled_from(OPERATORS), min_size=1, max_size=most)):
        try:
            rel = operator(draw, rel, right)
        except v.Refused:
            continue
        if len(rel.rows) > 100 or len(rel.text) > 20_000:
            break
    return Query(rel, (left, right))
