"""The errors that callers meet, by nature; the wire maps each class to one HTTP status.

    LazuliteError
      BadRequest          400  the caller sent something wrong
      Unauthenticated     401  no token, or not a valid one
      Forbidden           403  a valid caller without the right
      NotFound            404  no such resource, table, workspace
      Conflict            409  clashes with what exists
      PreconditionFailed  412  the etag sent is not the current one
      TooLarge            413  a body or field above its limit
      Throttled           429  a bounded queue or budget is full; carries retry_after
      Unavailable         503  the service cannot answer now; carries retry_after
      DeadlineExceeded    504  a query ran out of its time

`code` is the vendor's own error code where Azure documents one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Detail:
    """One entry of an error's `details` list: what exactly was wrong, and where."""

    code: str
    message: str
    target: str | None = None


class LazuliteError(Exception):
    """Base of all errors a client may see: a stable code, a message that says what to do, and where it was."""

    def __init__(self, code: str, message: str, *, target: str | None = None, details: Sequence[Detail] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.target = target
        self.details = tuple(details)


class BadRequest(LazuliteError):
    """The request is wrong and will stay wrong."""


class Unauthenticated(LazuliteError):
    """No token, an expired one, or one that this service did not sign."""


class Forbidden(LazuliteError):
    """The caller is known and may not do this."""


class NotFound(LazuliteError):
    """What the request names does not exist."""


class Conflict(LazuliteError):
    """The request clashes with the current state."""


class PreconditionFailed(LazuliteError):
    """If-Match or If-None-Match did not hold."""


class TooLarge(LazuliteError):
    """A body, field or result is above its limit; the message names the limit."""


class _Retryable(LazuliteError):
    def __init__(self, code: str, message: str, *, retry_after: float = 1.0, target: str | None = None) -> None:
        super().__init__(code, message, target=target)
        self.retry_after = retry_after


class Throttled(_Retryable):
    """A bounded queue or memory budget is full; `retry_after` is in seconds."""


class Unavailable(_Retryable):
    """The service cannot do this now (disk reserve, engine reopening, stopping); `retry_after` is in seconds."""


class DeadlineExceeded(LazuliteError):
    """A query was stopped at its deadline."""
