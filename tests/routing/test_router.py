"""Where batches go, as laws: every destination has a setting that names the category of the owner, and no other has."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as some

from lazulite.catalog import categories
from lazulite.core.batch import ALL_METRICS, REJECTED, StoredBatch
from lazulite.core.counters import Counters
from lazulite.resources.kind import Resource
from lazulite.routing.router import UNROUTED, Router
from lazulite.routing.settings import Settings
from tests.routing.test_settings import GROUP, LOGS, ML, OTHER_LOGS, Store, customer_id, stored

ENDPOINT = f"{ML}/onlineEndpoints/e"
WORKSPACE_LOGS = [found.name for found in categories() if found.resource_type.endswith("/workspaces")]


def batch(resource: str, category: str, rows: int = 3) -> StoredBatch:
    return StoredBatch(1, resource.lower(), category, 0, "me", "records", pa.table({"TimeGenerated": [0] * rows}))


def router(*settings: Resource) -> tuple[Router, Counters]:
    counters = Counters()
    return Router(Settings(Store(*settings), customer_id), "c-home", counters), counters


@pytest.mark.parametrize(
    ("resource", "category", "goes_to"),
    [
        (ML, "AmlComputeJobEvent", ("c-logs",)),
        (f"{ML}/computes/cluster", "AmlComputeClusterEvent", ("c-logs",)),
        (ENDPOINT, "AmlOnlineEndpointConsoleLog", ("c-more",)),
        (ENDPOINT, "AmlComputeJobEvent", ("c-logs",)),
        (ML, "AmlOnlineEndpointConsoleLog", ()),
        (ML, "AllMetrics", ("c-logs",)),
        (ENDPOINT, "AllMetrics", ()),
        (ML, "Administrative", ("c-more",)),
        (GROUP, "Administrative", ("c-more",)),
        (f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/other", "AmlComputeJobEvent", ()),
        (ML, REJECTED, ("c-home",)),
    ],
)
def test_a_category_goes_where_its_owners_settings_say(resource: str, category: str, goes_to: tuple[str, ...]) -> None:
    found, _ = router(
        stored(
            "ml",
            logs=[{"categoryGroup": "allLogs", "enabled": True}],
            metrics=[{"category": "AllMetrics", "enabled": True}],
        ),
        stored("endpoint", ENDPOINT, logs=[{"categoryGroup": "allLogs", "enabled": True}], workspaceId=OTHER_LOGS),
        stored(
            "sub", "/subscriptions/s1", logs=[{"category": "Administrative", "enabled": True}], workspaceId=OTHER_LOGS
        ),
    )
    assert found.route(batch(resource, category)) == goes_to


def test_what_goes_nowhere_is_counted_by_category() -> None:
    found, counters = router()
    found.route(batch(ML, "AmlComputeJobEvent", rows=7))
    found.route(batch(ML, ALL_METRICS, rows=7))
    assert counters.value(UNROUTED, category="AmlComputeJobEvent") == 7
    assert counters.value(UNROUTED, category=ALL_METRICS) == 0, "metrics are in the metric store all the same"


chosen = some.lists(some.tuples(some.sampled_from(WORKSPACE_LOGS), some.booleans()), unique_by=lambda item: item[0])


@given(chosen, chosen, some.sampled_from(WORKSPACE_LOGS))
def test_a_destination_gets_a_category_exactly_when_a_setting_enables_it(
    first: list[tuple[str, bool]], second: list[tuple[str, bool]], category: str
) -> None:
    pairs = ((first, LOGS, "c-logs"), (second, OTHER_LOGS, "c-more"))
    settings = [
        stored(f"s{number}", logs=[{"category": name, "enabled": on} for name, on in items], workspaceId=workspace)
        for number, (items, workspace, _) in enumerate(pairs)
    ]
    found, _ = router(*settings)
    expected = tuple(customer for items, _, customer in pairs if (category, True) in items)
    assert found.route(batch(ML, category)) == expected
