"""Looking up a name: its addresses, its errors, and a resolver that does not answer."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any

import pytest

from lazulite.alerts.name_lookup import addresses_of
from lazulite.alerts.webhook import Call, WebhookClient, WebhookPolicy


def test_each_address_is_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("10.0.0.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)
    assert asyncio.run(addresses_of("a.test", 80)) == ["10.0.0.1"]


def test_what_the_resolver_raises_is_raised() -> None:
    with pytest.raises(OSError, match=r".+"):
        asyncio.run(addresses_of("no-such-host.invalid", 80))
    with pytest.raises(UnicodeError):
        asyncio.run(addresses_of("a" * 64 + ".test", 80))


def test_a_resolver_that_does_not_answer_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    def silent(*_: Any, **__: Any) -> Any:
        answer.wait(30)
        raise OSError("too late")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    begun = time.monotonic()
    (outcome,) = WebhookClient(WebhookPolicy(), 0.1).post_all([Call("http://silent.test/", b"{}", {})])
    assert (outcome.status, outcome.error) == (None, "No answer within 0.1 s.")
    assert time.monotonic() - begun < 5
    answer.set()
