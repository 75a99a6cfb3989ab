"""SIGTERM and SIGINT: the first one ends the service in order, and no later one cuts that short."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from types import FrameType

import uvicorn


def stop_on_signals(servers: Sequence[uvicorn.Server]) -> None:
    """End these servers at SIGTERM and SIGINT.

    Not by the loop's own handlers: a loop that closes gives signals back to the system, where they mean death.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def ignore_signals() -> None:
    """The end has begun, and a second signal (of an impatient user, or to the whole group) must not cut it short.

    An interpreter that ends gives handlers of its own back as well, but what is ignored stays so.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
