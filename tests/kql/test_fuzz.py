"""Shuffled, cut and mutated queries: whatever the text is, the answer is rows or a KqlError that points into it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Any

import duckdb
import pytest

from lazulite.core.errors import DeadlineExceeded
from lazulite.engine.duckdb.failures import ENGINE_ERRORS, Nature, nature
from lazulite.engine.duckdb.watch import Watch, Watchdog
from lazulite.kql import Compiled, KqlError, Options, local
from lazulite.kql import compile as compile_query
from lazulite.kql.memory import Memory
from lazulite.kql.tokens import tokenize
from tests.kql.fuzzing import SEED, SOAK, TABLES, Spoiler, everything, of_cases
from tests.kql.test_samples import NOW, Catalog

MANY = 100_000 if SOAK else 4_000
COMPILE_SECONDS = 1.0
DEADLINE = 1.0
SLACK = 0.5
KINDS = ("SYN", "SEM", "UNS", "LIM")


def outcome(query: str) -> str:
    """ "" or the error's code; anything else that is raised fails the test, and so does a slow compilation."""
    began = time.thread_time()
    try:
        compile_query(query, Catalog(), Options(now=NOW))
    except KqlError as error:
        placed(error, query)
        return error.code
    finally:
        assert time.thread_time() - began < COMPILE_SECONDS, query[:2000]
    return ""


def placed(error: KqlError, query: str) -> None:
    """It has a code of ours, words, and a place inside of the text."""
    assert error.code.startswith(KINDS), query
    assert error.message, query
    assert error.line >= 1, query
    assert error.column >= 1, query
    assert 0 <= error.start <= error.end <= len(query), query


@pytest.mark.parametrize("count", [2_000, pytest.param(MANY, marks=[pytest.mark.long, pytest.mark.timeout(7200)])])
def test_spoilt_queries_give_kql_errors_only(count: int) -> None:
    print(f"LAZULITE_SEED={SEED}")
    codes = {outcome(text)[:3] for text in islice(Spoiler(everything(), SEED), count)}
    assert {"", "SYN", "SEM"} <= codes <= {"", *KINDS}


class Engine:
    """A small database with the engine's own deadline."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": 1, "memory_limit": "512MB"})
        self.database = Memory(TABLES, self.connection)
        self.connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        self.watchdog = Watchdog()

    def close(self) -> None:
        self.watchdog.stop()
        self.connection.close()

    def run(self, query: str) -> str:
        """What came of a query, in one word; raises what no caller should see."""
        watch = Watch(DEADLINE, None)
        with self.connection.cursor() as cursor, self.watchdog.over(cursor, watch):
            try:
                self._read(query, cursor, watch)
            except KqlError as error:
                return error.code
            except DeadlineExceeded:
                return "late"
            except ENGINE_ERRORS as error:
                if nature(error) not in (Nature.INTERRUPTED, Nature.MEMORY, Nature.VALUE):
                    raise
                return nature(error).value
        return "rows"

    def _read(self, query: str, cursor: Any, watch: Watch) -> None:
        def whole(part: Compiled) -> Any:
            return local.stream(part, cursor, check=watch.check).read_all()

        compiled = compile_query(query, self.database, Options(now=NOW), whole)
        rows = 0
        for batch in local.stream(compiled, cursor, check=watch.check):
            watch.check()
            rows += batch.num_rows
            if rows > 500_000:
                return


@pytest.fixture
def engine() -> Iterator[Engine]:
    found = Engine()
    yield found
    found.close()


def ends_in_time(engine: Engine, query: str) -> str:
    """The outcome; by this thread's own time, so that a busy machine is not to blame."""
    began = time.thread_time()
    try:
        found = engine.run(query)
    except Exception as error:
        raise AssertionError(f"LAZULITE_SEED={SEED}: {type(error).__name__} for\n{query[:4000]}") from error
    taken = time.thread_time() - began
    assert taken < COMPILE_SECONDS + DEADLINE + SLACK, f"{taken:.1f} s for\n{query[:4000]}"
    return found


@pytest.mark.parametrize("count", [400, pytest.param(MANY, marks=[pytest.mark.long, pytest.mark.timeout(7200)])])
def test_spoilt_queries_run_or_are_refused(engine: Engine, count: int) -> None:
    print(f"LAZULITE_SEED={SEED}")
    found = {ends_in_time(engine, text) for text in islice(Spoiler(everything(), SEED), count)}
    assert "rows" in found


SLOW = {
    "many rows": "range a from 1 to 100000000000 step 1 | summarize count() by a",
    "many pairs": "range a from 1 to 1000000 step 1 | extend k = 1 | join kind=inner (range b from 1 to 1000000 step 1"
    " | extend k = 1) on k | summarize sum(a * b)",
    "a long answer": "range a from 1 to 100000000000 step 1",
    "a sort": "range a from 1 to 300000000 step 1 | extend b = hash(tostring(a)) | sort by b asc | take 10",
    "a function beside the engine": "range a from 1 to 100000000000 step 1 | extend s = strcat(a, '.1.2.3')"
    " | extend p = parse_path(s) | summarize count() by tostring(p)",
    "one long list": "print r = range(0, 1000000000) | mv-expand r | count",
    "lists": "range a from 1 to 5000 step 1 | extend l = range(1, 100000, 1) | mv-expand l | summarize dcount(l > 5)",
}


@pytest.mark.parametrize("query", SLOW.values(), ids=SLOW)
def test_a_deadline_ends_a_query(engine: Engine, query: str) -> None:
    assert ends_in_time(engine, query) in ("late", "interrupted", "memory", "rows", "RUN0001", "LIM0001", "UNS0001")
    assert engine.run("print 1") == "rows"


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
    for query in of_cases():
        try:
            found = tokenize(query, Options(now=0))
        except KqlError:
            continue
        assert all(query[token.start : token.end] for token in found[:-1])
        assert all(one.end <= two.start for one, two in pairwise(found))
