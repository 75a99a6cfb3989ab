"""What goes wrong at the doors of a real server, and what the caller is told."""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from lazulite.core.clock import TICKS_PER_DAY, HeldClock, SystemClock
from lazulite.identity import Principal, Tokens
from tests.e2e.harness import Client, Server, credential, trusting, wait_for

JOB = "AmlComputeJobEvent"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("bad") / "data").start()
    yield found
    assert found.stop() == 0


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    return Client(server.connection)


def error(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


def innermost(answer: dict[str, Any]) -> dict[str, Any]:
    found = answer["error"]
    while "innererror" in found:
        found = found["innererror"]
    return found


def test_an_unknown_category_is_named_with_a_suggestion(client: Client) -> None:
    answer = client.emit("AmlComputeJobEvnt", [{"JobId": "1"}])
    assert answer.status_code == 400
    assert "AmlComputeJobEvnt" in answer.text
    assert "AmlComputeJobEvent" in answer.text


def test_a_malformed_record_does_not_harm_its_neighbours(client: Client) -> None:
    body = b'{"JobId": "good-1"}\n{"JobId": \n[1]\n{"TimeGenerated": "yesterday"}\n{"JobId": "good-2"}'
    answer = client.post_body(JOB, body)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    assert [rejected["index"] for rejected in answer.json()["rejected"]] == [1, 2, 3]
    client.settle(answer.json()["sequence"])
    assert sorted(client.rows(f'{JOB} | where JobId startswith "good-" | project JobId')) == [["good-1"], ["good-2"]]
    kept = client.rows(f'LazuliteRejected | where Category == "{JOB}" | project RecordIndex, Message')
    assert sorted(index for index, _ in kept) == [1, 2, 3]
    assert any("TimeGenerated" in message and "yesterday" in message for _, message in kept)


def test_a_query_that_does_not_parse_says_where(client: Client) -> None:
    found = innermost(client.query(f"{JOB}\n| where EventType = "))
    assert found["code"].startswith("SYN")
    assert found["line"] == 2
    assert found["pos"] > 1


@pytest.mark.parametrize("unit", ["", "d"])
def test_a_number_of_thousands_of_digits_is_refused_at_its_place(client: Client, unit: str) -> None:
    assert innermost(client.query(f"print {'9' * 5_000}{unit}"))["pos"] == 6


@pytest.mark.parametrize(
    ("query", "wrong", "suggested"),
    [
        ("AmlComputeJobEvents | count", "AmlComputeJobEvents", "AmlComputeJobEvent"),
        (f"{JOB} | where EventTyp == 'x'", "EventTyp", "EventType"),
        (f"{JOB} | summarize dcont(JobId)", "dcont", "dcount"),
    ],
)
def test_what_is_unknown_is_named_with_a_suggestion(client: Client, query: str, wrong: str, suggested: str) -> None:
    found = innermost(client.query(query))
    assert found["code"].startswith("SEM")
    assert wrong in found["message"]
    assert f"'{suggested}'" in found["message"]


def expired_token(server: Server) -> str:
    """Signed by the server's own key, two days ago."""
    tenant = server.connection["tenant_id"]
    clock = HeldClock(SystemClock().now() - 2 * TICKS_PER_DAY)
    tokens = Tokens(server.data / "keys", clock, tenant, f"https://sts.lazulite.invalid/{tenant}/")
    return tokens.issue(Principal("oid", server.connection["client_id"], "late"), "https://x")[0]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "AuthenticationFailed"),
        ("Basic abc", "AuthenticationFailed"),
        ("Bearer abc", "InvalidAuthenticationToken"),
        ("Bearer expired", "ExpiredAuthenticationToken"),
    ],
)
def test_a_token_that_is_missing_wrong_or_expired(
    server: Server, client: Client, header: str | None, code: str
) -> None:
    if header == "Bearer expired":
        header = f"Bearer {expired_token(server)}"
    trusted = ssl.create_default_context(cafile=server.connection["ca_file"])
    with httpx.Client(base_url=server.connection["endpoint"], verify=trusted) as http:
        headers = {"Authorization": header} if header else {}
        for method, path in (
            ("POST", f"{client.workspace}/providers/lazulite/records?category={JOB}"),
            ("POST", f"/v1/workspaces/{server.connection['log_analytics_customer_id']}/query"),
            ("GET", "/subscriptions?api-version=2022-12-01"),
            ("GET", "/metrics"),
        ):
            answer = http.request(method, path, headers=headers, content=b"{}" if method == "POST" else None)
            assert answer.status_code == 401, path
            assert error(answer)["code"] == code
            assert answer.headers["www-authenticate"].startswith("Bearer authorization_uri=")


def test_a_wrong_secret_is_a_login_error_of_the_stock_client(server: Server) -> None:
    from azure.core.exceptions import ClientAuthenticationError

    with trusting(server.connection), pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential(server.connection, secret="wrong").get_token("https://management.azure.com/.default")


def test_a_body_too_large_names_the_limit(client: Client) -> None:
    answer = client.post_body(JOB, b'{"JobId": "' + b"x" * (10 * 1024 * 1024) + b'"}')
    assert answer.status_code == 413
    assert str(10 * 1024 * 1024) in error(answer)["message"]


def test_a_second_server_on_the_folder_is_told_who_has_it(server: Server) -> None:
    command = [sys.executable, "-m", "lazulite", "serve", "--data", str(server.data), "--port", "0"]
    second = subprocess.run([*command, "--http-port", "0"], capture_output=True, text=True, timeout=60)
    assert second.returncode != 0
    assert server.process is not None
    assert str(server.process.pid) in second.stderr
    assert "Traceback" not in second.stderr


def test_plain_http_answers_only_to_this_machine(server: Server, client: Client) -> None:
    with httpx.Client(base_url=server.connection["http_endpoint"]) as http:
        assert http.get("/healthz").status_code == 200
        assert http.get("/healthz", headers={"Host": "evil.example"}).status_code == 421
        token = {"Authorization": client.http.headers["Authorization"]}
        query = f"/v1/workspaces/{server.connection['log_analytics_customer_id']}/query"
        own = http.post(query, headers=token, json={"query": "print 1"})
        assert own.status_code == 200
        assert "access-control-allow-origin" not in own.headers
        foreign = http.post(query, headers={**token, "Origin": "http://evil.example"}, json={"query": "print 1"})
        assert foreign.status_code == 403


def test_nobody_is_believed_to_be_a_proxy(server: Server, client: Client) -> None:
    """X-Forwarded-Proto would pass plain http off as https, X-Forwarded-For hide whose wrong secrets are counted."""
    pretending = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.9.8.7", "Host": "evil.example"}
    with httpx.Client(base_url=server.connection["http_endpoint"]) as http:
        assert http.get("/healthz", headers=pretending).status_code == 421
    subscription = f"/subscriptions/{server.connection['subscription_id']}"
    logs = client.workspace.split("/providers/")[0] + "/providers/Microsoft.OperationalInsights/workspaces/logs"
    setting = {"workspaceId": logs, "logs": [{"category": "Administrative", "enabled": True}]}
    path = f"{subscription}/providers/Microsoft.Insights/diagnosticSettings/activity?api-version=2021-05-01-preview"
    assert client.http.put(path, json={"properties": setting}).status_code == 200
    group = f"{subscription}/resourceGroups/forwarded?api-version=2024-11-01"
    client.http.put(group, json={"location": "westeurope"}, headers=pretending | {"Host": "127.0.0.1"})
    address = 'AzureActivity | where ResourceGroup == "forwarded" | project CallerIpAddress'
    wait_for(lambda: bool(client.rows(address)), 30, "the activity event did not come")
    assert client.rows(address) == [["127.0.0.1"]]


def test_nothing_is_there(client: Client) -> None:
    answer = client.http.get("/nowhere/at/all")
    assert answer.status_code == 404
    assert error(answer)["code"]


def test_no_secret_reaches_the_log(server: Server, client: Client) -> None:
    client.http.post("/x/oauth2/v2.0/token", data={"client_secret": "hunter2-secret"})
    log = server.log.read_text()
    assert server.connection["client_secret"] not in log
    assert "hunter2-secret" not in log
