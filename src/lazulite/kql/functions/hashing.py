"""Hashes. xxHash64 is written from its public specification
(https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md); it hashes a text's bytes in UTF-8 and the 8 bytes of a
number, a moment or a span. The others hash the value's text.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final

from lazulite.kql.functions.record import Function, Signature, function, local, sig

MASK: Final = (1 << 64) - 1
PRIME1: Final = 0x9E3779B185EBCA87
PRIME2: Final = 0xC2B2AE3D27D4EB4F
PRIME3: Final = 0x165667B19E3779F9
PRIME4: Final = 0x85EBCA77C2B2AE63
PRIME5: Final = 0x27D4EB2F165667C5


def xxhash64(data: bytes, seed: int = 0) -> int:
    """The hash, unsigned."""
    body = len(data) // 32 * 32
    found = _lanes(data[:body], seed) if body else (seed + PRIME5) & MASK
    found = (found + len(data)) & MASK
    return _avalanche(_rest(found, data[body:]))


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & MASK


def _round(lane: int, word: int) -> int:
    return _rotated((lane + word * PRIME2) & MASK, 31) * PRIME1 & MASK


def _lanes(body: bytes, seed: int) -> int:
    one, two, three, four = (seed + PRIME1 + PRIME2) & MASK, (seed + PRIME2) & MASK, seed, (seed - PRIME1) & MASK
    for words in struct.iter_unpack("<4Q", body):
        one, two = _round(one, words[0]), _round(two, words[1])
        three, four = _round(three, words[2]), _round(four, words[3])
    found = (_rotated(one, 1) + _rotated(two, 7) + _rotated(three, 12) + _rotated(four, 18)) & MASK
    for lane in (one, two, three, four):
        found = ((found ^ _round(0, lane)) * PRIME1 + PRIME4) & MASK
    return found


def _rest(found: int, rest: bytes) -> int:
    at = 0
    for at in range(8, len(rest) + 1, 8):
        word = int.from_bytes(rest[at - 8 : at], "little")
        found = (_rotated(found ^ _round(0, word), 27) * PRIME1 + PRIME4) & MASK
    if len(rest) - at >= 4:
        word = int.from_bytes(rest[at : at + 4], "little")
        found = (_rotated(found ^ (word * PRIME1 & MASK), 23) * PRIME2 + PRIME3) & MASK
        at += 4
    for byte in rest[at:]:
        found = _rotated(found ^ (byte * PRIME5 & MASK), 11) * PRIME1 & MASK
    return found


def _avalanche(found: int) -> int:
    found = (found ^ found >> 33) * PRIME2 & MASK
    found = (found ^ found >> 29) * PRIME3 & MASK
    return found ^ found >> 32


def _signed(found: int) -> int:
    return found - (1 << 64) if found >> 63 else found


def _whole(value: int) -> bytes:
    return value.to_bytes(8, "little", signed=True)


BYTES: Final[dict[str, Callable[[Any], bytes]]] = {
    "string": lambda text: str(text).encode(),
    "datetime": _whole,
    "timespan": _whole,
    "long": _whole,
    "real": lambda value: struct.pack("<d", float(value)),
}


# How many bytes Kusto hashes of these is not published.
REFUSED: Final = ("bool", "int", "decimal", "guid")


def _refused(kind: str) -> Signature:
    def why(constants: tuple[object, ...]) -> str:
        return f"A hash of the type {kind} (its bytes are not published; tolong() or tostring() has a documented hash)"

    return local(f"{kind}, long? -> long", lambda *values: None, why)


def _hashed(kind: str) -> tuple[Signature, Signature]:
    """Alone, and modulo a positive number."""
    to_bytes = BYTES[kind]

    def remainder(value: Any, modulo: int) -> int:
        if modulo <= 0:
            raise ValueError(modulo)
        return xxhash64(to_bytes(value)) % modulo

    return (
        local(f"{kind} -> long", lambda value: _signed(xxhash64(to_bytes(value)))),
        local(f"{kind}, long -> long", remainder),
    )


def _xxhash(name: str) -> Function:
    signatures = [signature for kind in BYTES for signature in _hashed(kind)]
    signatures += map(_refused, REFUSED)
    doc = "xxHash64 of the value, maybe modulo a number; for use within one query, as it may change."
    return function(name, doc, *signatures, example=f'print {name}("World", 100)')


def _digest(name: str, doc: str, template: str) -> Function:
    return function(
        name,
        f"{doc} of the value's text, in hexadecimal.",
        sig("text -> string", template),
        null="that of an empty text for null",
        example=f'print {name}("World")',
    )


FUNCTIONS: Final[tuple[Function, ...]] = (
    _xxhash("hash"),
    _xxhash("hash_xxhash64"),
    _digest("hash_md5", "MD5", "md5({0})"),
    _digest("hash_sha1", "SHA-1", "sha1({0})"),
    _digest("hash_sha256", "SHA-256", "sha256({0})"),
)
