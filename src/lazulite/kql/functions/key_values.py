"""The texts of parse-kv: keys and values told apart by delimiters, by anything that is no letter or digit, or by regex.

A specification is JSON text, the same for all rows: pair, value (the delimiters), quotes, escapes, greedy, keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from lazulite.kql.errors import runtime
from lazulite.kql.functions.record import Function, function, local, sig

Pair = tuple[str, str]


@dataclass(frozen=True)
class Specification:
    """How a text is read. `quotes` are pairs of an opening and a closing character."""

    pair: str
    value: str
    quotes: dict[str, str]
    escapes: frozenset[str]
    greedy: bool
    keys: frozenset[str]


@lru_cache(maxsize=64)
def _specification(text: str) -> Specification:
    read = json.loads(text)
    quotes = {quote[0]: quote[-1] for quote in read["quotes"]}
    return Specification(
        read["pair"], read["value"], quotes, frozenset(read["escapes"]), read["greedy"], frozenset(read["keys"])
    )


def pairs(text: str, specification: str) -> dict[str, str]:
    """The keys that are asked for, each with its first value."""
    spec = _specification(specification)
    found: dict[str, str] = {}
    for key, value in _delimited(text, spec) if spec.value else _words(text, spec):
        if key in spec.keys:
            found.setdefault(key, value)
    return found


def _delimited(text: str, spec: Specification) -> Iterator[Pair]:
    at = 0
    while at < len(text):
        key, at = _key(text, at, spec)
        if key is None:
            continue
        value, at = _value(text, at, spec)
        yield key, value


def _key(text: str, at: int, spec: Specification) -> tuple[str | None, int]:
    """The key that begins here and the place after its delimiter; without one, the place after the pair's."""
    quoted = _quoted(text, at, spec)
    start = quoted[1] if quoted else at
    value, pair = _find(text, spec.value, start), _find(text, spec.pair, start)
    if value >= pair:
        return None, pair + len(spec.pair)
    return (quoted[0] if quoted else text[at:value].strip()), value + len(spec.value)


def _value(text: str, at: int, spec: Specification) -> tuple[str, int]:
    quoted = _quoted(text, at, spec)
    if quoted:
        return quoted[0], _find(text, spec.pair, quoted[1]) + len(spec.pair)
    end = _greedy_end(text, at, spec) if spec.greedy else _find(text, spec.pair, at)
    return text[at:end].strip(), end + len(spec.pair)


def _greedy_end(text: str, at: int, spec: Specification) -> int:
    """Where the delimiter stands after which the next key comes."""
    end = _find(text, spec.pair, at)
    while end < len(text):
        following, value = _find(text, spec.pair, end + len(spec.pair)), _find(text, spec.value, end + len(spec.pair))
        key = text[end + len(spec.pair) : value].strip()
        if value < following and (key in spec.keys or _quoted(text, end + len(spec.pair), spec)):
            return end
        if value < following:
            raise runtime(
                f"parse-kv with greedy=true meets '{key[:40]}', which may be a key or in a value: add it to the keys"
            )
        end = following
    return end


def _find(text: str, part: str, at: int) -> int:
    found = text.find(part, at)
    return len(text) if found < 0 else found


def _quoted(text: str, at: int, spec: Specification) -> tuple[str, int] | None:
    """What a quote that opens here (blanks apart) encloses, and the place after it; None where none does."""
    while at < len(text) and text[at].isspace():
        at += 1
    closing = spec.quotes.get(text[at]) if at < len(text) else None
    if closing is None:
        return None
    found: list[str] = []
    at += 1
    while at < len(text):
        if text[at] in spec.escapes and at + 1 < len(text):
            at += 1
        elif text[at] == closing:
            return "".join(found).strip(), at + 1
        found.append(text[at])
        at += 1
    return None


def _words(text: str, spec: Specification) -> Iterator[Pair]:
    """A key and the word after it, or what a quote there encloses."""
    words = list(_split(text, spec))
    at = 0
    while at + 1 < len(words):
        step = 2 if words[at] in spec.keys else 1
        if step == 2:
            yield words[at], words[at + 1]
        at += step


def _split(text: str, spec: Specification) -> Iterator[str]:
    at = 0
    while at < len(text):
        quoted = _quoted(text, at, spec) if text[at] in spec.quotes else None
        if quoted:
            yield quoted[0]
            at = quoted[1]
        elif text[at].isalnum():
            end = at
            while end < len(text) and text[end].isalnum():
                end += 1
            yield text[at:end]
            at = end
        else:
            at += 1


CAPTURES: Final = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|(\((?!\?)|\(\?P<)")


def captures(pattern: str) -> int:
    """How many groups of a regular expression capture."""
    return sum(1 for match in CAPTURES.finditer(pattern) if match[1])


BLANKS: Final = "' ' || chr(9) || chr(10) || chr(13)"
FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "$pairs",
        "The keys of a text with their values, as a bag.",
        local("string, string -> dynamic", pairs),
        kind="internal",
    ),
    function(
        "$pair_of",
        "The second group of a regular expression where the first is this key.",
        sig(
            "string, string!, string! -> string",
            f"coalesce(trim(list_extract(regexp_extract_all({{0}}, {{1}}, 2), list_position(list_transform("
            f"regexp_extract_all({{0}}, {{1}}, 1), lambda k: trim(k, {BLANKS})), {{2}})), {BLANKS}), '')",
            total=False,
        ),
        kind="internal",
    ),
)
