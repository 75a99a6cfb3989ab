"""/healthz and /metrics."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from lazulite.core.clock import HeldClock
from lazulite.core.counters import Counters
from lazulite.kql import ticks
from lazulite.wire.health import Health, Readiness, routes
from tests.wire.log_server import TOKEN, application, authenticate

START = ticks.parse_datetime("2017-12-01T00:00:00Z") or 0


def get(
    path: str,
    readiness: Readiness = Readiness(True),  # noqa: B008 - frozen
    metrics_open: bool = False,
    method: str = "GET",
    token: str = "",
) -> httpx.Response:
    """One request to an application whose batches are delivered up to sequence 5."""
    counters = Counters()
    counters.add("lazulite_records_total", 3, door="records")
    health = Health(lambda: readiness, lambda sequence: sequence <= 5, counters, HeldClock(START), START)
    app = application(routes(health, authenticate, metrics_open))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.request(method, path, headers={"Authorization": f"Bearer {token}"})

    return asyncio.run(ask())


def test_ready() -> None:
    answer = get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "clock": {"now": "2017-12-01T00:00:00.0000000Z", "started_at": "2017-12-01T00:00:00.0000000Z"},
    }
    assert get("/healthz", method="HEAD").status_code == 200


def test_not_ready_says_why() -> None:
    answer = get("/healthz", Readiness(False, "the engine is reopening"))
    assert answer.status_code == 503
    assert answer.json()["reason"] == "the engine is reopening"
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize(("sequence", "status"), [("5", 200), ("6", 404), ("0", 200)])
def test_a_sequence_is_delivered_or_not_yet(sequence: str, status: int) -> None:
    assert get(f"/healthz?sequence={sequence}").status_code == status


@pytest.mark.parametrize("sequence", ["", "-1", "x", "1.5", "9" * 30])
def test_a_sequence_is_a_whole_number(sequence: str) -> None:
    answer = get(f"/healthz?sequence={sequence}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "InvalidSequence"


def test_metrics_ask_for_a_token() -> None:
    assert get("/metrics").status_code == 401
    answer = get("/metrics", token=TOKEN)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'lazulite_records_total{door="records"} 3' in answer.text


def test_metrics_may_be_opened() -> None:
    assert get("/metrics", metrics_open=True).status_code == 200
