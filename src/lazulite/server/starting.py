"""Why a server cannot start: said in a sentence that names the file or the port, whatever library found it out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from lazulite.core.errors import LazuliteError


class StartError(LazuliteError):
    """The server cannot start; the message says what to do."""


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Inside the block a store's file is opened and read: what its library raises on a damaged one names the file."""
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        why = error.orig if isinstance(error, DBAPIError) else error
        raise StartError(
            "StoreUnusable",
            f"{path} cannot be used: {why}. If it is damaged, restore all files of {path.parent} from one backup, or"
            " give another --data folder.",
        ) from error
