"""Request bodies: bounded while they arrive, bounded again while they are decompressed, then JSON with positions.

The memory that bodies take is counted over all requests (`BodyMemory`): past the budget a request gets 429. A sender
that stalls gives its share back and gets 408.
"""

from __future__ import annotations

import asyncio
import threading
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import zstandard
from anyio import to_thread
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from lazulite.core.errors import BadRequest, Throttled, TooLarge
from lazulite.wire.errors import RequestTimeout, UnsupportedEncoding

IN_A_THREAD_FROM = 64 * 1024
_SHARE = "lazulite.body_memory"
_MAX_WINDOW = 8 * 1024 * 1024
MAX_MEMBERS = 10_000
# Small enough that what a step leaves over (the next members of the stream) is copied for next to nothing, and that no
# step can grow far past the limit: four bytes of zstd may stand for 128 KiB.
_STEP = 256
STALLED_SECONDS = 30.0
WHOLE_SECONDS = 300.0

ReadBody = Callable[[Request, int], Awaitable[bytes]]


class BodyMemory:
    """Middleware: bodies in flight share `budget` bytes; what a request took is given back when it is answered."""

    def __init__(self, app: ASGIApp, budget: int) -> None:
        self._app = app
        self._budget = budget
        self._lock = threading.Lock()
        self.used = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken: list[int] = []

        def take(amount: int) -> None:
            self._take(amount)
            taken.append(amount)

        scope[_SHARE] = take
        try:
            await self._app(scope, receive, send)
        finally:
            with self._lock:
                self.used -= sum(taken)

    def _take(self, amount: int) -> None:
        with self._lock:
            if self.used + amount > self._budget:
                message = f"Request bodies in flight fill their memory budget of {self._budget} bytes. Send again soon."
                raise Throttled("TooManyRequests", message)
            self.used += amount


async def read_body(request: Request, limit: int) -> bytes:
    """The decompressed body. Raises TooLarge, BadRequest, UnsupportedEncoding (415) or Throttled."""
    encoding = request.headers.get("content-encoding", "").strip().lower() or "identity"
    if encoding not in _DECODERS:
        known = ", ".join(sorted(_DECODERS))
        raise UnsupportedEncoding(
            "UnsupportedMediaType", f"Content-Encoding '{encoding[:60]}' is not read here. Send one of: {known}."
        )
    take = request.scope.get(_SHARE, _unlimited)
    raw = await _received(request, limit, take)
    if encoding == "identity" or not raw:
        return raw
    if len(raw) < IN_A_THREAD_FROM:
        body = _DECODERS[encoding](raw, limit)
    else:
        body = await to_thread.run_sync(_DECODERS[encoding], raw, limit)
    take(len(body))
    return body


async def _received(request: Request, limit: int, take: Callable[[int], None]) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > limit):
        raise _too_large(limit)
    chunks = bytearray()
    now = asyncio.get_running_loop().time
    end = now() + WHOLE_SECONDS
    try:
        async with asyncio.timeout(STALLED_SECONDS) as patience:
            async for chunk in request.stream():
                if len(chunks) + len(chunk) > limit:
                    raise _too_large(limit)
                take(len(chunk))
                chunks += chunk
                patience.reschedule(min(end, now() + STALLED_SECONDS))
    except TimeoutError as error:
        raise RequestTimeout(
            "RequestTimeout",
            f"The body stopped after {len(chunks)} bytes: nothing more came for {STALLED_SECONDS:g} s, or not all of it"
            f" within {WHOLE_SECONDS:g} s. Send it again.",
        ) from error
    return bytes(chunks)


def _unlimited(amount: int) -> None:
    """Without the middleware nothing is shared."""


def _too_large(limit: int) -> TooLarge:
    return TooLarge("RequestTooLarge", f"The request body is above {limit} bytes, the limit here. Send smaller ones.")


def _gunzip(raw: bytes, limit: int) -> bytes:
    return _inflated(raw, limit, zlib.MAX_WBITS | 16, "gzip")


def _inflate(raw: bytes, limit: int) -> bytes:
    """RFC 9110 means zlib by "deflate"; some clients send it raw."""
    try:
        return _inflated(raw, limit, zlib.MAX_WBITS, "deflate")
    except BadRequest:
        return _inflated(raw, limit, -zlib.MAX_WBITS, "deflate")


def _inflated(raw: bytes, limit: int, window: int, name: str) -> bytes:
    return _unpacked(raw, limit, name, lambda: zlib.decompressobj(window), zlib.error)


def _unzstd(raw: bytes, limit: int) -> bytes:
    """The window is bounded, so that a header cannot ask for gigabytes."""
    reader = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
    return _unpacked(raw, limit, "zstd", lambda: reader.decompressobj(read_across_frames=False), zstandard.ZstdError)


def _unpacked(raw: bytes, limit: int, name: str, member_reader: Callable[[], Any], broken: type[Exception]) -> bytes:
    """All members of a stream, one after another, in a time that grows with its length."""
    out, at, members = bytearray(), 0, 0
    while at < len(raw):
        members += 1
        if members > MAX_MEMBERS:
            raise _broken(name, f"it has more than {MAX_MEMBERS} members")
        member = member_reader()
        try:
            at = _one_member(member, raw, at, out, limit)
        except broken as error:
            raise _broken(name, str(error)) from error
        if not member.eof:
            raise _broken(name, "it ends too early")
    return bytes(out)


def _one_member(member: Any, raw: bytes, at: int, out: bytearray, limit: int) -> int:
    """Append what a member holds to `out`; returns where the next one begins."""
    while at < len(raw) and not member.eof:
        piece = raw[at : at + _STEP]
        out += member.decompress(piece)
        at += len(piece) - len(member.unused_data)
        if len(out) > limit:
            raise _too_large(limit)
    return at


def _broken(encoding: str, why: str) -> BadRequest:
    return BadRequest("InvalidRequestContent", f"The body is not valid {encoding}: {why}.")


_DECODERS: Mapping[str, Callable[[bytes, int], bytes]] = {
    "identity": lambda raw, _: raw,
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "zstd": _unzstd,
}


def json_body(body: bytes) -> Any:
    """The JSON value of a body. Raises BadRequest `InvalidRequestContent` with line and column."""
    if not body.strip():
        raise BadRequest("InvalidRequestContent", "The request body is empty; JSON was expected.")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(
            "InvalidRequestContent", f"The body is not valid JSON: {_located(body, str(error))}"
        ) from error
    except RecursionError as error:
        raise BadRequest("InvalidRequestContent", "The body nests too deep to be read.") from error


def _located(body: bytes, message: str) -> str:
    """msgspec says `... (byte 17)`; people count lines."""
    words, marker, rest = message.rpartition("(byte ")
    offset = rest.rstrip(")")
    if not marker or not offset.isdigit():
        return f"{message.rstrip('.')}."
    before = body[: int(offset)]
    line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
    return f"{words.strip()} at line {line}, column {column}."
