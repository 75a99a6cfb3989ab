"""Log Analytics workspaces: what may be stored, and what is filled in."""

from __future__ import annotations

import uuid

import pytest

from lazulite.core.caller import SYSTEM
from lazulite.core.errors import BadRequest
from lazulite.core.resource_id import parse
from tests.logs.conftest import RG, LogsRig

ID = parse(f"{RG}/providers/Microsoft.OperationalInsights/workspaces/logs")


def test_a_new_workspace_has_the_shape_clients_expect(rig: LogsRig) -> None:
    rig.workspace("logs")
    properties = dict(rig.store.require(ID).properties)
    assert str(uuid.UUID(properties.pop("customerId")))
    assert properties == {
        "provisioningState": "Succeeded",
        "sku": {"name": "PerGB2018", "lastSkuUpdate": "2024-06-15T12:00:00.0000000Z"},
        "retentionInDays": 30,
        "workspaceCapping": {
            "dailyQuotaGb": -1.0,
            "quotaNextResetTime": "2024-06-15T12:00:00.0000000Z",
            "dataIngestionStatus": "RespectQuota",
        },
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
        "features": {"enableLogAccessUsingOnlyResourcePermissions": True},
        "createdDate": "2024-06-15T12:00:00.0000000Z",
        "modifiedDate": "2024-06-15T12:00:00.0000000Z",
    }


def test_the_customer_id_and_creation_date_never_change(rig: LogsRig) -> None:
    first = rig.workspace("logs")
    rig.clock.advance(60)
    second = rig.workspace("logs", customerId="somebody's own", retentionInDays=90, sku={"name": "pergb2018"})
    properties = rig.store.require(ID).properties
    assert first == second
    assert properties["retentionInDays"] == 90
    assert properties["createdDate"] == "2024-06-15T12:00:00.0000000Z"
    assert properties["modifiedDate"] == "2024-06-15T12:01:00.0000000Z"
    assert properties["sku"]["lastSkuUpdate"] == "2024-06-15T12:00:00.0000000Z"


def test_another_sku_is_dated(rig: LogsRig) -> None:
    rig.workspace("logs")
    rig.clock.advance(60)
    rig.workspace("logs", sku={"name": "Standalone"})
    assert rig.store.require(ID).properties["sku"] == {
        "name": "Standalone",
        "lastSkuUpdate": "2024-06-15T12:01:00.0000000Z",
    }


def test_a_patch_keeps_what_it_does_not_name(rig: LogsRig) -> None:
    customer_id = rig.workspace("logs", retentionInDays=90)
    patched = rig.store.patch(ID, {"properties": {"features": {"disableLocalAuth": True}}}, SYSTEM)
    assert patched.properties["retentionInDays"] == 90
    assert patched.properties["customerId"] == customer_id
    assert patched.properties["features"]["disableLocalAuth"] is True


@pytest.mark.parametrize(
    ("properties", "target"),
    [
        ({"retentionInDays": 3}, "properties.retentionInDays"),
        ({"retentionInDays": 731}, "properties.retentionInDays"),
        ({"retentionInDays": True}, "properties.retentionInDays"),
        ({"retentionInDays": "30"}, "properties.retentionInDays"),
        ({"sku": {"name": "Gold"}}, "properties.sku.name"),
        ({"sku": {"name": 5}}, "properties.sku.name"),
        ({"workspaceCapping": {"dailyQuotaGb": 5}}, "properties.workspaceCapping.dailyQuotaGb"),
        ({"publicNetworkAccessForQuery": "Disabled"}, "properties.publicNetworkAccessForQuery"),
        ({"features": ["x"]}, "properties.features"),
    ],
)
def test_what_is_wrong_or_not_enforced_is_refused_by_name(
    rig: LogsRig, properties: dict[str, object], target: str
) -> None:
    with pytest.raises(BadRequest) as error:
        rig.workspace("logs", **properties)
    assert error.value.target == target


@pytest.mark.parametrize("name", ["abc", "-logs", "logs-", "my_logs", "x" * 64])
def test_a_name_that_azure_refuses_is_refused(rig: LogsRig, name: str) -> None:
    with pytest.raises(BadRequest, match="is not a workspace's name"):
        rig.workspace(name)
