"""Unmodified Azure clients against a real socket with a private CA: sign in, then resources by id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.wire.service import RG, SUBSCRIPTION, TENANT, Service, make_service, served

DASHBOARD = f"{RG}/providers/Microsoft.Portal/dashboards/One"
V = "2024-01-01"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, str]]:
    folder: Path = tmp_path_factory.mktemp("live")
    service = make_service(folder)
    with served(service.app, folder) as (address, ca_file), pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))
        yield service, address


def credential(live: tuple[Service, str], secret: str | None = None) -> ClientSecretCredential:
    service, address = live
    return ClientSecretCredential(
        TENANT, service.client_id, secret or service.secret, authority=address, disable_instance_discovery=True
    )


@pytest.fixture
def arm(live: tuple[Service, str]) -> ResourceManagementClient:
    address = live[1]
    scopes = [f"{address}/.default"]
    return ResourceManagementClient(credential(live), SUBSCRIPTION, base_url=address, credential_scopes=scopes)


def test_a_credential_signs_in(live: tuple[Service, str]) -> None:
    token = credential(live).get_token("https://api.loganalytics.io/.default").token
    assert live[0].tokens.verify(token).name == "admin"


def test_a_wrong_secret_is_told_in_its_own_words(live: tuple[Service, str]) -> None:
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential(live, "wrong").get_token("https://api.loganalytics.io/.default")


def test_generic_resources_by_id(arm: ResourceManagementClient) -> None:
    made = arm.resources.begin_create_or_update_by_id(
        DASHBOARD, {"location": "westeurope", "properties": {"lenses": []}}, api_version=V
    ).result()
    assert (made.id, made.location) == (DASHBOARD, "westeurope")
    assert arm.resources.check_existence_by_id(DASHBOARD, api_version=V)
    patched = arm.resources.begin_update_by_id(DASHBOARD, {"tags": {"a": "b"}}, api_version=V).result()
    assert patched.tags == {"a": "b"}
    assert [one.name for one in arm.resources.list(filter="resourceType eq 'Microsoft.Portal/dashboards'")] == ["One"]
    assert [one.name for one in arm.resources.list_by_resource_group("group-a", top=1)] == ["One"]
    arm.resources.begin_delete_by_id(DASHBOARD, api_version=V).result()
    assert not arm.resources.check_existence_by_id(DASHBOARD, api_version=V)
    with pytest.raises(ResourceNotFoundError, match="was not found"):
        arm.resources.get_by_id(DASHBOARD, api_version=V)


def test_resource_groups(arm: ResourceManagementClient) -> None:
    assert arm.resource_groups.create_or_update("two", {"location": "westeurope"}).properties.provisioning_state
    assert [group.name for group in arm.resource_groups.list()] == ["Group-A", "two"]
    assert arm.resource_groups.check_existence("two")
    arm.resource_groups.begin_delete("two").result()
    assert not arm.resource_groups.check_existence("two")
    with pytest.raises(HttpResponseError, match="ResourceGroupNotFound"):
        arm.resource_groups.get("two")


def test_providers(arm: ResourceManagementClient) -> None:
    assert "Microsoft.MachineLearningServices" in [one.namespace for one in arm.providers.list()]
    assert arm.providers.register("Microsoft.Resources").registration_state == "Registered"
