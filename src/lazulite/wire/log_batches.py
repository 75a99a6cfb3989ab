"""POST $batch: several log queries in one request, answered in the order in which they were asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lazulite.core.caller import Caller
from lazulite.core.errors import BadRequest, LazuliteError
from lazulite.kql import KqlError
from lazulite.wire.log_answers import answer_chunks, failure
from lazulite.wire.log_requests import MAX_BATCH_BODY, BatchMember, decode_batch
from lazulite.wire.log_service import Held, LogServices, failed, run, watched
from lazulite.wire.tracing import correlation_id

# One batch must not take every place that queries have.
CONCURRENCY = 3


async def answer_batch(services: LogServices, request: Request) -> Response:
    """Run every member, a few at a time; HTTP 200 even where members fail, as the public service does."""
    caller = await services.authenticate(request)
    correlation = correlation_id(request)
    try:
        members = decode_batch(await services.read_body(request, MAX_BATCH_BODY))
    except (LazuliteError, KqlError) as error:
        return failed(failure(error, correlation))
    with ExitStack() as stack:
        async with watched(request) as gone:
            running = _Running(services, caller, correlation, stack, gone)
            answers = await asyncio.gather(*(running.answer(member) for member in members))
        return Held(stack.pop_all(), _batch_chunks(answers))


@dataclass(frozen=True)
class _MemberAnswer:
    id: str
    status: int
    pieces: Iterator[bytes]


@dataclass(frozen=True)
class _Running:
    """A batch being answered. `held` keeps the results counted until all of them have been sent."""

    services: LogServices
    caller: Caller
    correlation_id: str
    held: ExitStack
    gone: threading.Event
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONCURRENCY))

    async def answer(self, member: BatchMember) -> _MemberAnswer:
        """One member's answer; its failure is its own."""
        try:
            if isinstance(member.asked, BadRequest):
                raise member.asked
            async with self.places:
                answer = await run(self.services, self.caller, member.asked, self.gone)
            self.held.enter_context(self.services.budget.hold(answer.size))
            return _MemberAnswer(member.id, 200, answer_chunks(answer, member.asked.prefer))
        except (LazuliteError, KqlError) as error:
            found = failure(error, self.correlation_id)
            return _MemberAnswer(member.id, found.status, iter((msgspec.json.encode({"error": found.error}),)))


def _batch_chunks(answers: Sequence[_MemberAnswer]) -> Iterator[bytes]:
    """The batch in the order in which it was asked: the JavaScript client does not look at the ids."""
    yield b'{"responses":['
    for index, answer in enumerate(answers):
        head = msgspec.json.encode({"id": answer.id, "status": answer.status, "headers": {}})
        yield (b"," if index else b"") + head[:-1] + b',"body":'
        yield from answer.pieces
        yield b"}"
    yield b"]}"
