"""Etags and the conditions that callers put on them (RFC 9110: If-Match, If-None-Match)."""

from __future__ import annotations

from lazulite.core.errors import PreconditionFailed
from lazulite.resources.kind import Resource


def etag_of(revision: int) -> str:
    return f"{revision:016x}"


def matches(header: str, etag: str) -> bool:
    """Whether a header's list names the etag, or everything by `*`. Quotes and the weak mark do not matter."""
    names = [name.strip().removeprefix("W/").strip('"') for name in header.split(",")]
    return "*" in names or etag in names


def check(current: Resource | None, if_match: str | None, if_none_match: str | None) -> None:
    """Raises PreconditionFailed when the caller's condition does not hold."""
    if if_match and not (current and matches(if_match, current.etag)):
        now = f"is now '{current.etag}'" if current else "does not exist"
        raise PreconditionFailed("PreconditionFailed", f"If-Match names {if_match[:100]}; the resource {now}.")
    if if_none_match and current and matches(if_none_match, current.etag):
        raise PreconditionFailed(
            "PreconditionFailed", f"If-None-Match {if_none_match[:100]} does not hold: the resource exists."
        )
