"""Log lines: JSON, with the request's id, without secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from lazulite.server import json_log


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    json_log.set_up("info", stream, lambda: "request-1")
    yield stream
    root.handlers[:], root.level = handlers, level


def last(stream: io.StringIO) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stream.getvalue().splitlines()[-1])
    return found


def test_a_line_is_json_with_time_level_logger_and_request(lines: io.StringIO) -> None:
    logging.getLogger("lazulite.test").info("took %d rows", 5, extra={"rows": 5, "table": "T"})
    line = last(lines)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "lazulite.test",
        "message": "took 5 rows",
        "request_id": "request-1",
        "rows": 5,
        "table": "T",
    }


def test_an_exception_is_one_line(lines: io.StringIO) -> None:
    try:
        raise ValueError("several\nlines")
    except ValueError:
        logging.getLogger("lazulite.test").exception("failed")
    assert len(lines.getvalue().splitlines()) == 1
    assert "ValueError: several" in last(lines)["error"]


def test_lines_below_the_level_are_left_out(lines: io.StringIO) -> None:
    logging.getLogger("lazulite.test").debug("quiet")
    logging.getLogger("httpx").info("GET https://hook/?code=1")
    logging.getLogger("uvicorn.access").info("GET /?token=1")
    assert lines.getvalue() == ""


SECRET = "s3cr3t-Value"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization={SECRET}",
        f"headers {{'Authorization': 'Basic {SECRET}'}}",
        f"client_id=a&client_secret={SECRET}&scope=x",
        f'{{"client_secret": "{SECRET}"}}',
        f"posting to https://hooks.example/path?code={SECRET}",
        f"posting to https://user:{SECRET}@hooks.example/path",
        f"token eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiIxIn0.{SECRET}",
    ],
)
def test_secrets_are_taken_out(lines: io.StringIO, text: str) -> None:
    logging.getLogger("lazulite.test").warning("seen: %s", text, extra={"detail": text})
    assert SECRET not in lines.getvalue()
    assert "[redacted]" in last(lines)["message"]


def test_fields_named_after_secrets_are_taken_out(lines: io.StringIO) -> None:
    logging.getLogger("lazulite.test").info("x", extra={"client_secret": SECRET, "Authorization": SECRET})
    assert SECRET not in lines.getvalue()


def test_what_is_no_secret_stays() -> None:
    text = "GET https://127.0.0.1:8443/v1/workspaces/x/query took 5 ms; author is Bob"
    assert json_log.redact(text) == text


def test_a_huge_message_is_cut_and_says_so() -> None:
    assert json_log.redact("x" * 100_000).endswith("(100000 characters)")
