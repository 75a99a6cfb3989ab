"""The conformance corpus beside the repository: every case is answered as expected, but for those named here."""

from __future__ import annotations

import importlib.util
import json
import time
from pathlib import Path
from types import ModuleType

import pytest

from lazulite.kql import KqlError, run

# Refused by name, since how Kusto computes them is not published.
REFUSED = {
    "doc-hash-combine-function-00": "how hashes are combined: none of the known formulas gives the case's value",
    "doc-reduce-operator-03": "which tokens of a text become wildcards, and which row represents a pattern",
    "doc-series-periods-validate-function-01": "how a period is scored",
}


def runner_of(shared: Path) -> ModuleType:
    """The corpus's own runner: its comparison rules are the yardstick."""
    spec = importlib.util.spec_from_file_location("run_corpus", shared / "kql" / "run_corpus.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def verdict(runner: ModuleType, case: dict, tables: dict) -> str:
    """match, refused, or what is wrong."""
    now = int(time.time()) * runner.TICKS
    rows = {name: runner.arrow_table(runner.materialise(tables[name], now)) for name in case.get("tables") or []}
    try:
        answer = runner.plain(run(case["query"], rows))
    except KqlError:
        return "match" if case["expected"].get("error") else "refused"
    found, why = runner.compare(case, answer, "strict", now)
    return found if found == "match" else f"{case['id']}: {why}"


@pytest.mark.long
def test_corpus(shared: Path) -> None:
    runner = runner_of(shared)
    tables = runner.load_tables(shared / "kql" / "tables")
    lines = (shared / "kql" / "corpus.jsonl").read_text().splitlines()
    cases = [json.loads(line) for line in lines]
    verdicts = {case["id"]: verdict(runner, case, tables) for case in cases}
    assert [found for found in verdicts.values() if found not in ("match", "refused")] == []
    assert {name for name, found in verdicts.items() if found == "refused"} == set(REFUSED)
