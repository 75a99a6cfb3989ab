"""Reads the packaged JSON files into typed tuples."""

from __future__ import annotations

from importlib import resources
from typing import TypeVar

import msgspec

Row = TypeVar("Row")
# Resource types whose facts are kept at hand; the catalog itself has six.
MAX_TYPES = 256


def read(name: str, row: type[Row]) -> tuple[Row, ...]:
    """The rows of `data/NAME`, each decoded as `row`."""
    text = resources.files("lazulite.catalog").joinpath("data", name).read_bytes()
    return msgspec.json.decode(text, type=tuple[row, ...])  # type: ignore[valid-type]
