"""Every DuckDB error has one meaning for a writer and one for a query."""

from __future__ import annotations

import duckdb
import pytest

from lazulite.core.errors import Unavailable
from lazulite.engine import EngineRefused
from lazulite.engine.duckdb.failures import Nature, nature, of_write, short_of_memory

SEEN = [
    (duckdb.InterruptException("INTERRUPT Error: Interrupted!"), Nature.INTERRUPTED, Unavailable),
    (OSError("INTERRUPT Error: Interrupted!"), Nature.INTERRUPTED, Unavailable),
    (duckdb.OutOfMemoryException("Out of Memory Error: could not allocate"), Nature.MEMORY, Unavailable),
    (duckdb.ConversionException("Conversion Error: Could not convert"), Nature.VALUE, EngineRefused),
    (duckdb.OutOfRangeException("Out of Range Error: Overflow"), Nature.VALUE, EngineRefused),
    (duckdb.FatalException("FATAL Error: database has been invalidated"), Nature.BROKEN, Unavailable),
    (duckdb.IOException("IO Error: No space left on device"), Nature.BROKEN, Unavailable),
    (duckdb.TransactionException("TransactionContext Error: Failed to commit: no space"), Nature.BROKEN, Unavailable),
    (duckdb.BinderException("Binder Error: no such column"), Nature.OTHER, EngineRefused),
]


@pytest.mark.parametrize(("error", "meaning", "for_writer"), SEEN)
def test_an_error_has_one_meaning(error: Exception, meaning: Nature, for_writer: type[Exception]) -> None:
    assert nature(error) is meaning
    assert type(of_write(error)) is for_writer


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Out of Memory Error: could not allocate block of size 256.0 KiB", True),
        (
            "TransactionContext Error: Failed to commit: failed to pin block of size 256.0 KiB (127 MiB/128 MiB used)",
            True,
        ),
        ("FATAL Error: Failed to create checkpoint because of error: failed to pin block of size 256.0 KiB", True),
        ("TransactionContext Error: Failed to commit: No space left on device", False),
    ],
)
def test_what_failed_for_want_of_memory_is_known(text: str, short: bool) -> None:
    assert short_of_memory(duckdb.Error(text)) is short


@pytest.mark.parametrize(
    ("statement", "meaning"),
    [
        ("SELECT 'x'::BIGINT", Nature.VALUE),
        ("SELECT 9223372036854775807::BIGINT + 1::BIGINT", Nature.VALUE),
        ("SELECT no_such_function(1)", Nature.OTHER),
    ],
)
def test_duckdb_still_uses_these_words(statement: str, meaning: Nature) -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as raised:
        connection.execute(statement).fetchall()
    assert nature(raised.value) is meaning
