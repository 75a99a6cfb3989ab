"""Who asks: the principal behind a request, on every write and in every activity event."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """An authenticated principal as a request presents it.

    `principal_id` is its object id, `client_id` the application id; `address` the client's IP, "" inside the service.
    """

    principal_id: str
    client_id: str
    name: str
    address: str = ""
    correlation_id: str = ""


SYSTEM = Caller("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000", "lazulite")
