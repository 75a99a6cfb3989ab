"""Running a log query for an HTTP request: the caller's right, a thread, cancellation, and the memory of its result."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from math import ceil

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from lazulite.core.caller import Caller
from lazulite.identity.access import Access
from lazulite.logs.answer import LogAnswer
from lazulite.logs.budget import ResultBudget
from lazulite.logs.query import LogQueries
from lazulite.logs.rights import CallerRights
from lazulite.wire.authentication import Authenticate
from lazulite.wire.bodies import ReadBody
from lazulite.wire.log_answers import Failure
from lazulite.wire.log_requests import Asked

JSON = "application/json; charset=utf-8"
# A plan shows how tables are stored, which is the administrator's to see.
EXPLAIN = "lazulite/queries/explain/action"
# More than the engine's places and its queue together, so that its own 429 is what a flood of queries meets.
MAX_THREADS = 512
# The memory of an answer is held until it is sent: a client may pause for so long, and take so long for all of it.
STALLED_SECONDS = 30.0
SENDING_SECONDS = 600.0
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class LogServices:
    """What the plane calls. `read_body` returns the decompressed body within a limit of bytes or raises TooLarge."""

    queries: LogQueries
    access: Access
    budget: ResultBudget
    authenticate: Authenticate
    read_body: ReadBody
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MAX_THREADS))


async def run(services: LogServices, caller: Caller, asked: Asked, gone: threading.Event) -> LogAnswer:
    """The answer to a query that `caller` may ask; stopped when `gone` is set."""
    return await to_thread.run_sync(partial(_answer, services, caller, asked, gone), limiter=services.threads)


def _answer(services: LogServices, caller: Caller, asked: Asked, gone: threading.Event) -> LogAnswer:
    if asked.query.explain:
        services.access.require(caller, EXPLAIN, "/")
    rights = CallerRights(services.access, caller)
    return services.queries.run(asked.query, gone.is_set, rights)


@asynccontextmanager
async def watched(request: Request) -> AsyncIterator[threading.Event]:
    """An event that is set as soon as the client has gone away. The body has been read before."""
    gone = threading.Event()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()

    watching = asyncio.create_task(watch())
    try:
        yield gone
    except BaseException:
        gone.set()
        raise
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


class Held(StreamingResponse):
    """A stream that gives back what it holds when it has been sent, or could not be, or its reader stalls."""

    def __init__(self, held: ExitStack, pieces: Iterator[bytes]) -> None:
        super().__init__(pieces, media_type=JSON)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(STALLED_SECONDS):
                await send(message)

        with self._held:
            try:
                async with asyncio.timeout(SENDING_SECONDS):
                    await super().__call__(scope, receive, send_in_time)
            except TimeoutError:
                # What is returned without an end is cut off by the server, so that the client sees that it is not all.
                _LOG.warning("a client stopped reading its answer, which was cut off")


def failed(found: Failure) -> Response:
    """The answer of a failed request."""
    headers: dict[str, str] = {}
    if found.retry_after is not None:
        headers["Retry-After"] = str(max(1, ceil(found.retry_after)))
    return JSONResponse({"error": found.error}, found.status, headers)
