"""Action groups: webhooks are kept as sent, every receiver list returns, and a receiver never called is refused."""

from __future__ import annotations

from typing import Any

import pytest

from lazulite.alerts.groups import RECEIVERS
from lazulite.core.errors import BadRequest

from .conftest import ALICE, GROUP, Room, group_body

URL = "https://example.org/hook?code=1"
OTHERS = [name for name in RECEIVERS if name != "webhookReceivers"]


def test_every_receiver_list_returns_because_clients_iterate_them(room: Room) -> None:
    properties = room.put(GROUP, group_body(URL, smsReceivers=None, emailReceivers={}, voiceReceivers="")).properties
    assert {name: properties[name] for name in OTHERS} == {name: [] for name in OTHERS}
    assert properties["webhookReceivers"] == [{"name": "hook0", "serviceUri": URL, "useCommonAlertSchema": True}]
    assert properties["enabled"] is True


def test_a_patch_can_disable_a_group(room: Room) -> None:
    stored = room.put(GROUP, group_body(URL))
    after = room.resources.patch(stored.id, {"properties": {"enabled": False}}, ALICE)
    assert (after.properties["enabled"], after.properties["groupShortName"]) == (False, "night")


@pytest.mark.parametrize("name", OTHERS)
def test_a_receiver_that_would_never_be_called_is_refused(room: Room, name: str) -> None:
    with pytest.raises(
        BadRequest, match=f"properties.{name} has {RECEIVERS[name]} receivers, which this server"
    ) as found:
        room.put(GROUP, group_body(URL, **{name: [{"name": "x"}]}))
    assert found.value.code == "NotSupported"


def hook(**changes: Any) -> dict[str, Any]:
    return {"webhookReceivers": [{"name": "hook", "serviceUri": URL, "useCommonAlertSchema": True} | changes]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"groupShortName": "thirteen char"}, "properties.groupShortName must have 1 to 12 characters"),
        ({"groupShortName": None}, "Expected `str`, got `null` - at `properties.groupShortName`"),
        ({"enabled": "yes"}, "Expected `bool`, got `str`"),
        ({"incidentReceivers": [{}]}, "properties.incidentReceivers is not a property of an action group"),
        ({"emailreceivers": [{}]}, "properties.emailreceivers is not a property of an action group"),
        (hook(name=""), r"webhookReceivers\[0\].name must have 1 to 260"),
        (hook(useCommonAlertSchema=False), r"useCommonAlertSchema must be true: this server sends the common"),
        (hook(useCommonAlertSchema=None), r"useCommonAlertSchema must be true"),
        (hook(useAadAuth=True), r"webhookReceivers\[0\].useAadAuth asks for a secure webhook"),
        (hook(tenantId="t"), r"webhookReceivers\[0\].useAadAuth asks for a secure webhook"),
        (hook(serviceUri="ftp://example.org"), "serviceUri must be an absolute http or https URL"),
        (hook(serviceUri="/hook"), "serviceUri must be an absolute http or https URL"),
        (hook(serviceUri="https://.."), "serviceUri must be an absolute http or https URL"),
        (hook(serviceUri="https://xn--/"), "serviceUri is not a URL"),
        (hook(serviceUri="https://"), "serviceUri must be an absolute http or https URL"),
        (hook(serviceUri="http://[bad"), "serviceUri must be an absolute http or https URL"),
        (hook(serviceUri="http://example.org:99999"), "serviceUri must be an absolute http or https URL"),
        (hook(serviceUri="http://example.org:port"), "serviceUri is not a URL: Invalid port"),
        (hook(serviceUri="https://example.org/" + "x" * 2048), "serviceUri is longer than 2048"),
        ({"webhookReceivers": hook()["webhookReceivers"] * 2}, "two receivers with the same name"),
        ({"webhookReceivers": [{"name": "x"}]}, "missing required field `serviceUri`"),
        (
            {"webhookReceivers": [hook()["webhookReceivers"][0] | {"name": str(i)} for i in range(11)]},
            "has 11 receivers",
        ),
    ],
)
def test_what_is_wrong_is_named(room: Room, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        room.put(GROUP, group_body(**changes))
