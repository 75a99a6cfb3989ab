"""JSON that remembers where each of its texts stands, so that an error inside one can be pointed at in the file.

It reads what deployment templates hold as well: comments, and line breaks inside a text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_DEPTH = 100
_BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_PLAIN = re.compile(r'[^"\\]+')
_OTHER = re.compile(r"-?\d[\d.eE+-]*|true|false|null")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
# One unit of UTF-16, or the two that are one character.
_CODED = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}")


@dataclass(frozen=True)
class Text:
    """A text; `places` are the offsets of its characters in the file, with that of its end behind them."""

    value: str
    places: Sequence[int]


@dataclass(frozen=True)
class Scalar:
    """A number, true, false or null, as written."""

    text: str


Value = dict[str, "Value"] | list["Value"] | Text | Scalar


class NotJson(Exception):
    """The text is not JSON; `offset` is where it stops being that."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def parse(text: str, places: Sequence[int] | None = None) -> Value:
    """The value of a whole text; `places` maps its offsets to those of a file in which it is a text itself."""
    reader = _Reader(text, places or range(len(text) + 1))
    value = reader.value()
    reader.blank()
    if reader.at < len(text):
        raise reader.wrong("nothing more")
    return value


class _Reader:
    def __init__(self, text: str, places: Sequence[int]) -> None:
        self.text = text
        self.places = places
        self.at = 0
        self.depth = 0

    def wrong(self, expected: str) -> NotJson:
        found = repr(self.text[self.at]) if self.at < len(self.text) else "the end"
        return NotJson(f"This is not JSON: expected {expected}, but {found} stands here", self.places[self.at])

    def blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def accept(self, symbol: str) -> bool:
        self.blank()
        if not self.text.startswith(symbol, self.at):
            return False
        self.at += len(symbol)
        return True

    def expect(self, symbol: str) -> None:
        if not self.accept(symbol):
            raise self.wrong(f"'{symbol}'")

    def value(self) -> Value:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotJson(f"This JSON nests deeper than {MAX_DEPTH} levels", self.places[self.at])
        found = self._value()
        self.depth -= 1
        return found

    def _value(self) -> Value:
        if self.accept("{"):
            return self._object()
        if self.accept("["):
            return self._array()
        if self.accept('"'):
            return self._string()
        found = _OTHER.match(self.text, self.at)
        if found is None:
            raise self.wrong("a value")
        self.at = found.end()
        return Scalar(found.group())

    def _object(self) -> Value:
        members: dict[str, Value] = {}
        while not self.accept("}"):
            self.expect('"')
            name = self._string().value
            self.expect(":")
            members[name] = self.value()
            if not self.accept(","):
                self.expect("}")
                break
        return members

    def _array(self) -> Value:
        items: list[Value] = []
        while not self.accept("]"):
            items.append(self.value())
            if not self.accept(","):
                self.expect("]")
                break
        return items

    def _string(self) -> Text:
        """From behind the opening quote to behind the closing one."""
        pieces: list[str] = []
        places: list[int] = []
        while not self.text.startswith('"', self.at):
            start = self.at
            piece = self._piece()
            pieces.append(piece)
            plain = self.at - start == len(piece)
            places.extend(self.places[start : self.at] if plain else [self.places[start]] * len(piece))
        places.append(self.places[self.at])
        self.at += 1
        return Text("".join(pieces), places)

    def _piece(self) -> str:
        """Characters that stand for themselves, or one escape."""
        plain = _PLAIN.match(self.text, self.at)
        if plain:
            self.at = plain.end()
            return plain.group()
        coded = _CODED.match(self.text, self.at)
        if coded:
            self.at = coded.end()
            units = bytes.fromhex(coded.group().replace("\\u", ""))
            return units.decode("utf-16-be", "surrogatepass")
        escape = self.text[self.at + 1 : self.at + 2]
        if escape not in _ESCAPES:
            raise self.wrong("an escape or the end of the text")
        self.at += 2
        return _ESCAPES[escape]
