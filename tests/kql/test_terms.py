"""has and its kin against the pattern that says what they mean, on texts and terms of every kind."""

from __future__ import annotations

import random
import re

import pytest

from lazulite.kql import run
from tests.kql.fuzzing import SEED
from tests.kql.reading import table
from tests.kql.reference.values import quoted

PIECES = ("a", "Ab", "b", "9", "-", " ", ".", "_", "é", "É", "\n", "'", "\\", "[", "☃", "zz")
FORMS = {"has": (True, True), "hasprefix": (True, False), "hassuffix": (False, True)}


def made(dice: random.Random, most: int) -> str:
    return "".join(dice.choice(PIECES) for _ in range(dice.randint(0, most)))


def expected(operator: str, text: str, term: str) -> bool:
    """A term's own edge counts where it is a letter or digit; an underscore is neither."""
    name, sensitive = operator.removesuffix("_cs"), operator.endswith("_cs")
    text, term = (text, term) if sensitive else (text.lower(), term.lower())
    start, end = FORMS[name]
    before = r"(?<![^\W_])" if start and term[:1].isalnum() else ""
    after = r"(?![^\W_])" if end and term[-1:].isalnum() else ""
    return re.search(before + re.escape(term) + after, text) is not None


@pytest.mark.parametrize("operator", [*FORMS, *(f"{name}_cs" for name in FORMS)])
def test_terms_are_found_where_the_pattern_finds_them(operator: str) -> None:
    print(f"LAZULITE_SEED={SEED}")
    dice = random.Random(SEED)
    texts = ["", *(made(dice, 12) for _ in range(300))]
    rows = {"T": table({"n": "long", "s": "string"}, *([n, text] for n, text in enumerate(texts)))}
    for term in ["", "a", "A B", "zz", *(made(dice, 3) for _ in range(12))]:
        for negation in ("", "!"):
            answer = run(f"T | where s {negation}{operator} {quoted(term)} | project n", rows)
            wanted = [n for n, text in enumerate(texts) if expected(operator, text, term) == (not negation)]
            assert sorted(answer.column(0).to_pylist()) == wanted, (negation, operator, term)


def test_a_term_may_be_computed() -> None:
    rows = {"T": table({"s": "string", "t": "string"}, ["one two", "TWO"], ["one two", "tw"], ["", ""])}
    answer = run("T | project a = s has t, b = s has_cs t, c = s hasprefix t", rows)
    assert answer.to_pydict() == {"a": [True, False, True], "b": [False, False, True], "c": [True, True, True]}
