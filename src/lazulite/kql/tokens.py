"""Text -> tokens. Knows KQL's literals and nothing of its grammar.

Kinds: `name`, `string`, `number` (long or real), `typed` (a literal such as datetime(...) or 5m), `symbol`, `end`.
Every token keeps its offsets; `value` is the Python value of a literal, `type` its Kusto type.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lazulite.kql import ticks, types
from lazulite.kql.errors import KqlError, Span, limit, syntax
from lazulite.kql.literals import DECIMAL_PLACES, WHOLE_DIGITS, Value, parse_typed
from lazulite.kql.schema import Options
from lazulite.kql.slips import CHARACTERS

SKIP: Final = re.compile(r"(?:\s+|//[^\n]*)+")
NAME: Final = re.compile(r"!?[A-Za-z_$][A-Za-z0-9_]*~?")
NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]+|\d+(?:\.\d+|\.(?![.\w]))?(?:[eE][+-]?\d+)?")
WORD: Final = re.compile(r"[\w.]+")
UNIT: Final = re.compile(r"[A-Za-z]+")
STRING: Final = re.compile(r"[hH]?(@)?(\"|')|[hH]?(```|~~~)")
SYMBOLS: Final = re.compile(r"==|=~|!=|!~|<>|<=|>=|\.\.|=>|[-+*/%<>=()\[\]{},;:.|?@~]")
# Python refuses to read numbers of over 4,300 digits, and no type of Kusto's holds as many as this.
MAX_DIGITS: Final = 1024
# A name followed by ( is one of these literals, whose text is not KQL tokens.
TYPED: Final = frozenset(types.ALIASES) - {types.DYNAMIC, types.STRING}
ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "0": "\0"}
ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `text` is as written, except that a string's is its content."""

    kind: str
    text: str
    start: int
    end: int
    value: Value = None
    type: str = ""

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)


def tokenize(text: str, options: Options) -> tuple[Token, ...]:
    """All tokens, the last one of kind `end`. Raises KqlError (SYN0002, LIM0001)."""
    if len(text) > options.max_length:
        raise limit(f"The query is longer than {options.max_length} characters", Span(0, 0))
    if "\0" in text:
        raise syntax("A query cannot hold the character NUL", Span(text.index("\0"), text.index("\0") + 1))
    found: list[Token] = []
    for token in _scan(text):
        found.append(token)
        if len(found) > options.max_tokens:
            raise limit(f"The query has more than {options.max_tokens} tokens", token.span)
    return tuple(found)


def _scan(text: str) -> Iterator[Token]:
    position = 0
    while True:
        if skipped := SKIP.match(text, position):
            position = skipped.end()
        if position >= len(text):
            yield Token("end", "", position, position)
            return
        token = _next(text, position)
        yield token
        position = token.end


def _next(text: str, at: int) -> Token:
    if match := STRING.match(text, at):
        return _string(text, at, match)
    if match := NUMBER.match(text, at):
        return _number(text, match)
    if match := NAME.match(text, at):
        return _name(text, match)
    if match := SYMBOLS.match(text, at):
        return Token("symbol", match[0], at, match.end())
    raise syntax(f"The character '{text[at]}' has no meaning here", Span(at, at + 1), CHARACTERS.get(text[at]))


def _name(text: str, match: re.Match[str]) -> Token:
    word, end = match[0], match.end()
    # `in~`, `!in~` and `has~`-like operators end in a tilde; after any other name it is a symbol of its own.
    if word.endswith("~") and word not in ("in~", "!in~"):
        word, end = word[:-1], end - 1
    if word == "!":
        message = "'!' must be followed by an operator such as =, ~, in or contains"
        raise syntax(message, Span(match.start(), end), CHARACTERS["!"])
    if word in TYPED:
        opening = re.compile(r"\s*\(").match(text, end)
        if opening:
            return _typed(text, word, match.start(), opening.end())
    return Token("name", word, match.start(), end)


def _typed(text: str, word: str, start: int, inside: int) -> Token:
    closing = text.find(")", inside)
    if closing < 0:
        raise syntax(f"The literal {word}(...) is not closed", Span(start, len(text)))
    kind = types.ALIASES[word]
    content = text[inside:closing].strip()
    try:
        value = parse_typed(kind, content)
    except ValueError:
        raise syntax(f"'{content[:80]}' is not a value of type {kind}", Span(start, closing + 1)) from None
    except OverflowError:
        message = f"A decimal has at most {WHOLE_DIGITS} digits before the point and {DECIMAL_PLACES} after it"
        raise limit(message, Span(start, closing + 1)) from None
    return Token("typed", text[start : closing + 1], start, closing + 1, value, kind)


def _number(text: str, match: re.Match[str]) -> Token:
    start, end = match.span()
    unit = UNIT.match(text, end)
    if end - start > MAX_DIGITS:
        raise syntax(f"The number has more than {MAX_DIGITS:,} digits", Span(start, end))
    if unit and unit[0].lower() in ticks.UNITS and match[0][:2].lower() != "0x":
        span = ticks.scaled(match[0], ticks.UNITS[unit[0].lower()]) if "e" not in match[0].lower() else None
        if span is not None:
            return Token("typed", text[start : unit.end()], start, unit.end(), span, types.TIMESPAN)
    if unit or text[end : end + 1] == "_":
        word = WORD.match(text, start)
        shown = Span(start, min(word.end() if word else end, start + 40))
        raise syntax(f"'{text[shown.start : shown.end]}' is neither a number nor a timespan", shown)
    if match[0].lower().startswith("0x"):
        return Token("number", match[0], start, end, _int64(int(match[0], 16), start, end), types.LONG)
    if any(mark in match[0] for mark in ".eE"):
        value = float(match[0])
        if math.isinf(value):
            raise syntax("The number does not fit in a real", Span(start, end))
        return Token("number", match[0], start, end, value, types.REAL)
    return Token("number", match[0], start, end, _int64(int(match[0]), start, end), types.LONG)


def _int64(value: int, start: int, end: int) -> int:
    # 2**63 itself may follow a minus sign; the parser refuses it elsewhere.
    if value > 1 << 63:
        raise syntax("The number does not fit in a long (64 bits)", Span(start, end))
    return value


def _string(text: str, at: int, match: re.Match[str]) -> Token:
    if match[3]:
        return _until(text, at, match.end(), match[3])
    if match[1]:
        return _verbatim(text, at, match.end(), match[2])
    end = match.end()
    while end < len(text) and text[end] not in (match[2], "\n"):
        end += 2 if text[end] == "\\" else 1
    if end >= len(text) or text[end] != match[2]:
        raise syntax("The string is not closed on its line", Span(at, min(end, len(text))))
    try:
        content = ESCAPE.sub(_escape, text[match.end() : end])
    except (ValueError, KqlError):
        raise syntax("The string holds an unknown escape sequence", Span(at, end + 1)) from None
    return Token("string", content, at, end + 1, content, types.STRING)


def _until(text: str, at: int, inside: int, fence: str) -> Token:
    closing = text.find(fence, inside)
    if closing < 0:
        raise syntax(f"The multi-line string is not closed with {fence}", Span(at, len(text)))
    content = text[inside:closing]
    return Token("string", content, at, closing + len(fence), content, types.STRING)


def _verbatim(text: str, at: int, inside: int, quote: str) -> Token:
    end = inside
    while (end := text.find(quote, end)) >= 0 and text[end + 1 : end + 2] == quote:
        end += 2
    if end < 0:
        raise syntax("The verbatim string is not closed", Span(at, len(text)))
    content = text[inside:end].replace(quote * 2, quote)
    return Token("string", content, at, end + 1, content, types.STRING)


def _escape(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "uUx" and len(code) > 1:
        character = chr(int(code[1:], 16))
    elif code in ESCAPES:
        character = ESCAPES[code]
    elif code in "\\\"'`/":
        character = code
    else:
        raise ValueError(code)
    # The engine's strings end at NUL, and half a surrogate pair is no text at all.
    if character == "\0" or "\ud800" <= character <= "\udfff":
        raise ValueError(code)
    return character
