"""Dimensions of one series as canonical JSON text: names in the catalog's spelling and order of name, values as text.

Null and "" are the same as no dimension. Spelling of values is kept as sent, but never tells two series apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from lazulite.catalog import Metric
from lazulite.metrics.definitions import dimension_spelling, valid_dimensions
from lazulite.metrics.points import MAX_DIMENSION_LENGTH, MAX_DIMENSIONS


class BadDimensions(Exception):
    """The dimensions cannot belong to a series: a stable code, and a message that says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def canonical(metric: Metric, sent: Any) -> str:
    """The canonical text of the dimensions that a record has for `metric`; raises BadDimensions."""
    if not isinstance(sent, Mapping):
        raise BadDimensions("InvalidDimensions", 'Write "dimensions" as an object of names and texts.')
    found: dict[str, str] = {}
    for name, value in sent.items():
        known = _known(metric, name)
        if known in found:
            raise BadDimensions("DuplicateDimension", f"The dimension '{known}' is there twice (case does not count).")
        text = _text(known, value)
        if text:
            found[known] = text
    if len(found) > MAX_DIMENSIONS:
        raise BadDimensions("TooManyDimensions", f"{len(found)} dimensions: a series has at most {MAX_DIMENSIONS}.")
    return encode(found.items())


def encode(dimensions: Iterable[tuple[str, str]]) -> str:
    return msgspec.json.encode(dict(sorted(dimensions))).decode()


def decode(text: str) -> dict[str, str]:
    return msgspec.json.decode(text, type=dict[str, str])


def _known(metric: Metric, name: str) -> str:
    known = dimension_spelling(metric, name)
    if known is None:
        raise BadDimensions(
            "UnknownDimension",
            f"'{name[:100]}' is not a dimension of the metric '{metric.name}'; it has: {valid_dimensions(metric)}.",
        )
    return known


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadDimensions("InvalidDimensions", f"The value of the dimension '{name}' is not a text.")
    text = str(value)
    if len(text) > MAX_DIMENSION_LENGTH:
        raise BadDimensions(
            "DimensionTooLong",
            f"The value of the dimension '{name}' has {len(text)} characters; at most {MAX_DIMENSION_LENGTH} are kept.",
        )
    return text
