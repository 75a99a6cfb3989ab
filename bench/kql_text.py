"""Whole-word `has` and `contains` over messages of 200 characters, beside the plain form as a regular expression."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from statistics import median

import duckdb

from bench.table import show
from lazulite import kql

MESSAGES = 1_000_000
ROUNDS = 5
EDGE = r"[^\p{L}\p{N}]"
# A term, and in which share of the messages it stands.
TERMS = (("quota", "1 of 50,000"), ("exhausted", "1 of 50,000"), ("preempted", "1 of 10"), ("failed", "all"))
MAKE = f"""CREATE TABLE messages AS SELECT 'Job run_' || n || ' failed on node tvmps-' || hash(n) % 1000
    || ' with exit code ' || n % 7 || '; Traceback: worker process exceeded the memory limit of container azureml-'
    || hash(n + 1) % 100000 || ', see https://example.net/runs/' || hash(n + 4) || ' and retry '
    || CASE WHEN hash(n + 2) % 50000 = 0 THEN 'Quota exhausted' WHEN hash(n + 3) % 10 = 0 THEN 'Preempted by others'
    ELSE 'when it is free' END AS message FROM range({MESSAGES}) AS t(n)"""


class Messages:
    """A database of the one table."""

    def table(self, name: str) -> kql.Table | None:
        column = (kql.Column("Message", "string"),)
        return kql.Table("Messages", column, (kql.Relation("main", "messages", {"Message": "message"}),))

    def names(self) -> Iterable[str]:
        return ("Messages",)


def main() -> None:
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(MAKE)
        length = connection.execute("SELECT avg(length(message)) FROM messages").fetchone()
        print(f"{MESSAGES:,} messages of {length[0] if length else 0:.0f} characters")
        rows = [_row(connection, word, *term) for word in ("has", "has_cs", "contains") for term in TERMS]
    show(("operator", "term", "in", "rows", "KQL ms", "regex ms", "times as fast (aim 4 on rare)"), rows)


def _row(connection: duckdb.DuckDBPyConnection, word: str, term: str, share: str) -> tuple[object, ...]:
    compiled = kql.compile(f'Messages | where Message {word} "{term}" | count', Messages(), kql.Options(now=0))
    flags = "" if word.endswith("_cs") else "(?i)"
    around = ("", "") if word == "contains" else (f"(?:^|{EDGE})", f"(?:{EDGE}|$)")
    sql = f"SELECT count(*) FROM messages WHERE regexp_matches(message, '{flags}{around[0]}{term}{around[1]}')"
    ours, plain = [], []
    for _ in range(ROUNDS):
        one, found = _timed(lambda: kql.local.execute(compiled, connection.cursor()).column(0)[0].as_py())
        two, wanted = _timed(lambda: (connection.execute(sql).fetchone() or (0,))[0])
        assert found == wanted, f"{word} {term}: {found} rows in KQL, {wanted} by the pattern"
        ours.append(one)
        plain.append(two)
    faster = median(b / a for a, b in zip(ours, plain, strict=True))
    return (word, term, share, found, f"{median(ours):.0f}", f"{median(plain):.0f}", f"{faster:.1f}")


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    began = time.perf_counter()
    found = work()
    return (time.perf_counter() - began) * 1000, found
