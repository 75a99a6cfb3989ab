"""What surrounds every plane: ids on requests and answers, an answer for errors that nobody expected, body memory."""

from __future__ import annotations

import asyncio

from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lazulite.core.ids import Ids
from lazulite.wire.any_path import SingleSlashes
from lazulite.wire.bodies import BodyMemory
from lazulite.wire.errors import json_answer, unexpected
from lazulite.wire.loopback import LoopbackOnly
from lazulite.wire.tracing import RequestIds


def middleware(ids: Ids, body_budget: int) -> list[Middleware]:
    """For Starlette, outermost first. `body_budget` is the memory of all bodies in flight, in bytes."""
    return [
        Middleware(RequestIds, ids),
        Middleware(UnexpectedErrors),
        Middleware(LoopbackOnly),
        Middleware(SingleSlashes),
        Middleware(BodyMemory, body_budget),
    ]


_STOPPING = json_answer(
    {"error": {"code": "ServiceUnavailable", "message": "The service is stopping. Send this again soon."}},
    503,
    {"retry-after": "1"},
)


class UnexpectedErrors:
    """Answers 500 inside `RequestIds`, so that it carries the id; Starlette's own handler stands outside of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            # Nobody is left to answer.
            return
        except asyncio.CancelledError:
            # The server stops and its grace is over. Passed on, it would be a plain 500 and a stack trace in the log.
            if not started:
                await _STOPPING(scope, receive, send)
        except Exception as error:
            answer = unexpected(error)
            if started:
                raise
            await answer(scope, receive, send)
