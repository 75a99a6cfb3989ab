"""What `demo --once` demands of the tables is made from facts; these hold its arithmetic, the demo itself the rest."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lazulite.core import resource_id
from lazulite.core.clock import UNIX_EPOCH_TICKS
from lazulite.demo.facts import Job, ModelRegistered, RunChanged
from lazulite.demo.once import Diary, NotProven, expectations, prove_chart, prove_records
from lazulite.demo.recipes import ONE_OF_EACH, by_kind
from lazulite.demo.records import LogRecords, Machine

WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/demo"
RECORDS = LogRecords(Machine(resource_id.parse(WORKSPACE), "tenant", 1, 2))
JOB = Job("guid", "sweep_1", "sweep", "train", "ada")


def test_each_table_and_shape_is_asked_once() -> None:
    facts = [RunChanged(UNIX_EPOCH_TICKS, JOB, status) for status in ("NotStarted", "Queued", "Running", "Running")]
    found = {expected.table: expected for expected in expectations(facts, RECORDS)}
    assert set(found) == {"AmlRunEvent", "AmlRunStatusChangedEvent", "AmlComputeJobEvent"}
    assert found["AmlComputeJobEvent"].rows.total() == 3
    assert max(found["AmlComputeJobEvent"].rows.values()) == 2
    assert found["AmlComputeJobEvent"].kql.startswith("AmlComputeJobEvent | project tostring(ClusterId), ")


def test_values_are_compared_as_tostring_gives_them() -> None:
    (expected,) = expectations([ModelRegistered(UNIX_EPOCH_TICKS, JOB, "churn", 1, 9)], RECORDS)
    (row,) = expected.rows
    values = dict(zip(expected.columns, row, strict=True))
    assert values["Identity"] == '{"UserName":"ada"}'
    assert values["TimeGenerated"] == "1970-01-01T00:00:00.0000000Z"


def test_one_of_each_has_all_ends_a_data_set_and_a_model() -> None:
    recipes = [by_kind(kind) for kind in ONE_OF_EACH]
    assert {recipe.outcome for recipe in recipes} == {"Completed", "Failed", "Canceled"}
    assert any(recipe.dataset for recipe in recipes)
    assert any(recipe.registers for recipe in recipes)


class FakeStock:
    """Answers like the stock clients would with these rows and totals."""

    def __init__(self, rows: list[list[str]], totals: dict[str, float] | None = None) -> None:
        self._rows = rows
        self._totals = totals or {}

    def query(self, kql: str) -> list[list[str]]:
        return self._rows

    def totals(self, *_: object) -> dict[str, float]:
        return self._totals


def diary_of(*facts: RunChanged | ModelRegistered) -> Diary:
    diary = Diary()
    for fact in facts:
        diary.note(fact)
    return diary


MODEL = ModelRegistered(UNIX_EPOCH_TICKS, JOB, "churn", 1, 9)


def sent_row() -> list[str]:
    (expected,) = expectations([MODEL], RECORDS)
    return list(next(iter(expected.rows)))


def test_a_record_found_once_as_it_was_sent_is_proof() -> None:
    said: list[str] = []
    prove_records(FakeStock([sent_row(), ["of another time"]]), diary_of(MODEL), RECORDS, said.append)
    assert said == ["ok  AmlModelsEvent: 1 records, 9 columns each"]


@pytest.mark.parametrize(
    "rows", [[], [sent_row(), sent_row()], [["", *sent_row()[1:]]]], ids=["lost", "twice", "other"]
)
def test_a_record_lost_doubled_or_altered_is_told(rows: list[list[str]]) -> None:
    with pytest.raises(NotProven, match="AmlModelsEvent"):
        prove_records(FakeStock(rows), diary_of(MODEL), RECORDS, print)


@pytest.mark.parametrize("totals", [{}, {"sweep": 2.0}])
def test_a_chart_with_other_numbers_is_told(totals: dict[str, float]) -> None:
    ended = RunChanged(UNIX_EPOCH_TICKS, JOB, "Completed")
    with pytest.raises(NotProven, match="Completed Runs of sweep"):
        prove_chart(FakeStock([], totals), WORKSPACE, diary_of(ended), datetime.now(UTC), print)
