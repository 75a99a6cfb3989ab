"""What DuckDB's errors mean to us, and the clean errors that callers get instead.

The nature is read from the text, because an error inside a streamed answer arrives as an OSError of Arrow with the
same words; class and text agree everywhere else.
"""

from __future__ import annotations

import logging
from enum import Enum

import duckdb
import pyarrow as pa

from lazulite.core.errors import BadRequest, LazuliteError, TooLarge, Unavailable
from lazulite.engine.interface import EngineRefused

log = logging.getLogger(__name__)

ENGINE_ERRORS = (duckdb.Error, pa.ArrowException, OSError)


class Nature(Enum):
    """What happened, as far as it changes what we do."""

    INTERRUPTED = "interrupted"
    MEMORY = "memory"
    VALUE = "value"
    BROKEN = "broken"
    OTHER = "other"


# A failed commit leaves it open whether the rows are on disk: only reopening the file tells, hence BROKEN.
_PREFIXES = {
    "INTERRUPT Error": Nature.INTERRUPTED,
    "Out of Memory Error": Nature.MEMORY,
    "Conversion Error": Nature.VALUE,
    "Out of Range Error": Nature.VALUE,
    "Constraint Error": Nature.VALUE,
    "Invalid Input Error: Invalid unicode": Nature.VALUE,
    "FATAL Error": Nature.BROKEN,
    "INTERNAL Error": Nature.BROKEN,
    "IO Error": Nature.BROKEN,
    "TransactionContext Error: Failed to commit": Nature.BROKEN,
}

_MEMORY_WORDS = ("Out of Memory Error", "failed to pin block", "could not allocate block", "failed to allocate")


def nature(error: BaseException) -> Nature:
    """Classify an error of DuckDB or of Arrow reading from it."""
    text = str(error)
    return next((found for prefix, found in _PREFIXES.items() if text.startswith(prefix)), Nature.OTHER)


def short_of_memory(error: BaseException) -> bool:
    """Whether it failed for want of memory, also inside a commit or a checkpoint, which leaves a broken instance."""
    text = str(error)
    return any(words in text for words in _MEMORY_WORDS)


def of_write(error: BaseException) -> LazuliteError:
    """The error a writer's caller gets: EngineRefused for data that will never fit, else Unavailable."""
    kind = nature(error)
    if kind is Nature.BROKEN:
        return Unavailable("EngineReopening", f"The store failed while writing and is being reopened: {brief(error)}")
    if kind in (Nature.MEMORY, Nature.INTERRUPTED):
        return Unavailable("EngineBusy", f"The store could not write now: {brief(error)}")
    if kind is Nature.OTHER:
        log.error("unexpected engine error while writing", exc_info=error)
    return EngineRefused("RowsRefused", f"The store cannot hold these rows: {brief(error)}")


def of_query(error: BaseException) -> LazuliteError:
    """The error a query's caller gets. The engine's own words go to the log only."""
    kind = nature(error)
    if kind is Nature.BROKEN:
        return Unavailable("EngineReopening", "The store is being reopened after a failure; try again.")
    if kind is Nature.MEMORY:
        return TooLarge(
            "QueryMemoryExceeded",
            "The query needs more memory than it may have: narrow its time range, filter earlier or aggregate more.",
        )
    if kind is Nature.VALUE:
        return BadRequest(
            "QueryEvaluationError",
            "The query failed while it ran: a value is outside the range of its type or cannot be converted.",
        )
    log.error("unexpected engine error in a query", exc_info=error)
    return LazuliteError("InternalServerError", "The query could not be run because of an error inside the service.")


def brief(error: BaseException) -> str:
    """The first line of an error, bounded."""
    return str(error).split("\n", 1)[0][:300]
