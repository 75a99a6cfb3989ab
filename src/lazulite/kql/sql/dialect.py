"""What an engine's dialect must say: a table of templates (as in `functions.record`), read by the printer alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from lazulite.kql.functions.record import Signature, Template
from lazulite.kql.literals import Value

_SLOT: Final = re.compile(r"\{\{|\}\}|\{(\*1|\*|\d+|over|order)\}")


@dataclass(frozen=True)
class Dialect:
    """One engine. `conversions` has {0} for the value; `text` and `name` quote, and are the only way text gets in."""

    engine: str
    template: Callable[[Signature], Template | None]
    name: Callable[[str], str]
    text: Callable[[str], str]
    literal: Callable[[str, Value], str]
    types: Mapping[str, str]
    conversions: Mapping[tuple[str, str], str]
    stored: Mapping[str, str]
    # A column on its way to a local stage and back, and one of the result.
    edge: Mapping[str, str]
    back: Mapping[str, str]
    shown: Mapping[str, str]
    # Equality for which null equals null and nothing else; and of texts, which are never null.
    same: str
    same_text: str
    # A join of each kind: {0} columns, {1} left (as l), {2} right (as r), {3} condition.
    joins: Mapping[str, str]
    # {1} with one row for each value of {0}.
    one_row_each: str
    not_a_number: str
    member: str
    element: str
    computed_member: str
    named_member: str
    unfolded_bag: str
    unfolded_pair: str
    unfolded: str
    # A list's elements as rows, the places of the longest of some lists, a list's length, its first elements.
    unfold: str
    places: str
    length: str
    first_of: str
    # A list with a null before its elements.
    headed: str
    # The first {2} rows of {0} in each partition: {1} stands in OVER (...).
    first_of_each: str
    # Rows of a range: {0} low, {1} high, {2} step, {3} how many.
    sequence: Mapping[str, str]
    # The row where {1} is greatest: {0} its columns as one value, {2} and {3} what stands for a null {1}.
    bounds: Mapping[str, tuple[str, str]]
    row: str
    picks: Mapping[str, str]


@lru_cache(maxsize=4096)
def slots(template: str) -> tuple[tuple[str, str], ...]:
    """A template as pairs of literal text and the slot after it ("" at the end)."""
    found: list[tuple[str, str]] = []
    at, text = 0, ""
    for match in _SLOT.finditer(template):
        text += template[at : match.start()]
        at = match.end()
        if match[0] in ("{{", "}}"):
            text += match[0][0]
            continue
        found.append((text, match[1]))
        text = ""
    found.append((text + template[at:], ""))
    return tuple(found)


def uses(template: str) -> dict[int, int]:
    """How often a template uses each argument."""
    counts: dict[int, int] = {}
    for _, slot in slots(template):
        if slot.isdigit():
            counts[int(slot)] = counts.get(int(slot), 0) + 1
    return counts


def fill(template: str, arguments: list[str], over: str = "", order: str = "") -> str:
    """The template with its slots filled."""
    values = {"*": ", ".join(arguments), "*1": ", ".join(arguments[1:]), "over": over, "order": order, "": ""}
    return "".join(text + (arguments[int(slot)] if slot.isdigit() else values[slot]) for text, slot in slots(template))
