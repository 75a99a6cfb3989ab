"""The packaged facts are whole, and agree with the reference they were made from."""

from __future__ import annotations

import json
from pathlib import Path

from lazulite import catalog


def test_everything_is_there() -> None:
    azure = [table for table in catalog.log_tables() if not table.name.startswith("Lazulite")]
    assert (len(azure), len(catalog.categories()), len(catalog.metrics())) == (27, 31, 90)


def test_every_category_lands_in_a_table_of_the_catalog() -> None:
    assert [found.name for found in catalog.categories() if catalog.log_table(found.table) is None] == []


def test_an_ml_workspace_has_26_categories() -> None:
    assert len(catalog.categories_of("microsoft.machinelearningservices/WORKSPACES")) == 26


def test_a_subscription_has_the_activity_log_categories() -> None:
    assert {found.name for found in catalog.categories_of("Microsoft.Resources/subscriptions")} == {
        "Administrative", "Security", "ServiceHealth", "Alert", "Recommendation", "Policy", "Autoscale",
        "ResourceHealth",
    }  # fmt: skip


def test_the_deprecated_category_names_its_successor() -> None:
    (old,) = [found for found in catalog.categories() if found.deprecated]
    assert old.name == "AmlComputeClusterNodeEvent"
    assert old.replaced_by


def test_names_of_categories_and_metrics_ignore_case_and_tables_do_not() -> None:
    assert catalog.category("amlcomputejobevent") is catalog.category("AmlComputeJobEvent")
    assert catalog.metric("microsoft.machinelearningservices/workspaces", "FAILED RUNS") is not None
    assert catalog.log_table("amlcomputejobevent") is None


def test_metrics_come_from_workspaces_and_what_serves_models() -> None:
    assert catalog.emits_metrics("microsoft.machinelearningservices/WORKSPACES")
    assert catalog.emits_metrics("Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments")
    assert not catalog.emits_metrics("Microsoft.MachineLearningServices/workspaces/computes")
    assert not catalog.emits_metrics("Lazulite.Monitor/services"), "nobody sends for the service itself"


def test_types_that_callers_make_up_are_not_remembered_for_ever() -> None:
    for number in range(catalog.packaged.MAX_TYPES + 10):
        catalog.categories_of(f"Made.Up/type{number}")
        catalog.metrics_of(f"Made.Up/type{number}")
    assert catalog.categories_of.cache_info().currsize == catalog.packaged.MAX_TYPES
    assert catalog.metrics_of.cache_info().currsize == catalog.packaged.MAX_TYPES


def test_every_table_has_the_standard_columns_once() -> None:
    for table in catalog.log_tables():
        names = [name for name, _ in table.all_columns]
        assert len(names) == len(set(names)), table.name
        assert {"TenantId", "TimeGenerated", "Type", "_ResourceId", "_ItemId", "_TimeReceived"} <= set(names)


def test_columns_are_those_of_the_reference(shared: Path) -> None:
    standard = {name for name, _ in catalog.STANDARD_COLUMNS} | {"Dimensions"}
    for fact in json.loads((shared / "reference" / "log_tables.json").read_text())["tables"]:
        table = catalog.log_table(fact["name"])
        assert table is not None
        expected = {c["name"]: c["type"] for c in fact["columns"] if c["name"] not in standard}
        assert {name: type for name, type in table.columns if name not in standard} == expected


def test_metrics_are_those_of_the_reference(shared: Path) -> None:
    facts = json.loads((shared / "reference" / "metrics.json").read_text())["metrics"]
    assert [(m.resource_type, m.name, m.dimensions) for m in catalog.metrics()] == [
        (fact["resource_type"], fact["name"], tuple(fact["dimensions"])) for fact in facts
    ]
