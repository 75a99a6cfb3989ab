"""Diagnostic settings: what may be said, what it comes to, and that a change is in force at once."""

from __future__ import annotations

from typing import Any

import pytest

from lazulite.core.caller import SYSTEM
from lazulite.core.errors import BadRequest, Conflict, LazuliteError, NotFound
from lazulite.core.resource_id import ResourceId, parse
from lazulite.resources.kind import Resource, Write
from lazulite.routing.setting_rules import NOT_YET
from lazulite.routing.settings import TYPE, DiagnosticSettingKind, Settings

GROUP = "/subscriptions/s1/resourceGroups/g"
ML = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w"
LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
OTHER_LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/more"
CUSTOMERS = {LOGS.lower(): "c-logs", OTHER_LOGS.lower(): "c-more"}
JOBS = {"category": "AmlComputeJobEvent", "enabled": True}


def customer_id(workspace: ResourceId) -> str | None:
    return CUSTOMERS.get(workspace.key)


KIND = DiagnosticSettingKind(customer_id)


def setting_id(name: str = "all", scope: str = ML) -> ResourceId:
    return parse(f"{scope}/providers/Microsoft.Insights/diagnosticSettings/{name}")


def put(scope: str = ML, siblings: tuple[Resource, ...] = (), name: str = "all", **properties: Any) -> dict[str, Any]:
    """Properties as stored, or the error."""
    body = {"properties": {"workspaceId": LOGS, **properties}}
    stored = KIND.validate(Write(setting_id(name, scope), body, None, SYSTEM, siblings))
    return dict(stored["properties"])


def stored(name: str = "all", scope: str = ML, **properties: Any) -> Resource:
    body = {"properties": put(scope, (), name, **properties)}
    return Resource(setting_id(name, scope), TYPE, body, "etag", 1, 0, 0)


def refused(**properties: Any) -> LazuliteError:
    with pytest.raises(LazuliteError) as caught:
        put(**properties)
    return caught.value


def test_names_are_stored_in_the_catalogs_spelling_with_all_properties_present() -> None:
    properties = put(
        logs=[{"category": "amlcomputejobevent", "enabled": True}],
        metrics=[{"category": "allmetrics", "enabled": True}],
    )
    assert properties["logs"][0] == {
        "category": "AmlComputeJobEvent",
        "categoryGroup": None,
        "enabled": True,
        "retentionPolicy": {"enabled": False, "days": 0},
    }
    assert properties["metrics"][0]["category"] == "AllMetrics"
    assert properties["storageAccountId"] is None


def test_an_unknown_category_is_refused_with_the_valid_ones() -> None:
    error = refused(logs=[{"category": "AmlJobs", "enabled": True}])
    assert isinstance(error, BadRequest)
    assert "'AmlJobs' is not a log category" in error.message
    assert "AmlComputeJobEvent" in error.message


def test_a_foreign_category_is_as_unknown_as_one_that_does_not_exist() -> None:
    error = refused(logs=[{"category": "RegistryAssetReadEvent", "enabled": True}])
    assert "RegistryAssetReadEvent" in error.message and "RunEvent" in error.message


@pytest.mark.parametrize("name", sorted(NOT_YET))
def test_destinations_of_later_versions_are_refused_by_name(name: str) -> None:
    error = refused(**{name: f"{GROUP}/providers/x/y/z"})
    assert name in error.message and "not yet supported by this version" in error.message


def test_a_destination_is_needed_and_must_exist() -> None:
    assert isinstance(refused(workspaceId=None), BadRequest)
    assert isinstance(refused(workspaceId=LOGS + "x"), NotFound)


def test_groups_and_single_categories_are_not_mixed() -> None:
    assert put(logs=[{"categoryGroup": "ALLLOGS", "enabled": True}])["logs"][0]["categoryGroup"] == "allLogs"
    assert "not both" in refused(logs=[{"categoryGroup": "audit", "enabled": True}, JOBS]).message


@pytest.mark.parametrize(
    ("logs", "part"),
    [
        ([{"categoryGroup": "everything", "enabled": True}], "not a category group"),
        ([{"category": "RunEvent"}], "'enabled'"),
        ([{"category": "RunEvent", "enabled": "yes"}], "'enabled'"),
        ([JOBS, JOBS], "more than once"),
        ([{**JOBS, "retentionPolicy": {"enabled": True, "days": 7}}], "retired"),
        ("RunEvent", "list of objects"),
        ([7], "list of objects"),
    ],
)
def test_items_are_checked(logs: Any, part: str) -> None:
    assert part in refused(logs=logs).message


def test_an_unknown_property_is_named() -> None:
    assert "'workspace' is not a property" in refused(workspace="x").message


def test_a_resource_has_at_most_five() -> None:
    others = tuple(stored(f"s{number}") for number in range(5))
    with pytest.raises(BadRequest, match="the most a resource may have is 5"):
        put(siblings=others)


def test_the_same_category_goes_to_one_destination_once() -> None:
    other = stored("first", logs=[{"categoryGroup": "allLogs", "enabled": True}])
    with pytest.raises(Conflict, match="'first' sends AmlComputeJobEvent"):
        put(siblings=(other,), logs=[JOBS])
    assert put(siblings=(other,), logs=[JOBS], workspaceId=OTHER_LOGS)
    assert put(siblings=(other,), logs=[{**JOBS, "enabled": False}])


def test_a_subscription_sends_activity_log_categories_and_no_metrics() -> None:
    assert put("/subscriptions/s1", logs=[{"category": "Administrative", "enabled": True}])
    with pytest.raises(BadRequest, match="Valid: none"):
        put("/subscriptions/s1", metrics=[{"category": "AllMetrics", "enabled": True}])


def test_a_resource_that_is_not_monitored_has_no_settings() -> None:
    with pytest.raises(BadRequest, match="no logs and no metrics"):
        put(LOGS)


class Store:
    """Stands for the resource store: settings and a revision."""

    def __init__(self, *settings: Resource) -> None:
        self.settings = list(settings)
        self.moved = 1
        self.reads = 0

    def revision(self) -> int:
        return self.moved

    def list(self, resource_type: str, under: ResourceId | None = None) -> list[Resource]:
        self.reads += 1
        return self.settings


def test_a_snapshot_is_read_again_only_when_the_revision_moves() -> None:
    store = Store(stored(logs=[JOBS]))
    settings = Settings(store, customer_id)
    assert settings.snapshot().destinations(ML.lower(), "AmlComputeJobEvent") == ("c-logs",)
    settings.snapshot()
    assert store.reads == 1
    store.settings, store.moved = [], 2
    assert settings.snapshot().destinations(ML.lower(), "AmlComputeJobEvent") == ()


def test_a_group_sends_its_categories_and_what_is_disabled_sends_nothing() -> None:
    audit = stored(
        logs=[{"categoryGroup": "audit", "enabled": True}], metrics=[{"category": "AllMetrics", "enabled": False}]
    )
    snapshot = Settings(Store(audit), customer_id).snapshot()
    assert snapshot.destinations(ML.lower(), "ModelsChangeEvent") == ("c-logs",)
    assert snapshot.destinations(ML.lower(), "AmlComputeJobEvent") == ()
    assert snapshot.destinations(ML.lower(), "AllMetrics") == ()
