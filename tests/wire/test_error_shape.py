"""Every way to fail on the ARM plane, and the one shape of the answer."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.routing import Route

from lazulite.core.errors import DeadlineExceeded, Detail, LazuliteError, Throttled, Unavailable
from lazulite.wire.errors import envelope, status_of
from lazulite.wire.request import ArmRequest, Operation
from tests.wire.service import RG, SUB, TENANT, VERSION, Service, make_service

ML = f"{RG}/providers/Microsoft.MachineLearningServices/workspaces/ml"
DASHBOARD = f"{RG}/providers/Microsoft.Portal/dashboards/d"
NOWHERE = "/subscriptions/99999999-0000-0000-0000-000000000000"
SECRET = "the-password-in-a-traceback"

RAISED: dict[str, Exception] = {
    "busy": Throttled("TooManyRequests", "full", retry_after=2.5),
    "stopping": Unavailable("ServiceStopping", "stopping", retry_after=1),
    "late": DeadlineExceeded("GatewayTimeout", "late"),
    "bug": RuntimeError(SECRET),
    "unmapped": LazuliteError("Odd", SECRET),
}


async def fail(arm: ArmRequest) -> Response:
    raise RAISED[arm.params["how"]]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    async def broken(_: object) -> Response:
        raise RAISED["bug"]

    operations = [Operation("GET", "contoso.fails/ways", fail)]
    return make_service(tmp_path_factory.mktemp("service"), operations, [Route("/broken", broken)])


FAILS = f"{RG}/providers/Contoso.Fails/ways/x?{VERSION}&how="
JSON = {"location": "westeurope"}
WAYS = [
    ("GET", f"{SUB}", {}, 400, "MissingApiVersionParameter"),
    ("GET", "/subscriptions", {}, 400, "MissingApiVersionParameter"),
    ("GET", f"{SUB}?api-version=new", {}, 400, "InvalidApiVersionParameter"),
    ("GET", f"{SUB}/tagNames?{VERSION}", {}, 400, "InvalidResourceId"),
    ("GET", f"{RG}/nonsense/x?{VERSION}", {}, 400, "InvalidResourceId"),
    ("GET", f"{DASHBOARD}%3Cscript%3E?{VERSION}", {}, 400, "InvalidResourceId"),
    ("GET", f"{RG}/{'x' * 3000}?{VERSION}", {}, 400, "InvalidResourceId"),
    ("GET", f"{SUB}/resources?{VERSION}&$filter=color eq 'x'", {}, 400, "InvalidFilterInQueryString"),
    ("GET", f"{RG}/providers/Microsoft.Portal/dashboards?{VERSION}&$filter=x", {}, 400, "InvalidFilterInQueryString"),
    ("GET", f"{SUB}/resources?{VERSION}&$skipToken=%ff", {}, 400, "InvalidSkipToken"),
    ("GET", f"{SUB}/resources?{VERSION}&$top=0", {}, 400, "InvalidTopParameter"),
    ("GET", f"{SUB}/resources?{VERSION}&$top={'9' * 5000}", {}, 400, "InvalidTopParameter"),
    ("GET", f"{SUB}/providers/providers/x?{VERSION}", {}, 400, "InvalidResourceId"),
    ("DELETE", f"{RG}%2Fproviders/Microsoft.Portal/dashboards/One?{VERSION}", {}, 400, "InvalidResourceId"),
    ("DELETE", f"{DASHBOARD}/%2f?{VERSION}", {}, 400, "InvalidResourceId"),
    ("PUT", f"{DASHBOARD}%ff?{VERSION}", {"json": {}}, 400, "InvalidResourceId"),
    ("PUT", f"{DASHBOARD}%0a?{VERSION}", {"json": {}}, 400, "InvalidResourceId"),
    ("PUT", f"{SUB}?{VERSION}", {"json": {"displayName": ["x"]}}, 400, "InvalidRequestContent"),
    ("GET", f"{SUB}?{VERSION}&" + "&".join(f"p{n}=1" for n in range(300)), {}, 400, "InvalidQueryString"),
    ("PUT", f"{ML}?{VERSION}", {"content": b""}, 400, "InvalidRequestContent"),
    ("PUT", f"{ML}?{VERSION}", {"content": b"{'a': 1}"}, 400, "InvalidRequestContent"),
    ("PUT", f"{ML}?{VERSION}", {"json": []}, 400, "InvalidRequestContent"),
    ("PUT", f"{ML}?{VERSION}", {"json": {}}, 400, "LocationRequired"),
    (
        "PUT",
        f"{ML}?{VERSION}",
        {"content": b"xx", "headers": {"content-encoding": "gzip"}},
        400,
        "InvalidRequestContent",
    ),
    ("GET", f"{NOWHERE}?{VERSION}", {}, 404, "SubscriptionNotFound"),
    ("GET", f"{NOWHERE}/resources?{VERSION}", {}, 404, "SubscriptionNotFound"),
    ("GET", f"{SUB}/resourceGroups/no?{VERSION}", {}, 404, "ResourceGroupNotFound"),
    ("GET", f"{SUB}/resourceGroups/no/resources?{VERSION}", {}, 404, "ResourceGroupNotFound"),
    ("DELETE", f"{SUB}/resourceGroups/no?{VERSION}", {}, 404, "ResourceGroupNotFound"),
    ("GET", f"{DASHBOARD}?{VERSION}", {}, 404, "ResourceNotFound"),
    ("PATCH", f"{DASHBOARD}?{VERSION}", {"json": {}}, 404, "ResourceNotFound"),
    ("PUT", f"{ML}/computes/c?{VERSION}", {"json": {}}, 404, "ParentResourceNotFound"),
    ("GET", f"{SUB}/providers/Contoso.None?{VERSION}", {}, 404, "InvalidResourceNamespace"),
    ("POST", f"{ML}/listKeys?{VERSION}", {}, 404, "ActionNotFound"),
    ("GET", "/nothing/here", {}, 404, "NotFound"),
    ("POST", f"{ML}?{VERSION}", {}, 405, "MethodNotAllowed"),
    ("PUT", f"{RG}/providers/Microsoft.Portal/dashboards?{VERSION}", {"json": {}}, 405, "MethodNotAllowed"),
    ("DELETE", f"{SUB}?{VERSION}", {}, 405, "MethodNotAllowed"),
    ("PUT", f"{RG}?{VERSION}", {"json": {"location": "eastus"}}, 409, "InvalidResourceLocation"),
    ("PUT", f"{RG}?{VERSION}", {"json": JSON, "headers": {"if-match": "old"}}, 412, "PreconditionFailed"),
    ("PUT", f"{RG}?{VERSION}", {"json": JSON, "headers": {"if-none-match": "*"}}, 412, "PreconditionFailed"),
    ("PUT", f"{ML}?{VERSION}", {"content": b"x" * (4 * 1024 * 1024 + 1)}, 413, "RequestTooLarge"),
    (
        "PUT",
        f"{ML}?{VERSION}",
        {"content": gzip.compress(bytes(10_000_000)), "headers": {"content-encoding": "gzip"}},
        413,
        "RequestTooLarge",
    ),
    ("PUT", f"{ML}?{VERSION}", {"content": b"x", "headers": {"content-encoding": "br"}}, 415, "UnsupportedMediaType"),
    ("GET", FAILS + "busy", {}, 429, "TooManyRequests"),
    ("GET", FAILS + "stopping", {}, 503, "ServiceStopping"),
    ("GET", FAILS + "late", {}, 504, "GatewayTimeout"),
    ("GET", FAILS + "bug", {}, 500, "InternalServerError"),
    ("GET", FAILS + "unmapped", {}, 500, "InternalServerError"),
    ("GET", "/broken", {}, 500, "InternalServerError"),
]


@pytest.mark.parametrize(("method", "path", "options", "status", "code"), WAYS, ids=lambda part: str(part)[-40:])
def test_every_way_to_fail_has_one_shape(
    service: Service, method: str, path: str, options: dict[str, object], status: int, code: str
) -> None:
    answer = service.client()(method, path, **options)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert_shape(answer.json())
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-ms-request-id"]
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert ("retry-after" in answer.headers) == (status in (429, 503))


def assert_shape(body: dict[str, dict[str, object]]) -> None:
    assert set(body) == {"error"}
    assert {"code", "message"} <= set(body["error"]) <= {"code", "message", "target", "details"}
    assert len(str(body["error"]["message"])) > 3


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "AuthenticationFailed"),
        ("Basic abc", "AuthenticationFailed"),
        ("Bearer ", "AuthenticationFailed"),
        ("Bearer not.a.token", "InvalidAuthenticationToken"),
    ],
)
def test_without_a_good_token_the_answer_says_where_to_sign_in(service: Service, header: str, code: str) -> None:
    for path in ("/subscriptions", f"{DASHBOARD}?{VERSION}", f"{NOWHERE}/x"):
        answer = service.client("")("GET", path, headers={"authorization": header} if header else {})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
        assert_shape(answer.json())
        challenge = answer.headers["www-authenticate"]
        assert challenge.startswith(f'Bearer authorization_uri="https://lazulite.test:8443/{TENANT}", ')
        assert "claims=" not in challenge


def test_a_reader_may_read_and_not_write(service: Service) -> None:
    reader = service.client(service.reader_token)
    assert reader("GET", f"{RG}?{VERSION}").status_code == 200
    for method, path in [("PUT", ML), ("PATCH", ML), ("DELETE", ML), ("PUT", RG), ("DELETE", RG), ("PUT", NOWHERE)]:
        answer = reader(method, f"{path}?{VERSION}", json=JSON)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AuthorizationFailed")
        assert path in answer.json()["error"]["message"]


def test_the_log_has_what_the_answer_keeps_back(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    answer = service.client()("GET", FAILS + "bug")
    assert SECRET in caplog.text
    assert answer.headers["x-ms-request-id"] in answer.json()["error"]["message"]
    assert any(getattr(one, "request_id", "") == answer.headers["x-ms-request-id"] for one in caplog.records)


def test_details_and_target_are_told() -> None:
    error = Unavailable("Code", "words", target="place")
    error.details = (Detail("Inner", "why", "where"), Detail("Other", "why"))
    assert envelope(error)["error"] == {
        "code": "Code",
        "message": "words",
        "target": "place",
        "details": [{"code": "Inner", "message": "why", "target": "where"}, {"code": "Other", "message": "why"}],
    }


def test_a_class_below_a_known_one_has_its_status() -> None:
    class Slower(Throttled):
        """A kind of Throttled."""

    assert status_of(Slower("a", "b")) == 429


def test_bodies_past_their_memory_budget_get_429(tmp_path: Path) -> None:
    client = make_service(tmp_path, body_budget=100).client()
    answer = client("PUT", f"{ML}?{VERSION}", json={"location": "westeurope", "tags": {"a": "x" * 200}})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
