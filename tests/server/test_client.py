"""The small client: one login for many calls, and every failure as one error with the best message it came with."""

from __future__ import annotations

import httpx
import pytest

from lazulite.server.client import Client
from lazulite.server.refusal import Refused, Unreachable, refusal
from tests.cli.fake_server import FakeServer


def test_one_token_serves_many_calls() -> None:
    with FakeServer() as server, Client(server.connection) as client:
        server.answers["GET /thing"] = (200, {"value": []})
        for _ in range(3):
            client.get("/thing", "2024-02-01")
    assert server.logins == 1
    assert {request.params["api-version"] for request in server.requests} == {"2024-02-01"}


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error": {"code": "NotFound", "message": "No such table."}}, "NotFound", "No such table."),
        ({"code": "BadRequest", "message": "Unknown metric."}, "BadRequest", "Unknown metric."),
        (
            {"error": "invalid_client", "error_description": "AADSTS7000215: no."},
            "invalid_client",
            "AADSTS7000215: no.",
        ),
        ({"error": {"code": "A", "message": "outer", "innererror": {"code": "B", "message": "inner"}}}, "B", "inner"),
    ],
)
def test_every_envelope_of_the_vendor_gives_its_message(body: object, code: str, message: str) -> None:
    error = refusal(httpx.Response(400, json=body))
    assert (error.status, error.code, error.message) == (400, code, message)


def test_an_error_without_json_still_has_a_message() -> None:
    error = refusal(httpx.Response(502, text="<html>"))
    assert (error.code, error.message) == ("HTTP 502", "Bad Gateway")


def test_retry_after_is_kept() -> None:
    response = httpx.Response(429, json={"error": {"code": "T", "message": "m"}}, headers={"retry-after": "2.5"})
    assert refusal(response).retry_after == 2.5


def test_a_batch_has_its_key_and_its_receipt() -> None:
    answer = {"accepted": 1, "rejected": [{"index": 1, "code": "C", "message": "m"}], "ignored": ["Foo"], "sequence": 7}
    with FakeServer() as server, Client(server.connection) as client:
        server.answers["POST /providers/lazulite/records"] = (202, answer)
        receipt = client.emit(client.ml_workspace, "RunEvent", [{"RunId": "a"}, {}], "key-1")
    (request,) = server.requests
    assert request.headers["x-lazulite-batch"] == "key-1"
    assert request.params == {"category": "RunEvent"}
    assert (receipt.accepted, receipt.sequence, receipt.rejected) == (1, 7, ((1, "C", "m"),))


def test_stored_is_false_until_the_sequence_is_reached() -> None:
    with FakeServer() as server, Client(server.connection) as client:
        assert not client.stored(5)
        server.answers["GET /healthz"] = (200, {"status": "ready"})
        assert client.stored(5)


def test_nothing_listening_is_unreachable() -> None:
    with FakeServer() as server:
        connection = server.connection
    with Client(connection) as client, pytest.raises(Unreachable, match="lazulite serve"):
        client.query("T")


def test_the_secret_is_not_in_errors() -> None:
    with FakeServer() as server, Client(server.connection) as client, pytest.raises(Refused) as caught:
        client.get("/nowhere", "2024-02-01")
    assert "secret" not in str(caught.value)
    assert "token-" not in str(caught.value)
