"""Every record of the function table: said what it does, with an example that runs."""

from __future__ import annotations

import pytest

from lazulite.kql import functions, operators, run
from lazulite.kql.functions import FUNCTIONS, Function
from lazulite.kql.functions.record import sig
from tests.kql.reading import table

ROWS = {
    "T": table(
        {"x": "long", "y": "real", "Key": "string", "TimeGenerated": "datetime", "b": "bool", "d": "dynamic"},
        [1, 2.0, "a", "2024-01-01", True, {"k": 1}],
        [2, 3.0, "b", "2024-01-02", False, {"k": 2}],
    )
}
# Aggregates whose example `summarize f(x)` lacks an argument or takes another type.
NEEDS = {
    "countif": "countif(b)",
    "dcountif": "dcountif(x, b)",
    "count_distinctif": "count_distinctif(x, b)",
    "make_bag": "make_bag(d)",
    "make_bag_if": "make_bag_if(d, b)",
    "make_list_if": "make_list_if(x, b)",
    "make_set_if": "make_set_if(x, b)",
    "percentile": "percentile(x, 50)",
    **{f"{name}if": f"{name}if(x, b)" for name in ("sum", "avg", "min", "max", "stdev", "variance")},
}


@pytest.mark.parametrize("record", functions(), ids=lambda record: record.name)
def test_record(record: Function) -> None:
    assert record.doc.endswith(".")
    if not record.example:
        pytest.skip("a string operator pair documents itself")
    query = f"T | summarize {NEEDS[record.name]}" if record.name in NEEDS else record.example
    assert run(query, ROWS).num_rows >= 1


def test_a_signature_reads_as_it_is_written() -> None:
    found = sig("string, long?, real! -> $0", "f({*})")
    assert [str(parameter) for parameter in found.parameters] == ["string", "long?", "constant real"]
    assert (found.least, found.returns) == (2, "$0")


def test_operators_say_whether_they_run() -> None:
    known = {operator.name: operator.supported for operator in operators()}
    assert known["summarize"] is True
    assert known["graph-match"] is False


def test_internal_records_are_not_for_queries() -> None:
    assert all(not record.name.startswith("$") for record in functions())
    assert "$part" in FUNCTIONS
