"""The metrics $filter: the grammar, what it means, and where it says that it is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.core.errors import BadRequest
from lazulite.metrics.filter import MAX_FILTER_DEPTH, MAX_FILTER_TERMS, parse_filter


def shown(text: str) -> list[str]:
    """The clauses as `Dimension: eq a | sw b`."""
    return [
        f"{clause.dimension}: {' | '.join(f'{term.operator} {term.value}' for term in clause.terms)}"
        for clause in parse_filter(text)
    ]


READ: list[tuple[str, list[str]]] = [
    ("A eq 'a1'", ["A: eq a1"]),
    ("A EQ '*'", ["A: eq *"]),
    ("A ne 'a1' and B sw 'b'", ["A: ne a1", "B: sw b"]),
    # The vendor's own example: `or` binds closer than `and`.
    ("A eq 'a1' and B eq 'b1' or B eq 'b2' and C eq '*'", ["A: eq a1", "B: eq b1 | eq b2", "C: eq *"]),
    ("A eq 'a1' or a eq 'a2'", ["A: eq a1 | eq a2"]),
    ("(A eq '1' or A eq '2') and (B eq '3')", ["A: eq 1 | eq 2", "B: eq 3"]),
    ("((A eq '1' and B eq '2'))", ["A: eq 1", "B: eq 2"]),
    ("(A eq '1')or(A eq '2')", ["A: eq 1 | eq 2"]),
    ("A eq 'it''s'", ["A: eq it's"]),
    ("A eq ''", ["A: eq "]),
    ("A eq 'x and y eq ''z'''", ["A: eq x and y eq 'z'"]),
    ("Geo type eq 'a'", ["Geo type: eq a"]),
    ("Microsoft.ResourceId eq '*'", ["Microsoft.ResourceId: eq *"]),
    ("Size %28MB%29 eq 'a%28b%29'", ["Size (MB): eq a(b)"]),
    ("A eq '50%'", ["A: eq 50%"]),
]


@pytest.mark.parametrize(("text", "clauses"), READ)
def test_what_is_read(text: str, clauses: list[str]) -> None:
    assert shown(text) == clauses


WRONG: list[tuple[str, int, str]] = [
    ("", 1, "the name of a dimension, found the end"),
    ("A", 2, "eq, ne or sw after 'A', found the end"),
    ("A is 'x'", 6, "eq, ne or sw after 'A is'"),
    ("A eq x", 6, "a value in single quotes after 'eq', found 'x'"),
    ("A eq 'x", 6, "a closing quote"),
    ("A eq 'x' B eq 'y'", 10, "'and', 'or' or the end, found 'B'"),
    ("A eq 'x' and", 13, "the name of a dimension, found the end"),
    ("(A eq 'x'", 10, "')' for the '(' at character 1"),
    ("A eq 'x')", 9, "'and', 'or' or the end"),
    ("A eq 'x' or B eq 'y'", 10, "'or' joins comparisons of one dimension only"),
    ("(A eq 'x' and B eq 'y') or A eq 'z'", 25, "'or' joins comparisons of one dimension only"),
    ("A ne '*'", 6, "'*' goes with eq only"),
    ("eq 'x'", 1, "the name of a dimension"),
    ("(" * (MAX_FILTER_DEPTH + 1), MAX_FILTER_DEPTH + 1, "parentheses inside each other"),
]


@pytest.mark.parametrize(("text", "position", "words"), WRONG)
def test_what_is_wrong_is_named_with_its_place(text: str, position: int, words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_filter(text)
    assert f"at character {position}:" in caught.value.message
    assert words in caught.value.message
    assert caught.value.target == "$filter"


def test_a_filter_is_bounded() -> None:
    with pytest.raises(BadRequest, match="characters; at most"):
        parse_filter("A eq '" + "x" * 20_000 + "'")
    with pytest.raises(BadRequest, match=f"at most {MAX_FILTER_TERMS} comparisons"):
        parse_filter(" or ".join(["A eq 'x'"] * (MAX_FILTER_TERMS + 1)))


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("A eq 'Abc'", "abc", True),
        ("A eq 'abc'", "abcd", False),
        ("A eq '*'", "", True),
        ("A sw 'AB'", "abc", True),
        ("A ne 'abc'", "abc", False),
        ("A ne 'abc'", "", True),
        ("A eq 'x' or A sw 'y'", "yes", True),
    ],
)
def test_what_a_clause_means(text: str, value: str, holds: bool) -> None:
    (clause,) = parse_filter(text)
    assert clause.holds(value) is holds


@given(st.text(alphabet="AB eqnorsw()'*%28and", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_filter(text)
    except BadRequest as refused:
        assert "at character" in refused.message


@given(st.text(max_size=50).filter(lambda text: text != "*" and "%2" not in text))
def test_any_value_survives_quoting(value: str) -> None:
    ((clause),) = parse_filter(f"A eq '{value.replace(chr(39), chr(39) * 2)}'")
    assert clause.terms[0].value == value
