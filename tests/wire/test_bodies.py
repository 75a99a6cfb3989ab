"""Bodies are bounded twice: as they arrive, and as they grow."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import pytest
import zstandard
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from lazulite.core.errors import BadRequest, LazuliteError, Throttled, TooLarge
from lazulite.wire import bodies
from lazulite.wire.bodies import MAX_MEMBERS, BodyMemory, json_body, read_body
from lazulite.wire.errors import RequestTimeout

TEXT = b'{"a": [1, 2, 3]}' * 10_000


def read(body: bytes, encoding: str = "", limit: int = 1_000_000, declared: bool = False) -> bytes:
    headers = [(b"content-encoding", encoding.encode())] if encoding else []
    if declared:
        headers.append((b"content-length", str(len(body)).encode()))
    parts = [body[start : start + 1000] for start in range(0, len(body), 1000)] or [b""]
    messages = iter([{"type": "http.request", "body": p, "more_body": i < len(parts) - 1} for i, p in enumerate(parts)])

    async def receive() -> Message:
        return next(messages)

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b""}
    return asyncio.run(read_body(Request(scope, receive), limit))


RAW = zlib.compressobj(wbits=-15)
ENCODED = {
    "": TEXT,
    "identity": TEXT,
    "gzip": gzip.compress(TEXT),
    "GZIP": gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]),
    "x-gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    " deflate": RAW.compress(TEXT) + RAW.flush(),
    "zstd": zstandard.compress(TEXT),
    " zstd": zstandard.compress(TEXT[:100]) + zstandard.compress(TEXT[100:]),
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_every_encoding_gives_the_same_body(encoding: str) -> None:
    assert read(ENCODED[encoding], encoding) == TEXT


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_an_empty_body_and_an_exact_fit_are_fine(encoding: str) -> None:
    assert read(b"", encoding) == b""
    assert read(ENCODED[encoding], encoding, limit=len(TEXT)) == TEXT


@pytest.mark.parametrize("encoding", ENCODED)
@pytest.mark.parametrize("declared", [True, False])
def test_one_byte_above_the_limit_is_too_large_and_named(encoding: str, declared: bool) -> None:
    with pytest.raises(TooLarge, match="RequestTooLarge: The request body is above 159999 bytes"):
        read(ENCODED[encoding], encoding, len(TEXT) - 1, declared)


def test_a_bomb_is_stopped_before_it_has_grown() -> None:
    for encoding, bomb in (("gzip", gzip.compress(bytes(10**8))), ("zstd", zstandard.compress(bytes(10**8)))):
        with pytest.raises(TooLarge):
            read(bomb, encoding, limit=1_000_000)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_a_broken_or_cut_stream_is_named(encoding: str) -> None:
    for broken in (b"not compressed at all", ENCODED[encoding][:-5], ENCODED[encoding] + b"rest"):
        with pytest.raises(BadRequest, match=f"The body is not valid {encoding}"):
            read(broken, encoding)


@pytest.mark.parametrize(
    ("encoding", "empty"), [("gzip", gzip.compress(b"")), ("zstd", zstandard.compress(b""))], ids=["gzip", "zstd"]
)
def test_members_are_counted_and_cost_no_more_than_their_bytes(encoding: str, empty: bytes) -> None:
    assert read(empty * MAX_MEMBERS, encoding, limit=10_000_000) == b""
    with pytest.raises(BadRequest, match=f"more than {MAX_MEMBERS} members"):
        read(empty * 400_000, encoding, limit=10_000_000)


@pytest.mark.parametrize(("stalled", "whole"), [(0.05, 300.0), (300.0, 0.05)])
def test_a_body_that_does_not_arrive_is_given_up(stalled: float, whole: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "STALLED_SECONDS", stalled)
    monkeypatch.setattr(bodies, "WHOLE_SECONDS", whole)

    async def receive() -> Message:
        # By and by while the whole takes too long, not at all while a pause takes too long.
        await asyncio.sleep(0.01 if whole < stalled else 60)
        return {"type": "http.request", "body": b"x", "more_body": True}

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
    with pytest.raises(RequestTimeout, match="Send it again"):
        asyncio.run(read_body(Request(scope, receive), 1_000_000))


def test_an_unknown_encoding_lists_the_known_ones() -> None:
    with pytest.raises(LazuliteError, match="UnsupportedMediaType: Content-Encoding 'br' is not read here") as caught:
        read(TEXT, "br")
    assert "deflate, gzip, identity, x-gzip, zstd" in caught.value.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is empty"),
        (b'{"a": 1,\n "b" 2}', "line 2, column 6"),
        (b'{"a": ', "truncated"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "nests too deep"),
    ],
)
def test_malformed_json_says_where(body: bytes, words: str) -> None:
    with pytest.raises(BadRequest, match=words) as caught:
        json_body(body)
    assert caught.value.code == "InvalidRequestContent"


def test_bodies_in_flight_share_a_budget_and_give_it_back() -> None:
    asked: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["lazulite.body_memory"](60)
        asked.append(memory.used)
        if len(asked) == 1:
            with pytest.raises(Throttled, match="memory budget of 100 bytes"):
                await memory({"type": "http"}, receive, send)

    memory = BodyMemory(app, 100)
    asyncio.run(memory({"type": "http"}, None, None))  # type: ignore[arg-type]
    assert (asked, memory.used) == ([60], 0)
