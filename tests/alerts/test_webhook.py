"""One call of a webhook: which addresses are called, what is followed, and how long it may take."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from lazulite.alerts.webhook import Call, WebhookClient, WebhookPolicy, redacted
from lazulite.server import tls
from lazulite.server.folder import DataFolder

from .conftest import Receiver

CLOSED = WebhookPolicy(allow_loopback=False, allow_private=False)


def post(url: str, policy: WebhookPolicy | None = None, timeout: float = 2.0) -> tuple[int | None, str, bool]:
    outcome = WebhookClient(policy or WebhookPolicy(), timeout).post_all([Call(url, b"{}", {})])[0]
    return outcome.status, outcome.error, outcome.refused


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fe80::1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "::169.254.169.254",
        "64:ff9b:1::a9fe:a9fe",
        "224.0.0.1",
        "ff02::1",
        "0.0.0.0",
        "::",
        "240.0.0.1",
    ],
)
def test_metadata_multicast_and_unspecified_addresses_are_never_called(address: str) -> None:
    assert WebhookPolicy().refusal(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.9", "fd12::1", "::ffff:10.0.0.1"])
def test_loopback_and_private_addresses_are_called_unless_a_setting_forbids_it(address: str) -> None:
    assert WebhookPolicy().refusal(address) is None
    assert CLOSED.refusal(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_called(address: str) -> None:
    assert CLOSED.refusal(address) is None


def test_the_resolved_address_is_what_counts(receiver: Receiver) -> None:
    status, error, refused = post(f"http://localhost:{receiver.port}/", CLOSED)
    assert (status, refused, receiver.bodies) == (None, True, [])
    assert "The host 'localhost' resolves to" in error
    assert "is a loopback address" in error


def test_a_literal_metadata_address_is_refused_before_any_connection() -> None:
    assert post("http://169.254.169.254/latest/meta-data")[2]


def test_a_name_is_called_at_its_checked_address_under_its_own_name(receiver: Receiver) -> None:
    assert post(f"http://localhost:{receiver.port}/a?b=c")[0] == 200
    assert receiver.headers[0]["Host"] == f"localhost:{receiver.port}"
    assert receiver.paths == ["/a?b=c"]


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.answers = [307]
    assert post(receiver.url)[0] == 307
    assert len(receiver.bodies) == 1


def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert post(receiver.url)[0] == 200


def test_a_receiver_that_does_not_answer_is_given_up_at_the_deadline(receiver: Receiver) -> None:
    receiver.stalled.clear()
    started = time.monotonic()
    assert post(receiver.url, timeout=0.5) == (None, "No answer within 0.5 s.", False)
    assert time.monotonic() - started < 5


def test_calls_run_side_by_side(receiver: Receiver) -> None:
    receiver.stalled.clear()
    calls = [Call(receiver.url, b"{}", {})] * 8
    started = time.monotonic()
    assert {outcome.status for outcome in WebhookClient(WebhookPolicy(), 0.5).post_all(calls)} == {None}
    assert time.monotonic() - started < 4


def test_a_closed_port_and_an_unknown_host_can_be_tried_again() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/", "http://no-such-host.invalid/"):
        status, error, refused = post(url)
        assert (status, refused) == (None, False)
        assert "could not be reached" in error or "No answer" in error


def test_secrets_of_an_address_are_not_shown() -> None:
    assert redacted("https://user:pw@example.org:8443/services/T0/secret?code=1") == "https://example.org:8443/..."


@pytest.fixture
def secure(receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """The receiver over TLS, with a certificate for localhost and 127.0.0.1 of an authority that is trusted."""
    with DataFolder(tmp_path / "tls") as data:
        files = tls.ensure(data.paths, [])
        monkeypatch.setenv("SSL_CERT_FILE", str(files.ca))
        receiver.secure(files.certificate, files.key)
    return receiver


def test_a_certificate_is_checked_against_the_name_and_not_the_address(secure: Receiver) -> None:
    assert post(f"https://localhost:{secure.port}/hook")[0] == 200
    assert post(f"https://127.0.0.1:{secure.port}/hook")[0] == 200
    assert secure.headers[0]["Host"] == f"localhost:{secure.port}"


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Names resolve to each of these addresses in turn; returns the names that are asked for."""
    asked: list[str] = []
    left = list(answers)
    real = socket.getaddrinfo

    def answer(host: str, port: int, *more: Any, **named: Any) -> Any:
        if not host.endswith(".test"):
            return real(host, port, *more, **named)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def test_a_certificate_for_another_name_is_refused(secure: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "127.0.0.1", "127.0.0.1")
    status, error, _ = post(f"https://elsewhere.test:{secure.port}/hook")
    assert (status, secure.bodies) == (None, [])
    assert "could not be reached" in error


def test_a_name_that_resolves_differently_a_moment_later_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolving(monkeypatch, "127.0.0.1", "169.254.169.254")
    assert post(f"http://rebinding.test:{receiver.port}/")[0] == 200
    assert asked == ["rebinding.test"]


def test_an_authority_that_is_not_trusted_is_refused(secure: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert post(f"https://localhost:{secure.port}/hook")[0] is None
    assert secure.bodies == []
