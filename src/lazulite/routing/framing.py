"""Where one record of a body ends and the next begins: a JSON array, NDJSON, or {"records": [...]}.

What is not JSON costs its own record where the framing survives it, and the whole body where it does not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec

from lazulite.core.errors import BadRequest, TooLarge

MAX_RECORDS = 100_000
_BOM = b"\xef\xbb\xbf"
# RecursionError: msgspec's own guard against JSON that is nested thousands deep.
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_DECODER = msgspec.json.Decoder()
_RAW_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True)
class Malformed:
    """Stands in a list of records for one that is not JSON: why, and what was sent."""

    reason: str
    text: str


def frame(body: bytes) -> list[Any]:
    """The records of a body in order, a `Malformed` for each that cannot be read.

    Raises BadRequest `InvalidRequestContent` for a body without framing, TooLarge past `MAX_RECORDS` records.
    """
    text = body.removeprefix(_BOM).strip()
    if not text:
        raise BadRequest("InvalidRequestContent", 'The body is empty: send a JSON array, NDJSON or {"records": [...]}.')
    records = _array(text) if text[:1] == b"[" else _lines(text)
    if len(records) > MAX_RECORDS:
        raise TooLarge("TooManyRecords", f"The body has more than {MAX_RECORDS} records: send it in several bodies.")
    return records


def _array(text: bytes) -> list[Any]:
    try:
        found: list[Any] = _DECODER.decode(text)
        return found
    except _BROKEN as error:
        return _array_items(text, error)


def _array_items(text: bytes, error: Exception) -> list[Any]:
    """Each item on its own: some value may be beyond limits (1e999) or not UTF-8, with the array's framing intact."""
    try:
        return [_one(bytes(item)) for item in _RAW_ITEMS.decode(text)]
    except _BROKEN:
        return _array_of_odd_strings(text, error)


def _array_of_odd_strings(text: bytes, error: Exception) -> list[Any]:
    # The standard library reads escapes of half a surrogate pair; the column they land in refuses them later.
    try:
        found: list[Any] = json.loads(text, parse_constant=_no_constant)
        return found
    except (ValueError, RecursionError):
        raise BadRequest("InvalidRequestContent", f"The JSON array cannot be read: {error}.") from error


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _lines(text: bytes) -> list[Any]:
    try:
        records: list[Any] = _DECODER.decode_lines(text)
    except _BROKEN:
        lines = text.splitlines()
        if len(lines) > MAX_RECORDS:
            raise TooLarge("TooManyRecords", f"The body has more than {MAX_RECORDS} lines: send several.") from None
        records = [record for line in lines if line.strip() for record in _line(line)]
    return _unwrapped(records)


def _line(line: bytes) -> list[Any]:
    try:
        found: list[Any] = _DECODER.decode_lines(line)
        return found
    except _BROKEN as error:
        return [_malformed(line, error)]


def _unwrapped(records: list[Any]) -> list[Any]:
    if len(records) == 1 and isinstance(records[0], dict) and isinstance(records[0].get("records"), list):
        inner: list[Any] = records[0]["records"]
        return inner
    return records


def _one(item: bytes) -> Any:
    try:
        return _DECODER.decode(item)
    except _BROKEN as error:
        return _malformed(item, error)


def _malformed(text: bytes, error: Exception) -> Malformed:
    return Malformed(f"Not JSON: {error}.", text.decode("utf-8", "backslashreplace"))
