"""The corpus with other names, rows, texts and moments: verdicts stay, so no answer hangs on a name or a fixture."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lazulite.kql import KqlError, run
from tests.kql import mutating
from tests.kql.fuzzing import SEED
from tests.kql.test_corpus import runner_of, verdict

FEW = 40


def cases_of(shared: Path) -> list[dict[str, Any]]:
    lines = (shared / "kql" / "corpus.jsonl").read_text().splitlines()
    return [case for line in lines if not (case := json.loads(line))["expected"].get("error")]


def verdict_of(runner: ModuleType, mutant: mutating.Mutant) -> str:
    """As the corpus's own verdict, of an answer that is restored first."""
    now = int(time.time()) * runner.TICKS
    used = mutant.case.get("tables") or []
    rows = {name: runner.arrow_table(runner.materialise(mutant.tables[name], now)) for name in used}
    try:
        answer = mutant.restore(runner.plain(run(mutant.case["query"], rows)))
    except KqlError as error:
        return f"refused: {error}"
    return " ".join(runner.compare(mutant.case, answer, "strict", now)).replace("match shape only", "match").strip()


def differing(shared: Path, change: Any, cases: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """How many cases could be changed, and those whose changed form is not answered as the case itself is."""
    runner, dice = runner_of(shared), random.Random(SEED)
    tables = runner.load_tables(shared / "kql" / "tables")
    tried, found = 0, []
    for case in cases:
        mutant = change(case, tables, dice)
        if mutant is None or verdict(runner, case, tables) != "match":
            continue
        tried += 1
        if (other := verdict_of(runner, mutant)) != "match":
            found.append(f"{case['id']}: {other}\n{mutant.case['query']}")
    return tried, found


@pytest.mark.parametrize("change", mutating.CHANGES, ids=lambda change: change.__name__)
def test_a_few_changed_cases(shared: Path, change: Any) -> None:
    print(f"LAZULITE_SEED={SEED}")
    _, found = differing(shared, change, random.Random(SEED).sample(cases_of(shared), FEW))
    assert found == []


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("change", mutating.CHANGES, ids=lambda change: change.__name__)
def test_changed_cases(shared: Path, change: Any) -> None:
    print(f"LAZULITE_SEED={SEED}")
    tried, found = differing(shared, change, cases_of(shared))
    print(f"{change.__name__}: {tried} cases changed")
    assert found == []
    assert tried >= 8
