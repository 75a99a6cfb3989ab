"""IP addresses: Kusto's ipv4_ and ipv6_ functions, one row at a time in a local stage."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Final

from lazulite.kql.functions.arrays import array
from lazulite.kql.functions.record import Function, function, local

Json = Any
PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
# An address in a text stands between characters that are no letters, digits or dots.
ADDRESS: Final = re.compile(r"(?<![0-9A-Za-z])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![0-9A-Za-z])")
PREFIX: Final = re.compile(r"(?:\d{1,3}\.){1,3}")
V4: Final = 0xFFFF << 32


def _v4(text: str) -> tuple[int, int]:
    """An address and the length of its prefix."""
    address, slash, prefix = text.strip().partition("/")
    bits = int(prefix) if slash else 32
    if not 0 <= bits <= 32:
        raise ValueError(text)
    return int(ipaddress.IPv4Address(address)), bits


def _v6(text: str) -> tuple[int, int]:
    """An address (IPv4 is mapped) and the length of its prefix of 128."""
    address, slash, prefix = text.strip().partition("/")
    if ":" not in address:
        number, bits = _v4(text)
        return V4 | number, bits + 96
    dotted = "." in address
    bits = int(prefix) + (96 if dotted else 0) if slash else 128
    if not 0 <= bits <= 128:
        raise ValueError(text)
    return int(ipaddress.IPv6Address(address)), bits


def _mapped(text: str) -> tuple[int, int]:
    """For comparisons ::1.2.3.4 is the same address as ::ffff:1.2.3.4 and 1.2.3.4."""
    number, bits = _v6(text)
    return (V4 | number if "." in text and number < 1 << 32 else number), bits


def _masked(number: int, bits: int, width: int) -> int:
    return number >> (width - bits) if bits else 0


def _compared(one: tuple[int, int], two: tuple[int, int], bits: int, width: int) -> int:
    shared = min(one[1], two[1], bits)
    left, right = _masked(one[0], shared, width), _masked(two[0], shared, width)
    return (left > right) - (left < right)


def _compare4(one: str, two: str, bits: int = 32) -> int:
    return _compared(_v4(one), _v4(two), bits, 32)


def _compare6(one: str, two: str, bits: int = 128) -> int:
    return _compared(_mapped(one), _mapped(two), bits, 128)


def _in_range4(address: str, range_: str) -> bool:
    return _compare4(address, range_) == 0


def _in_range6(address: str, range_: str) -> bool:
    return _compare6(address, range_) == 0


def _flat(values: tuple[Json, ...]) -> list[str]:
    return [str(one) for value in values for one in (array(value) if isinstance(value, list) else [value])]


def _in_any4(address: str, *ranges: Json) -> bool:
    return any(_in_range4(address, one) for one in _flat(ranges))


def _in_any6(address: str, *ranges: Json) -> bool:
    return any(_in_range6(address, one) for one in _flat(ranges))


def _parsed4(text: str, bits: int = 32) -> int:
    if not 0 <= bits <= 32:
        raise ValueError(bits)
    number, prefix = _v4(text)
    shift = 32 - min(prefix, bits)
    return number >> shift << shift


def _formatted4(value: Json, bits: int = 32) -> str:
    if not 0 <= bits <= 32:
        raise ValueError(bits)
    number = value if isinstance(value, int) else _parsed4(value, bits)
    shift = 32 - bits
    return str(ipaddress.IPv4Address(number >> shift << shift))


def _formatted4_mask(value: Json, bits: int = 32) -> str:
    prefix = bits if isinstance(value, int) else min(_v4(value)[1], bits)
    return f"{_formatted4(value, bits)}/{prefix}"


def _parsed6(text: str, bits: int = 128) -> str:
    number, prefix = _v6(text)
    shift = 128 - min(prefix, bits)
    return ipaddress.IPv6Address(number >> shift << shift).exploded


def _blocks(first: str, last: str) -> list[str]:
    ends = (ipaddress.IPv4Address(first), ipaddress.IPv4Address(last))
    return [str(block) for block in ipaddress.summarize_address_range(*ends)]


def _addresses(text: str) -> list[str]:
    """The addresses that stand in a text, valid ones only."""
    return [found for found in ADDRESS.findall(text) if all(int(part) < 256 for part in found.split("."))]


def _has_any(text: str, *wanted: Json) -> bool:
    return not set(_flat(wanted)).isdisjoint(_addresses(text))


def _has_prefix(text: str, *prefixes: Json) -> bool:
    """A prefix ends with a dot, or is a whole address."""
    wanted = _flat(prefixes)
    parts = tuple(prefix for prefix in wanted if PREFIX.fullmatch(prefix))
    found = _addresses(text)
    return any(address.startswith(parts) for address in found) or not set(wanted).isdisjoint(found)


def _four(name: str, doc: str, *signatures: tuple[str, Any], example: str) -> Function:
    forms = [local(text, form) for text, form in signatures]
    return function(name, doc, *forms, null="null for what is no address", example=f"print {name}({example})")


FUNCTIONS: Final[tuple[Function, ...]] = (
    _four(
        "ipv4_compare",
        "-1, 0 or 1 as the one is before, equal to or after the other, masked.",
        ("string, string, long? -> long", _compare4),
        example='"1.2.3.4", "1.2.3.5"',
    ),
    _four(
        "ipv4_is_match",
        "Whether two addresses are equal, masked.",
        ("string, string, long? -> bool", lambda *a: _compare4(*a) == 0),
        example='"10.0.0.1/24", "10.0.0.9"',
    ),
    _four(
        "ipv4_is_in_range",
        "Whether an address is in a range.",
        ("string, string -> bool", _in_range4),
        example='"10.0.0.1", "10.0.0.0/8"',
    ),
    _four(
        "ipv4_is_in_any_range",
        "Whether an address is in one of some ranges.",
        ("string, dynamic+ -> bool", _in_any4),
        example='"10.0.0.1", "10.0.0.0/8"',
    ),
    _four(
        "ipv4_is_private",
        "Whether an address is of a private network.",
        ("string -> bool", lambda a: _in_any4(a, *PRIVATE)),
        example='"10.0.0.1"',
    ),
    _four(
        "ipv4_netmask_suffix",
        "The length of the prefix, 32 without one.",
        ("string -> long", lambda a: _v4(a)[1]),
        example='"10.0.0.0/8"',
    ),
    _four(
        "ipv4_range_to_cidr_list",
        "The blocks that make up a range.",
        ("string, string -> dynamic", _blocks),
        example='"1.1.128.0", "1.1.140.255"',
    ),
    _four(
        "parse_ipv4",
        "An address as a number, masked by its prefix.",
        ("string -> long", _parsed4),
        example='"127.0.0.1"',
    ),
    _four(
        "parse_ipv4_mask",
        "An address as a number, masked.",
        ("string, long -> long", _parsed4),
        example='"127.0.0.1", 24',
    ),
    _four(
        "format_ipv4",
        "An address as text, masked.",
        ("string, long? -> string", _formatted4),
        ("long, long? -> string", _formatted4),
        example='"192.168.1.255", 24',
    ),
    _four(
        "format_ipv4_mask",
        "An address and the length of its prefix as text, masked.",
        ("string, long? -> string", _formatted4_mask),
        ("long, long? -> string", _formatted4_mask),
        example='"192.168.1.255", 24',
    ),
    _four(
        "ipv6_compare",
        "-1, 0 or 1 as the one is before, equal to or after the other, masked.",
        ("string, string, long? -> long", _compare6),
        example='"fe80::1", "fe80::1"',
    ),
    _four(
        "ipv6_is_match",
        "Whether two addresses are equal, masked.",
        ("string, string, long? -> bool", lambda *a: _compare6(*a) == 0),
        example='"fe80::1", "fe80::1"',
    ),
    _four(
        "ipv6_is_in_range",
        "Whether an address is in a range.",
        ("string, string -> bool", _in_range6),
        example='"fe80::1", "fe80::/64"',
    ),
    _four(
        "ipv6_is_in_any_range",
        "Whether an address is in one of some ranges.",
        ("string, dynamic+ -> bool", _in_any6),
        example='"fe80::1", "fe80::/64"',
    ),
    _four(
        "parse_ipv6",
        "An address written out in full, masked by its prefix.",
        ("string -> string", _parsed6),
        example='"127.0.0.1"',
    ),
    _four(
        "parse_ipv6_mask",
        "An address written out in full, masked.",
        ("string, long -> string", _parsed6),
        example='"127.0.0.1", 120',
    ),
    _four(
        "has_ipv4",
        "Whether a text holds an address.",
        ("text, string -> bool", _has_any),
        example='"x 127.0.0.1 y", "127.0.0.1"',
    ),
    _four(
        "has_any_ipv4",
        "Whether a text holds one of some addresses.",
        ("text, dynamic+ -> bool", _has_any),
        example='"x 127.0.0.1 y", "127.0.0.1"',
    ),
    _four(
        "has_ipv4_prefix",
        "Whether a text holds an address that starts so.",
        ("text, string -> bool", _has_prefix),
        example='"x 127.0.0.1 y", "127.0."',
    ),
    _four(
        "has_any_ipv4_prefix",
        "Whether a text holds an address that starts so or so.",
        ("text, dynamic+ -> bool", _has_prefix),
        example='"x 127.0.0.1 y", "127.0."',
    ),
)
