"""Logs as JSON lines on standard error: time, level, logger, message, request id, extra fields; never a secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

MAX_TEXT = 16_384
REDACTED = "[redacted]"
_SENSITIVE = r"(?:client_?secret|client_assertion|password|passwd|access_token|refresh_token|shared_?key|api_?key)"
_SECRET_KEY = re.compile(rf"authorization|cookie|{_SENSITIVE}", re.IGNORECASE)
_REDACTIONS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), REDACTED),
    (re.compile(rf"""(\b{_SENSITIVE}["']?\s*[:=]\s*["']?)[^\s"'&,;}}]+""", re.IGNORECASE), rf"\1{REDACTED}"),
    (
        re.compile(r"(\bauthorization[\"']?\s*[:=]\s*[\"']?)(?!Bearer|Basic)[^\s\"',;}]+", re.IGNORECASE),
        rf"\1{REDACTED}",
    ),
    # Webhook addresses carry their secret in the query (code=, sig=) or before the host.
    (re.compile(r"(\bhttps?://[^\s?\"'<>]+\?)[^\s\"'<>]+", re.IGNORECASE), rf"\1{REDACTED}"),
    (re.compile(r"(\bhttps?://)[^\s/@\"']+@", re.IGNORECASE), rf"\1{REDACTED}@"),
)
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message", "request_id"}


def redact(text: str) -> str:
    """`text` without tokens, secrets and the query strings of addresses, and not longer than MAX_TEXT."""
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}... ({len(text)} characters)"


class JsonFormatter(logging.Formatter):
    """One line a record. `request_id` gives the id of the request being served in this context, or ""."""

    def __init__(self, request_id: Callable[[], str] = str) -> None:
        super().__init__()
        self._request_id = request_id

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:23] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        request_id = getattr(record, "request_id", "") or self._request_id()
        if request_id:
            line["request_id"] = request_id
        line |= {key: _field(key, value) for key, value in vars(record).items() if key not in _OWN}
        if record.exc_info:
            line["error"] = redact(self.formatException(record.exc_info))
        return msgspec.json.encode(line).decode()


def _field(key: str, value: Any) -> Any:
    if _SECRET_KEY.search(key):
        return REDACTED
    if isinstance(value, (bool, int, float)) or value is None:
        return value
    return redact(str(value))


def set_up(level: str = "info", stream: TextIO | None = None, request_id: Callable[[], str] = str) -> logging.Handler:
    """Send every logger of the process to `stream` (standard error) from `level` on; returns the handler.

    uvicorn's own handlers go; its access log stays off because its lines would carry query strings.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(request_id))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"
    # httpx logs every request at info with its full address.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    return handler
