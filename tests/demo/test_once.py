"""What `demo --once` demands of the tables is made from facts; these hold its arithmetic, the demo itself the rest."""

from __future__ import annotations

from lazulite.core import resource_id
from lazulite.core.clock import UNIX_EPOCH_TICKS
from lazulite.demo.facts import Job, ModelRegistered, RunChanged
from lazulite.demo.once import expectations
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
