"""Rows of a log answer as JSON text, a column at a time: no Python code runs per cell.

Each column becomes an Arrow array of its cells' JSON text; one element-wise join makes the rows. The data buffer of the
joined array is then the text of all rows in a row, so that nothing is copied but once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lazulite.kql import Column, ticks

CHUNK_ROWS = 16_384
_QUOTE, _BACKSLASH, _FIRST_PRINTABLE = 34, 92, 32
_SHORT = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r"}
_CONTROLS = {chr(code): _SHORT.get(chr(code), f"\\u{code:04x}") for code in range(_FIRST_PRINTABLE)}


@dataclass(frozen=True)
class Cell:
    """How one Kusto type is written: its text by column, and whether the text stands in quotes."""

    text: Callable[[pa.Array], pa.Array]
    quoted: bool


def _plain(column: pa.Array) -> pa.Array:
    return pc.cast(column, pa.string())


def _bytes(column: pa.Array) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The characters of a string array, without those of rows outside its slice."""
    _, offsets, data = column.buffers()
    if data is None or len(column) == 0:
        return np.empty(0, np.uint8)
    bounds = np.frombuffer(offsets, np.int32)
    return np.frombuffer(data, np.uint8)[bounds[column.offset] : bounds[column.offset + len(column)]]


def _escaped(column: pa.Array) -> pa.Array:
    """JSON string content. Only the characters that do occur cost a pass."""
    text = _plain(column)
    data = _bytes(text)
    if (data == _BACKSLASH).any():
        text = pc.replace_substring(text, "\\", "\\\\")
    if (data == _QUOTE).any():
        text = pc.replace_substring(text, '"', '\\"')
    controls = data < _FIRST_PRINTABLE
    for code in np.unique(data[controls]) if controls.any() else ():
        text = pc.replace_substring(text, chr(code), _CONTROLS[chr(code)])
    return text


def _real(column: pa.Array) -> pa.Array:
    """Shortest text that reads back the same; whole numbers keep a fraction, what JSON cannot say is a string."""
    text = _plain(column)
    values = column.fill_null(0.5).to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        whole = np.isfinite(values) & (values == np.trunc(values))
    if whole.any():
        # An exponent makes a number a real one for every reader already.
        bare = pc.and_(pa.array(whole), pc.invert(pc.match_substring(text, "e")))
        text = pc.if_else(pc.fill_null(bare, False), pc.binary_join_element_wise(text, ".0", ""), text)
    for odd, name in (
        (np.isnan(values), '"NaN"'),
        (values == np.inf, '"Infinity"'),
        (values == -np.inf, '"-Infinity"'),
    ):
        if odd.any():
            text = pc.if_else(pa.array(odd), name, text)
    return text


CELLS: dict[str, Cell] = {
    "bool": Cell(_plain, quoted=False),
    "int": Cell(_plain, quoted=False),
    "long": Cell(_plain, quoted=False),
    "real": Cell(_real, quoted=False),
    "decimal": Cell(_plain, quoted=True),
    "guid": Cell(_plain, quoted=True),
    "datetime": Cell(ticks.format_datetime_column, quoted=True),
    "timespan": Cell(ticks.format_timespan_column, quoted=True),
    "string": Cell(_escaped, quoted=True),
    # A JSON string that holds the serialised value: clients parse it a second time.
    "dynamic": Cell(_escaped, quoted=True),
}


def rows_json(batch: pa.RecordBatch, columns: Sequence[Column]) -> bytes:
    """The rows of a batch as `[...],[...]`, without the outer brackets. The batch is not empty."""
    parts: list[Any] = []
    between = "["
    for array, column in zip(batch.columns, columns, strict=True):
        cell = CELLS[column.type]
        text = cell.text(array)
        quote = '"' if cell.quoted else ""
        if text.null_count:
            # A null is a bare word: the quotes cannot be shared with the neighbours of the whole column.
            text = pc.fill_null(pc.binary_join_element_wise(quote, text, quote, "") if quote else text, "null")
            quote = ""
        parts += [between + quote, text]
        between = f"{quote},"
    joined = pc.binary_join_element_wise(*parts, between[:-1] + "],", "")
    return bytes(_bytes(joined)[:-1])


def row_chunks(rows: pa.Table, columns: Sequence[Column], chunk_rows: int = CHUNK_ROWS) -> Iterator[bytes]:
    """All rows as JSON text in pieces of `chunk_rows`, commas between them included."""
    if not columns:
        # Arrow's batches forget how many rows without columns there were; the table knows.
        yield b",".join([b"[]"] * rows.num_rows)
        return
    for start in range(0, rows.num_rows, chunk_rows):
        # Combined a piece at a time: an engine's batches are small, and a copy of all rows would double the memory.
        (batch,) = rows.slice(start, chunk_rows).combine_chunks().to_batches()
        if start:
            yield b","
        yield rows_json(batch, columns)
