"""Reads one setting's value from what a flag, an environment variable or TOML gives: text or a TOML scalar.

Each reader takes that value and returns the typed one, or raises ValueError with what it expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lazulite.core.disk import DiskReserve
from lazulite.kql import ticks

Reader = Callable[[Any], Any]

# KB is 1000 and KiB 1024, as they are defined.
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_RESERVE = "a size such as 512MiB, a part of the disk such as 5% (at most 50%), or both with a comma"
_TRUE, _FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}


def size(value: Any) -> int:
    """Bytes, from an int or text such as `1GiB`, `512 MiB`, `10MB`."""
    match = _SIZE.fullmatch(str(value).strip())
    if match is None or match[2].upper() not in _UNITS or isinstance(value, bool):
        raise ValueError("a size such as 512MiB or 1GiB")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def size_between(least: str, most: str) -> Reader:
    """A reader of sizes within bounds, both allowed."""

    def read(value: Any) -> int:
        found = size(value)
        if not size(least) <= found <= size(most):
            raise ValueError(f"a size from {least} to {most}")
        return found

    return read


def whole(least: int, most: int) -> Reader:
    """A reader of whole numbers within bounds, both allowed."""

    def read(value: Any) -> int:
        text = str(value).strip()
        if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,18}", text) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return read


def port_or_off(value: Any) -> int | None:
    """A TCP port, 0 for any free one, or `off`."""
    if value is None or str(value).strip().lower() in ("off", "none"):
        return None
    try:
        return int(whole(0, 65535)(value))
    except ValueError:
        raise ValueError("a port from 0 to 65535, or off") from None


def boolean(value: Any) -> bool:
    text = str(value).strip().lower()
    if text not in _TRUE | _FALSE:
        raise ValueError("true or false")
    return text in _TRUE


def one_of(*allowed: str) -> Reader:
    """A reader of one word out of several, without regard to case."""

    def read(value: Any) -> str:
        text = str(value).strip().lower()
        if text not in allowed:
            raise ValueError("one of " + ", ".join(allowed))
        return text

    return read


def host(value: Any) -> str:
    """A host name or an IP address to listen on."""
    text = str(value).strip().strip("[]")
    if not re.fullmatch(r"[A-Za-z0-9._:-]{1,253}", text):
        raise ValueError("a host name or an IP address")
    return text


def hosts(value: Any) -> tuple[str, ...]:
    """Several hosts: a TOML list, or text with commas."""
    parts = value if isinstance(value, (list, tuple)) else [part for part in str(value).split(",") if part.strip()]
    return tuple(host(part) for part in parts)


def folder(value: Any) -> Path:
    """A folder's path; `~` is the home folder."""
    if not str(value).strip():
        raise ValueError("a folder's path")
    return Path(str(value)).expanduser()


def instant(value: Any) -> int | None:
    """Ticks from a date and time in UTC, as text or a TOML date-time; empty text is none."""
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = value.isoformat() if hasattr(value, "isoformat") else str(value).strip()
    found = ticks.parse_datetime(text)
    if found is None:
        raise ValueError("a date and time such as 2017-12-01T00:00:00Z")
    return found


def disk_reserve(value: Any) -> DiskReserve:
    """`512MiB`, `5%`, or both with a comma: the lesser of them."""
    bounds = [_bound(part) for part in str(value).split(",")]
    sizes, fractions = (
        [bound.size for bound in bounds if bound.size],
        [bound.fraction for bound in bounds if bound.fraction],
    )
    if len(sizes) > 1 or len(fractions) > 1:
        raise ValueError(_RESERVE)
    return DiskReserve(next(iter(sizes), None), next(iter(fractions), None))


def _bound(text: str) -> DiskReserve:
    percent = _PERCENT.fullmatch(text.strip())
    if percent and 0 < float(percent[1]) <= 50:
        return DiskReserve(fraction=float(percent[1]) / 100)
    try:
        return DiskReserve(size=max(size(text), 1))
    except ValueError:
        raise ValueError(_RESERVE) from None
