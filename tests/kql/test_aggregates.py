"""Every aggregate over columns of every type: rows or a refusal, never an error of the engine. Exactness, in large."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator

import duckdb
import pytest

from lazulite.kql import KqlError, Options, local, run
from lazulite.kql import compile as compile_query
from lazulite.kql.functions import FUNCTIONS, Function
from lazulite.kql.memory import Memory
from tests.kql.reading import table
from tests.kql.test_samples import NOW

SEED = 20260102
GUID = "74be27de-1e4e-49d9-b579-fe0b331d3642"
KINDS = ("bool", "int", "long", "real", "decimal", "string", "datetime", "timespan", "guid", "dynamic")
COLUMNS = dict(zip("bilrmstpgd", KINDS, strict=True))
ROWS = table(
    COLUMNS,
    [True, 1, 2, 1.5, "1.5", "a", "2024-01-01", "01:00:00", GUID, {"a": [1, 2]}],
    [None, None, None, None, None, "", None, None, None, None],
    [False, -5, 1 << 62, float("nan"), "-3", "", "0001-01-01", "-10.00:00:00", GUID, [1, "x", None]],
    [None, 2, 3, float("inf"), "1e5", "b", "9999-12-31", None, None, "text"],
)
ARGUMENTS = [*COLUMNS, "1", "50", "true", '"x"', "dynamic([1])", "*", "long(null)"]
AGGREGATES = [record for name, record in FUNCTIONS.items() if record.kind == "aggregate" and not name.startswith("$")]


def calls(record: Function) -> Iterator[str]:
    """All calls with up to one argument, and some with two and three."""
    dice = random.Random(f"{SEED} {record.name}")
    yield f"{record.name}()"
    for argument in ARGUMENTS:
        yield f"{record.name}({argument})"
    pairs = list(itertools.product(ARGUMENTS, repeat=2))
    triples = list(itertools.product(ARGUMENTS, repeat=3))
    for chosen in (*dice.sample(pairs, 30), *dice.sample(triples, 15)):
        yield f"{record.name}({', '.join(chosen)})"


@pytest.mark.parametrize("record", AGGREGATES, ids=lambda record: record.name)
def test_rows_or_a_refusal(record: Function) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        database = Memory({"T": ROWS}, connection)
        for call in calls(record):
            query = f"T | summarize {call} by k = i > 0"
            try:
                local.execute(compile_query(query, database, Options(now=NOW)), connection.cursor())
            except KqlError as error:
                assert error.code, query


def test_percentiles_are_by_nearest_rank_at_every_percentage() -> None:
    shares = ", ".join(str(share / 4) for share in range(401))
    answer = run(f"range v from 1 to 400 step 1 | summarize percentiles_array(v, dynamic([{shares}]))", {})
    assert answer.column(0).to_pylist() == [json.dumps([1, *range(1, 401)], separators=(",", ":"))]


def test_weights_count_as_repeated_rows() -> None:
    dice = random.Random(SEED)
    rows = [(dice.randrange(50), dice.randrange(1, 9)) for _ in range(60)]
    cells = ", ".join(f"{value}, {weight}" for value, weight in rows)
    repeated = ", ".join(str(value) for value, weight in rows for _ in range(weight))
    shares = "0, 1, 12.5, 33.3, 50, 66.6, 90, 99.9, 100"
    weighted = run(f"datatable(v:long, w:long)[{cells}] | summarize a = percentilesw_array(v, w, {shares})", {})
    state = run(
        f"datatable(v:long, w:long)[{cells}] | summarize t = tdigest(v, w)"
        f" | project a = percentiles_array_tdigest(t, {shares})",
        {},
    )
    plain = run(f"datatable(v:long)[{repeated}] | summarize a = percentiles_array(v, {shares})", {})
    assert weighted.to_pylist() == plain.to_pylist() == state.to_pylist()


def test_states_count_as_their_values_do() -> None:
    source = "range x from 1 to 20000 step 1 | extend v = x * 7919 % 5003, s = tostring(x % 77)"
    whole = run(f"{source} | summarize a = dcount(v), b = dcount(s)", {})
    merged = run(
        f"{source} | summarize a = hll(v), b = hll(s) by x % 16 | summarize a = hll_merge(a), b = hll_merge(b)"
        " | project a = dcount_hll(a), b = dcount_hll(b)",
        {},
    )
    assert merged.to_pylist() == whole.to_pylist() == [{"a": 5003, "b": 77}]
