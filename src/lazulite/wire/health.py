"""GET /healthz (open to all: it tells nothing of the data) and GET /metrics (Prometheus text, with a token)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lazulite.core.clock import Clock
from lazulite.core.counters import Counters
from lazulite.kql import ticks
from lazulite.wire.authentication import Authenticate

PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SEQUENCE = re.compile(r"\d{1,18}")


@dataclass(frozen=True)
class Readiness:
    """Whether the service can answer, and why not."""

    ready: bool
    reason: str = ""


@dataclass(frozen=True)
class Health:
    """What these pages read. `readiness` and `passed` may block; they run in threads.

    `passed(S)` says whether every batch up to sequence S is in its workspace tables or rejected; `clock_start` is the
    instant at which the event clock was started elsewhere, or None.
    """

    readiness: Callable[[], Readiness]
    passed: Callable[[int], bool]
    counters: Counters
    clock: Clock
    clock_start: int | None = None


def routes(health: Health, authenticate: Authenticate, metrics_open: bool = False) -> list[Route]:
    """The routes of this plane; with `metrics_open` /metrics asks for no token."""

    async def healthz(request: Request) -> Response:
        if "sequence" in request.query_params:
            return await _sequence(health, request.query_params["sequence"])
        return await _ready(health)

    async def metrics(request: Request) -> Response:
        if not metrics_open:
            await authenticate(request)
        text = await run_in_threadpool(health.counters.text)
        return Response(text, media_type=PROMETHEUS_TYPE)

    return [Route("/healthz", healthz, methods=["GET"]), Route("/metrics", metrics, methods=["GET"])]


async def _ready(health: Health) -> Response:
    found = await run_in_threadpool(health.readiness)
    body: dict[str, object] = {"status": "ready" if found.ready else "unavailable", "clock": _clock(health)}
    if found.ready:
        return JSONResponse(body)
    return JSONResponse(body | {"reason": found.reason}, 503, {"Retry-After": "1"})


def _clock(health: Health) -> dict[str, str | None]:
    start = health.clock_start
    return {
        "now": ticks.format_datetime(health.clock.now()),
        "started_at": None if start is None else ticks.format_datetime(start),
    }


async def _sequence(health: Health, text: str) -> Response:
    if not _SEQUENCE.fullmatch(text):
        return _error(
            400, "InvalidSequence", f"'{text[:40]}' is not a sequence: a whole number, as a 202 answer gives."
        )
    if await run_in_threadpool(health.passed, int(text)):
        return JSONResponse({"status": "delivered", "sequence": int(text)})
    return _error(404, "NotDelivered", f"Not every batch up to sequence {text} is in its tables yet. Ask again.")


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
