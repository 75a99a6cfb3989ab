"""The login requests, as Azure's libraries send them, and every way in which they fail."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.wire.service import TENANT, Service, make_service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return make_service(tmp_path_factory.mktemp("service"))


def sign_in(service: Service, tenant: str = TENANT, path: str = "oauth2/v2.0/token", **changes: str) -> httpx.Response:
    form = {
        "client_id": service.client_id,
        "client_secret": service.secret,
        "grant_type": "client_credentials",
        "scope": "https://management.azure.com/.default",
    } | changes
    return service.client("")("POST", f"/{tenant}/{path}", data={name: text for name, text in form.items() if text})


@pytest.mark.parametrize("tenant", [TENANT, TENANT.upper(), "common", "organizations"])
def test_a_secret_gets_a_token_that_opens_the_door(service: Service, tenant: str) -> None:
    answer = sign_in(service, tenant)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"], body["ext_expires_in"]) == ("Bearer", 3599, 3599)
    assert service.tokens.verify(body["access_token"]).client_id == service.client_id
    assert service.client(body["access_token"])("GET", "/subscriptions?api-version=2022-12-01").status_code == 200


def test_the_first_version_of_the_protocol_names_a_resource(service: Service) -> None:
    answer = sign_in(service, path="oauth2/token", scope="", resource="https://management.azure.com/")
    assert answer.json()["resource"] == "https://management.azure.com/"


def test_the_configuration_leads_back_here(service: Service) -> None:
    for tenant in (TENANT, "common"):
        found = service.client("")("GET", f"/{tenant}/v2.0/.well-known/openid-configuration").json()
        base = f"https://lazulite.test:8443/{tenant}"
        assert found["token_endpoint"] == f"{base}/oauth2/v2.0/token"
        assert found["authorization_endpoint"].startswith(base)
        assert found["device_authorization_endpoint"].startswith(base)
        assert found["issuer"] == f"https://lazulite.test:8443/{TENANT}/v2.0"
        assert service.client("")("GET", found["jwks_uri"]).json() == service.tokens.key_set()


def test_old_tools_find_the_instance(service: Service) -> None:
    found = service.client("")("GET", "/common/discovery/instance?api-version=1.1").json()
    assert found["tenant_discovery_endpoint"].startswith("https://lazulite.test:8443/common/")


def test_az_finds_every_endpoint_in_one_object(service: Service) -> None:
    found = service.client("")("GET", "/metadata/endpoints?api-version=2022-09-01").json()
    assert found["resourceManager"] == found["authentication"]["loginEndpoint"] == "https://lazulite.test:8443"
    assert found["authentication"]["tenant"] == TENANT
    assert found["suffixes"]["keyVaultDns"]


FAILURES = [
    ({"client_secret": "wrong"}, TENANT, 401, "invalid_client", 7000215),
    ({"client_id": "nobody"}, TENANT, 401, "invalid_client", 7000215),
    ({"client_secret": ""}, TENANT, 401, "invalid_client", 7000216),
    ({"client_id": ""}, TENANT, 400, "invalid_request", 900144),
    ({"grant_type": "password"}, TENANT, 400, "unsupported_grant_type", 70003),
    ({"scope": "openid"}, TENANT, 400, "invalid_scope", 70011),
    ({"scope": "x" * 600 + "/.default"}, TENANT, 400, "invalid_scope", 70011),
    ({}, "elsewhere", 400, "invalid_tenant", 90002),
]


@pytest.mark.parametrize(("changes", "tenant", "status", "error", "number"), FAILURES)
def test_failures_have_the_shape_of_oauth(
    service: Service, changes: dict[str, str], tenant: str, status: int, error: str, number: int
) -> None:
    answer = sign_in(service, tenant, **changes)
    assert (answer.status_code, answer.json()["error"], answer.json()["error_codes"]) == (status, error, [number])
    assert answer.json()["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id"} <= set(answer.json())
    assert service.secret not in answer.text


def test_too_many_wrong_tries_have_to_wait(tmp_path: Path) -> None:
    own = make_service(tmp_path)
    answers = [sign_in(own, client_secret="wrong") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
