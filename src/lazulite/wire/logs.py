"""The Log Analytics query API: by workspace, by resource, and in batches.

    POST, GET   [/v1]/workspaces/{customer id}/query
    POST        [/v1]/{resource id}/query              GET with /v1
    POST        [/v1]/$batch
    POST, GET   [/v1]/workspaces/{customer id}/metadata

A query runs in a thread of its own; when its client goes away it is cancelled. Answers stream.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lazulite.core.errors import LazuliteError, Unauthenticated
from lazulite.kql import KqlError
from lazulite.logs.answer import LogAnswer
from lazulite.wire import log_requests as requests
from lazulite.wire.any_path import AnyCaseRoute
from lazulite.wire.log_answers import answer_chunks, failure
from lazulite.wire.log_batches import answer_batch
from lazulite.wire.log_metadata import answer_metadata
from lazulite.wire.log_requests import Asked
from lazulite.wire.log_service import JSON, Held, LogServices, failed, run, watched
from lazulite.wire.tracing import correlation_id


def routes(services: LogServices) -> list[Route]:
    """Every route of this plane, to stand before the ARM router's own."""

    async def workspace(request: Request) -> Response:
        return await _single(services, request, workspace=request.path_params["workspace"])

    async def resource(request: Request) -> Response:
        path = "/" + "/".join(part for part in request.path_params["resource"].split("/") if part)
        return await _single(services, request, resource_id=path)

    async def metadata(request: Request) -> Response:
        return await answer_metadata(services, request, request.path_params["workspace"])

    async def batch(request: Request) -> Response:
        return await answer_batch(services, request)

    both = ["GET", "POST"]
    return [
        AnyCaseRoute("/v1/workspaces/{workspace}/query", workspace, methods=both),
        AnyCaseRoute("/workspaces/{workspace}/query", workspace, methods=both),
        AnyCaseRoute("/v1/workspaces/{workspace}/metadata", metadata, methods=both),
        AnyCaseRoute("/workspaces/{workspace}/metadata", metadata, methods=both),
        AnyCaseRoute("/v1/$batch", batch, methods=["POST"]),
        AnyCaseRoute("/$batch", batch, methods=["POST"]),
        AnyCaseRoute("/v1/{resource:path}/query", resource, methods=both),
        # Without /v1 a GET is ARM's: a resource may be named "query".
        AnyCaseRoute("/subscriptions/{resource:path}/query", _under_subscriptions(resource), methods=["POST"]),
    ]


def _under_subscriptions(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        request.path_params["resource"] = "subscriptions/" + request.path_params["resource"]
        return await endpoint(request)

    return handle


async def _single(
    services: LogServices, request: Request, workspace: str | None = None, resource_id: str | None = None
) -> Response:
    caller = await services.authenticate(request)
    try:
        asked = await _asked(services, request, workspace, resource_id)
        async with watched(request) as gone:
            answer = await run(services, caller, asked, gone)
        return await _respond(services, answer, asked)
    except Unauthenticated:
        raise
    except (LazuliteError, KqlError) as error:
        return failed(failure(error, correlation_id(request)))


async def _asked(services: LogServices, request: Request, workspace: str | None, resource_id: str | None) -> Asked:
    if request.method == "POST":
        body = requests.decode(await services.read_body(request, requests.MAX_BODY))
    else:
        body = requests.from_parameters(request.query_params)
    return requests.asked(body, request.headers.get("prefer", ""), workspace, resource_id)


async def _respond(services: LogServices, answer: LogAnswer, asked: Asked) -> Response:
    """The answer, streamed once it is larger than its first piece of rows; its memory is counted until it is sent."""
    with ExitStack() as stack:
        stack.enter_context(services.budget.hold(answer.size))
        pieces = answer_chunks(answer, asked.prefer)
        first = await to_thread.run_sync(_head, pieces, limiter=services.threads)
        if first.complete:
            return Response(first.data, media_type=JSON)
        return Held(stack.pop_all(), chain((first.data,), pieces))


@dataclass(frozen=True)
class _Head:
    data: bytes
    complete: bool


def _head(pieces: Iterator[bytes], enough: int = 64 * 1024) -> _Head:
    """The first pieces together, so that a small answer is sent whole and with its length."""
    found: list[bytes] = []
    size = 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size > enough:
            return _Head(b"".join(found), complete=False)
    return _Head(b"".join(found), complete=True)
