"""What the lookups of addresses are made of: an address as its bits, so that prefixes are compared as texts."""

from __future__ import annotations

import ipaddress
from typing import Final

from lazulite.kql.functions.record import Function, function, local


def _parts(text: str) -> tuple[int, int, int]:
    """An address, the length of its prefix, and its width in bits."""
    address, slash, prefix = text.strip().partition("/")
    found = ipaddress.ip_address(address)
    length = int(prefix) if slash else found.max_prefixlen
    if not 0 <= length <= found.max_prefixlen:
        raise ValueError(text)
    return int(found), length, found.max_prefixlen


def _bits(text: str, width: int) -> str:
    """A letter and the bits of the prefix; nothing for an address of another kind."""
    number, length, own = _parts(text)
    if own != width:
        raise ValueError(text)
    return "b" + format(number, f"0{own}b")[:length]


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "$address_bits",
        "A letter and the bits of an address, as far as its prefix goes; empty for what is none.",
        local("string, long -> string", _bits),
        kind="internal",
    ),
)
