"""The one source of ids, passed in so that tests can hold it still."""

from __future__ import annotations

import uuid
from itertools import count
from typing import Protocol


class Ids(Protocol):
    def guid(self) -> str:
        """A new lower-case GUID with hyphens."""
        ...


class RandomIds:
    def guid(self) -> str:
        return str(uuid.uuid4())


class CountingIds:
    """GUIDs 00000000-0000-0000-0000-000000000001 and on; for tests."""

    def __init__(self) -> None:
        self._next = count(1)

    def guid(self) -> str:
        return str(uuid.UUID(int=next(self._next)))
