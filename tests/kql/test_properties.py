"""Laws of the language: two ways to say the same thing have the same answer, on queries and tables that are made up.

The engine is compared with itself here, so a law may hold what the reference evaluator does not know.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.kql.generated.answers import SEED, SOAK, outcome, same_rows
from tests.kql.generated.cells import Draw
from tests.kql.generated.expressions import condition, expression
from tests.kql.generated.queries import Query, plain, query
from tests.kql.reference import relations as r
from tests.kql.reference import values as v
from tests.kql.reference.expressions import Expr

EXAMPLES = 2_000 if SOAK else 12


@dataclass(frozen=True)
class Law:
    """Two texts with one answer; `one_tables` and `two_tables` are what each of them reads."""

    one: str
    two: str
    one_tables: tuple[r.Rel, ...]
    two_tables: tuple[r.Rel, ...] | None = None
    ordered: bool = False


def some_test(draw: Draw, found: Query) -> Expr:
    return draw(condition(found.answer.columns))


def splitting_a_filter(draw: Draw, found: Query) -> Law:
    q, one, two = found.answer.text, some_test(draw, found).text, some_test(draw, found).text
    return Law(f"{q} | where {one} and {two}", f"{q} | where {two} | where {one}", found.tables)


def a_filter_and_its_opposite_and_the_nulls_are_all(draw: Draw, found: Query) -> Law:
    q, test = found.answer.text, some_test(draw, found).text
    parts = [f"{q} | where {one}" for one in (f"({test}) == true", f"({test}) == false", f"isnull({test})")]
    return Law(f"{q}\n| count", f"union ({parts[0]}), ({parts[1]}), ({parts[2]})\n| count", found.tables)


def a_filter_before_or_after_a_sort(draw: Draw, found: Query) -> Law:
    q, test = found.answer.text, some_test(draw, found).text
    by = ", ".join(f"{v.named(name)} asc" for name in plain(found.answer)) or "1"
    return Law(f"{q} | where {test} | sort by {by}", f"{q} | sort by {by} | where {test}", found.tables)


def a_filter_inside_or_outside_of_a_union(draw: Draw, found: Query) -> Law:
    q, test = found.answer.text, some_test(draw, found).text
    return Law(f"union ({q}), ({q}) | where {test}", f"union ({q} | where {test}), ({q} | where {test})", found.tables)


def reordering_a_projection(draw: Draw, found: Query) -> Law:
    q, names = found.answer.text, [v.named(name) for name in found.answer.names]
    other = draw(st.permutations(names))
    return Law(q, f"{q} | project {', '.join(other)} | project-reorder {', '.join(names)}", found.tables)


def adding_a_column_and_taking_it_away(draw: Draw, found: Query) -> Law:
    q, kind = found.answer.text, draw(st.sampled_from(["long", "string", "datetime", "bool"]))
    value = draw(expression(found.answer.columns, kind)).text
    return Law(q, f"{q} | extend zz = {value} | project-away zz", found.tables)


def renaming_there_and_back(draw: Draw, found: Query) -> Law:
    q, name = found.answer.text, v.named(draw(st.sampled_from(found.answer.names)))
    return Law(q, f"{q} | project-rename zz = {name} | project-rename {name} = zz", found.tables)


def union_with_nothing(draw: Draw, found: Query) -> Law:
    q = found.answer.text
    return Law(q, f"{q} | union ({q} | where false)", found.tables)


def union_either_way(draw: Draw, found: Query) -> Law:
    q, test = found.answer.text, some_test(draw, found).text
    return Law(f"{q} | union ({q} | where {test})", f"({q} | where {test}) | union ({q})", found.tables)


def a_query_named_by_let(draw: Draw, found: Query) -> Law:
    q = found.answer.text
    form = draw(st.sampled_from(["let X = {q};\nX", "let X = materialize({q});\nX", "let f = () {{ {q} }};\nf()"]))
    return Law(q, form.format(q=q), found.tables, ordered=found.answer.ordered)


def a_constant_named_by_let(draw: Draw, found: Query) -> Law:
    kind = draw(st.sampled_from(["long", "string", "datetime", "timespan", "real", "bool"]))
    q, value = found.answer.text, draw(expression({}, kind, 0)).text
    return Law(f"{q} | extend zz = {value}", f"let k = {value};\n{q} | extend zz = k", found.tables)


def top_is_sort_and_take(draw: Draw, found: Query) -> Law:
    q, names = found.answer.text, plain(found.answer)
    keys = ", ".join(f"{v.named(name)} {draw(st.sampled_from(['asc', 'desc']))}" for name in names) or "1"
    kept, count = ", ".join(map(v.named, names)) or "one = 1", draw(st.integers(0, 4))
    q = f"{q} | project {kept}"
    return Law(f"{q} | sort by {keys} | take {count}", f"{q} | top {count} by {keys}", found.tables, ordered=True)


def distinct_twice(draw: Draw, found: Query) -> Law:
    names = ", ".join(map(v.named, plain(found.answer))) or "1"
    q = f"{found.answer.text} | distinct {names}"
    return Law(q, f"{q} | distinct *", found.tables)


def distinct_is_summarize_by(draw: Draw, found: Query) -> Law:
    q, names = found.answer.text, ", ".join(map(v.named, plain(found.answer))) or "one = 1"
    return Law(f"{q} | project {names} | distinct *", f"{q} | summarize by {names}", found.tables)


def counting_by_parts(draw: Draw, found: Query) -> Law:
    q, test = found.answer.text, some_test(draw, found).text
    by = v.named(draw(st.sampled_from(plain(found.answer)))) if plain(found.answer) else "k = 1"
    key, part = by.split(" = ")[0], f"summarize n = count() by {by}"
    parts = f"union ({q} | where {test} | {part}), ({q} | where not(coalesce({test}, false)) | {part})"
    return Law(f"{q} | {part}", f"{parts} | summarize n = sum(n) by {key}", found.tables)


def a_semijoin_and_an_antijoin_are_the_left_side(draw: Draw, found: Query) -> Law:
    q = "T | extend k = a"
    test = draw(condition(found.tables[1].columns)).text
    right = f"(U | where {test} | project k = a)"
    parts = [f"({q} | join kind={kind} {right} on k)" for kind in ("leftsemi", "leftanti")]
    return Law(q, f"union {', '.join(parts)}", found.tables)


def an_outer_join_is_an_inner_one_and_those_left_over(draw: Draw, found: Query) -> Law:
    on = draw(st.sampled_from(["a", "s", "i", "['where']", "['the time']", "p"]))
    parts = [f"(T | join kind={kind} U on {on})" for kind in ("inner", "leftanti", "rightanti")]
    return Law(f"T | join kind=fullouter U on {on} | count", f"union {', '.join(parts)} | count", found.tables)


def an_inner_join_either_way(draw: Draw, found: Query) -> Law:
    one, two = draw(st.sampled_from([("a", "A"), ("s", "s"), ("i", "i"), ("p", "p")]))
    left, right = "(T | extend n = id)", "(U | extend m = id)"
    return Law(
        f"{left} | join kind=inner {right} on $left.{one} == $right.{two} | project n, m",
        f"{right} | join kind=inner {left} on $left.{two} == $right.{one} | project n, m",
        found.tables,
    )


def a_bin_holds_its_value(draw: Draw, found: Query) -> Law:
    bins = {"long": ("7", "a"), "timespan": ("3h", "p"), "datetime": ("7d", '["the time"]')}
    kind = draw(st.sampled_from(sorted(bins)))
    size, name = bins[kind]
    few = {"long": f"abs(coalesce({name}, 0)) < 1000000", "timespan": f"{name} between (-100d .. 100d)"}
    q = f"T | where isnotnull({name}) and {few.get(kind, f'{name} < datetime(9000-01-01)')}"
    inside = f"bin({name}, {size}) <= {name} and {name} < bin({name}, {size}) + {size}"
    return Law(q, f"{q} | where {inside} and bin(bin({name}, {size}), {size}) == bin({name}, {size})", found.tables)


def expanding_what_was_collected(draw: Draw, found: Query) -> Law:
    q = f"{found.answer.text} | extend zz = {draw(expression(found.answer.columns, 'long')).text}"
    one = f"{q} | where isnotnull(zz) | project zz"
    two = f"{q} | summarize zz = make_list(zz) | mv-expand zz to typeof(long) | where isnotnull(zz)"
    return Law(one, two, found.tables)


def a_table_written_in_the_query(draw: Draw, found: Query) -> Law:
    lets = "".join(f"let {one.text} = {r.datatable(one.columns, one.rows)};\n" for one in found.tables)
    return Law(found.answer.text, lets + found.answer.text, found.tables, (), found.answer.ordered)


def the_rows_in_another_order(draw: Draw, found: Query) -> Law:
    dice = random.Random(draw(st.integers(0, 1000)))
    other = tuple(replace(one, rows=dice.sample(one.rows, len(one.rows))) for one in found.tables)
    return Law(found.answer.text, found.answer.text, found.tables, other, found.answer.ordered)


def comments_and_space(draw: Draw, found: Query) -> Law:
    q = found.answer.text
    return Law(q, "// '\"`\n" + q.replace("\n| ", " // | where false\n\t|\r\n ") + " // ;", found.tables)


LAWS: list[Callable[[Any, Query], Law]] = [
    splitting_a_filter,
    a_filter_and_its_opposite_and_the_nulls_are_all,
    a_filter_before_or_after_a_sort,
    a_filter_inside_or_outside_of_a_union,
    reordering_a_projection,
    adding_a_column_and_taking_it_away,
    renaming_there_and_back,
    union_with_nothing,
    union_either_way,
    a_query_named_by_let,
    a_constant_named_by_let,
    top_is_sort_and_take,
    distinct_twice,
    distinct_is_summarize_by,
    counting_by_parts,
    a_semijoin_and_an_antijoin_are_the_left_side,
    an_outer_join_is_an_inner_one_and_those_left_over,
    an_inner_join_either_way,
    a_bin_holds_its_value,
    expanding_what_was_collected,
    a_table_written_in_the_query,
    the_rows_in_another_order,
    comments_and_space,
]
HEALTH = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@seed(SEED)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=HEALTH, print_blob=True, database=None)
@given(st.data())
def test_law(law: Callable[[Any, Query], Law], data: st.DataObject) -> None:
    made = law(data.draw, data.draw(query(2)))
    hold(made)


def hold(law: Law) -> None:
    """Both texts have one answer; a value out of its range may stop either."""
    one = outcome(law.one, law.one_tables)
    two = outcome(law.two, law.one_tables if law.two_tables is None else law.two_tables)
    if one is None or two is None:
        return
    assert one[0] == two[0], f"{law.one}\n---\n{law.two}"
    assert list(one[0]) == list(two[0]), f"{law.one}\n---\n{law.two}"
    assert same_rows(one[1], two[1], law.ordered), f"{law.one}\n{one[1]}\n---\n{law.two}\n{two[1]}"
