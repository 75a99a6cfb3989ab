"""What goes wrong between a client and a server, and how it is read from the vendor's several error envelopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from lazulite.core.errors import LazuliteError


@dataclass(frozen=True)
class Position:
    """Where in a query an error is: `line` and `column` from 1, and the token that stands there."""

    line: int
    column: int
    token: str


class Refused(LazuliteError):
    """The server answered with an error; `status` is HTTP's, `position` that in the query, where there is one."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        position: Position | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, message)
        self.status = status
        self.position = position
        self.retry_after = retry_after


class Unreachable(LazuliteError):
    """No answer came: nothing listens, the certificate is another one, or the time ran out."""


def refusal(response: httpx.Response) -> Refused:
    """The error of an answer, from whichever of the vendor's envelopes it has; the innermost message is the best."""
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        body = None
    error = _error_object(body)
    inner = error
    while isinstance(inner.get("innererror"), dict):
        inner = inner["innererror"]
    return Refused(
        response.status_code,
        str(inner.get("code") or error.get("code") or f"HTTP {response.status_code}"),
        str(inner.get("message") or error.get("message") or response.reason_phrase),
        position=_position(inner),
        retry_after=_seconds(response.headers.get("retry-after")),
    )


def _error_object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        return {}
    error = body.get("error", body)
    if isinstance(error, dict):
        return error
    # The login endpoint answers in OAuth's own form.
    return {"code": error, "message": body.get("error_description", "")}


def _position(error: Mapping[str, Any]) -> Position | None:
    line, column = error.get("line"), error.get("pos")
    if not isinstance(line, int) or not isinstance(column, int):
        return None
    # The service counts lines from 1 and positions in a line from 0.
    return Position(line, column + 1, str(error.get("token") or ""))


def _seconds(header: str | None) -> float | None:
    try:
        return float(header) if header else None
    except ValueError:
        return None


def json_of(response: httpx.Response) -> Any:
    """The body of an answer; raises Refused where it is not JSON."""
    try:
        return msgspec.json.decode(response.content)
    except msgspec.DecodeError as wrong:
        raise Refused(
            response.status_code,
            "InvalidAnswer",
            f"{response.url.path} answered with something that is not JSON; is another program on this port?",
        ) from wrong
