"""Queries to spoil, the ways to spoil them, and tables to run them on."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator

import pyarrow as pa

from lazulite.kql import functions
from tests.conftest import shared_folder
from tests.kql.reading import CASES, cases
from tests.kql.test_functions import NEEDS, ROWS
from tests.kql.test_samples import JOBS, NODES, READS, USE

SEED = int(os.environ.get("LAZULITE_SEED", "0")) or random.randrange(1 << 32)
SOAK = bool(os.environ.get("LAZULITE_SOAK"))
TABLES: dict[str, pa.Table] = {**ROWS, **JOBS, **NODES, **USE, **READS}
NOISE = ("|", "(", ")", "[", "]", "{", "}", ",", "..", "'", '"', "```", "dynamic(", "datetime(", "let", "=", "1e999")
NOISE += ("-", "\\", "by", "on", "asc", "*", "==", "!", "~", ";", ":", ".", "@'", "//", "null", "\u0130", "\U0001f600")
LITERALS = ("0", "-1", "9223372036854775807", "1.5e308", "real(nan)", '""', '"\\u0301"', "dynamic(null)", "1d", "true")
LITERALS += ("datetime(0001-01-01)", "datetime(9999-12-31T23:59:59.9999999)", "time(-10675199.02:48:05.4775807)")
LITERALS += ("long(null)", "dynamic([])", 'dynamic({"a":[1,{"b":null}]})', "guid(null)", "decimal(1e-17)", "int(7)")
WORDS = re.compile(r"\w+|\s+|.", re.DOTALL)


def of_cases() -> list[str]:
    """The tests' own cases."""
    return [case.query for path in sorted(CASES.glob("*.kql")) for case in cases(path.stem)]


def everything() -> list[str]:
    """And each function's example; the published samples and the corpus too, where they lie beside this checkout."""
    found = of_cases()
    for record in functions():
        if record.example:
            found.append(f"T | summarize {NEEDS[record.name]}" if record.name in NEEDS else record.example)
    shared = shared_folder()
    if shared is None:
        return found
    samples = json.loads((shared / "reference" / "sample_queries.json").read_text())["queries"]
    lines = (shared / "kql" / "corpus.jsonl").read_text().splitlines()
    return [*found, *(one["kql"] for one in samples), *(json.loads(line)["query"] for line in lines)]


class Spoiler:
    """Makes queries out of queries."""

    def __init__(self, queries: list[str], seed: int) -> None:
        self.queries = queries
        self.dice = random.Random(seed)

    def __iter__(self) -> Iterator[str]:
        ways = (self.cut, self.tail, self.noise, self.shuffle, self.splice, self.words, self.steps, self.literals)
        while True:
            yield self.dice.choice(ways)(self.dice.choice(self.queries))

    def cut(self, query: str) -> str:
        """Its beginning."""
        return query[: self.dice.randrange(len(query) + 1)]

    def tail(self, query: str) -> str:
        """Its end."""
        return query[self.dice.randrange(len(query)) :]

    def noise(self, query: str) -> str:
        """Something that does not belong."""
        at = self.dice.randrange(len(query))
        return query[:at] + self.dice.choice(NOISE) + query[at:]

    def shuffle(self, query: str) -> str:
        """Its words in another order."""
        words = query.split(" ")
        self.dice.shuffle(words)
        return " ".join(words)

    def splice(self, query: str) -> str:
        """The beginning of one, the end of another."""
        return self.cut(query) + self.tail(self.dice.choice(self.queries))

    def words(self, query: str) -> str:
        """A few words taken out, doubled, or replaced by words of another query."""
        words = WORDS.findall(query)
        others = WORDS.findall(self.dice.choice(self.queries))
        for _ in range(self.dice.randint(1, 3)):
            at = self.dice.randrange(len(words))
            words[at] = self.dice.choice(["", words[at] * 2, self.dice.choice(others), self.dice.choice(words)])
        return "".join(words)

    def steps(self, query: str) -> str:
        """Operators of several queries, one after another: most of them mean something."""
        steps = [step for _ in range(3) for step in self.dice.choice(self.queries).split("|")[1:]]
        self.dice.shuffle(steps)
        source = self.dice.choice([*TABLES, query.split("|")[0]])
        return "|".join([source + " ", *steps[: self.dice.randint(1, 4)]])

    def literals(self, query: str) -> str:
        """Its numbers and texts replaced by extreme ones."""
        pattern = r"\b\d+(?:\.\d+)?[a-z]*\b|\"[^\"]*\"|'[^']*'"
        return re.sub(pattern, lambda m: self.dice.choice((m[0], *self.dice.sample(LITERALS, 1))), query)
