"""Shuffled, cut and mutated queries: whatever the text is, the answer is rows or a KqlError that points into it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

import duckdb

from lazulite.kql import KqlError, Options, local
from lazulite.kql import compile as compile_query
from lazulite.kql.errors import COMPILING
from lazulite.kql.tokens import tokenize
from tests.kql.reading import CASES, cases
from tests.kql.test_samples import NOW, Catalog

SEED = 20260101
QUERIES = [case.query for path in sorted(CASES.glob("*.kql")) for case in cases(path.stem)]
# As many texts as ever, however many cases there are.
ROUNDS = max(1, 3_000 // len(QUERIES))
NOISE = [
    "|",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    "..",
    "'",
    '"',
    "```",
    "dynamic(",
    "datetime(",
    "let",
    "=",
    "1e999",
    "-",
    "\\",
]


def mutations(query: str, dice: random.Random) -> Iterator[str]:
    yield query[: dice.randrange(len(query) + 1)]
    yield query[dice.randrange(len(query)) :]
    at = dice.randrange(len(query))
    yield query[:at] + dice.choice(NOISE) + query[at:]
    words = query.split(" ")
    dice.shuffle(words)
    yield " ".join(words)
    other = dice.choice(QUERIES)
    yield query[:at] + other[dice.randrange(len(other)) :]


def outcome(query: str) -> str:
    """ "" or the error's code; anything else that is raised fails the test."""
    try:
        compile_query(query, Catalog(), Options(now=NOW))
    except KqlError as error:
        assert error.line >= 1, query
        assert error.column >= 1, query
        assert 0 <= error.start <= len(query), query
        return error.code
    return ""


def test_mutated_queries_give_kql_errors_only() -> None:
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    codes = {outcome(text) for _ in range(ROUNDS) for query in QUERIES for text in mutations(query, dice)}
    assert {"", "SYN0002", "SEM0100"} <= codes <= {"", *COMPILING}


def test_mutated_queries_run_or_give_kql_errors() -> None:
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    texts = [text for query in QUERIES if "range" not in query for text in mutations(query, dice)]
    with duckdb.connect(config={"threads": 1}) as connection:
        for text in texts:
            try:
                local.execute(compile_query(text, Catalog(), Options(now=NOW)), connection.cursor())
            except KqlError as error:
                assert error.code, text


def test_depth_is_bounded_everywhere() -> None:
    deep = 100_000
    for opening, closing in (("(", ")"), ("-", ""), ("not(", ")"), ("dynamic([", "])"), ("toscalar(print ", ")")):
        assert outcome("print " + opening * deep + "1" + closing * deep) in ("LIM0001", "SYN0002")
    assert outcome("print " + "+".join(["1"] * deep)) == "LIM0001"
    assert outcome("print x" + ".a" * deep) == "LIM0001"
    assert outcome("print 1 " + "| extend x = 1" * deep) == "LIM0001"
    assert outcome("print 1 == " + " or 1 == ".join(["1"] * 2000)) == ""
    assert outcome("".join(f"let f{n} = () {{ f{n - 1}() + f{n - 1}() }};" for n in range(1, 60)) + "f59()") != ""


def test_length_is_bounded() -> None:
    assert outcome("print 1 //" + "x" * 1_000_001) == "LIM0001"
    assert outcome("print " + ",".join(["1"] * 300_000)) == "LIM0001"


def test_offsets_cover_the_text() -> None:
    for query in QUERIES:
        try:
            found = tokenize(query, Options(now=0))
        except KqlError:
            continue
        assert all(query[token.start : token.end] for token in found[:-1])
        assert all(one.end <= two.start for one, two in pairwise(found))
