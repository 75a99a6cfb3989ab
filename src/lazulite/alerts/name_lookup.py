"""The system's resolver, waited for no longer than the caller likes.

It cannot be stopped, and takes up to half a minute where a name server does not answer. An executor's thread would hold
up the event loop's end until then, and with it every other notification, and the end of the process.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress


async def addresses_of(host: str, port: int) -> list[str]:
    """Every address of a host, each once. Raises OSError or UnicodeError as the resolver does; may be cancelled."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def settle(how: Callable[[], None]) -> None:
        # RuntimeError: nobody waited, and the loop is closed by now.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: None if found.done() else how())

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failure = error
            settle(lambda: found.set_exception(failure))
        else:
            addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
            settle(lambda: found.set_result(addresses))

    threading.Thread(target=look_up, name="name-lookup", daemon=True).start()
    return await found
