"""Bounds of a dynamic value: doors refuse a record by them, and the engine holds to them.

DuckDB turns JSON into VARIANT by recursion without a limit of its own: 20 000 levels of brackets, 40 kB of text, end
the whole process with a segmentation fault; and VARIANT back into text takes time with the square of an object's
members (10 000: 0.2 s, 50 000: 4 s).
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from lazulite.engine.interface import EngineRefused

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 200
MAX_MEMBERS = 10_000

# Matches to the end where a string is not closed, so that a hostile text costs one pass and not one for each quote.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


def check(column: pa.ChunkedArray, name: str) -> None:
    """Raises EngineRefused, naming the column, for JSON text that is too long, too deep or has too many members."""
    if (pc.max(pc.binary_length(column)).as_py() or 0) > MAX_BYTES:
        raise _refused(name, f"more than {MAX_BYTES} bytes")
    # Counted for the whole column first: most columns have nothing that is worth a look.
    openers = pc.add(pc.count_substring(column, "["), pc.count_substring(column, "{"))
    members = pc.count_substring(column, ":")
    suspects = column.filter(pc.or_(pc.greater(openers, MAX_DEPTH), pc.greater(members, MAX_MEMBERS)))
    for text in suspects.to_pylist():
        fault = fault_of(text)
        if fault:
            raise _refused(name, fault)


def fault_of(text: str) -> str | None:
    """Which bound a value's JSON text is past, in words, or None."""
    if len(text) * 4 > MAX_BYTES and len(text.encode()) > MAX_BYTES:
        return f"more than {MAX_BYTES} bytes"
    if text.count("[") + text.count("{") <= MAX_DEPTH and text.count(":") <= MAX_MEMBERS:
        return None
    bare = _STRING.sub("", text)
    if bare.count(":") > MAX_MEMBERS:
        return f"more than {MAX_MEMBERS} members"
    return f"more than {MAX_DEPTH} levels" if _depth(bare) > MAX_DEPTH else None


def _depth(bare: str) -> int:
    """The deepest nesting of JSON text whose strings were taken out."""
    depth = deepest = 0
    for bracket in _BRACKET.finditer(bare):
        depth += 1 if bracket[0] in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _refused(name: str, fault: str) -> EngineRefused:
    return EngineRefused("DynamicTooLarge", f"A value of column '{name}' has {fault}; send it in parts.", target=name)
