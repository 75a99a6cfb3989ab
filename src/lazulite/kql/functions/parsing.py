"""Texts of other languages taken apart: command lines, versions, XML. One row at a time, mostly locally."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from xml.parsers import expat

from lazulite.kql.functions.record import Function, function, local, sig

Json = Any
MAX_XML: Final = 1 << 20
MAX_DEPTH: Final = 64
NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?")

# ---- command lines


def _command_line(text: str, parser: str) -> list[str]:
    """As CommandLineToArgvW of Windows: quotes group, backslashes escape before quotes only."""
    if parser.lower() != "windows":
        raise ValueError(parser)
    program, at = _program(text)
    found = [program]
    while (at := _skipped(text, at)) < len(text):
        argument, at = _argument(text, at)
        found.append(argument)
    return found if text else []


def _skipped(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t":
        at += 1
    return at


def _program(text: str) -> tuple[str, int]:
    """The first argument has rules of its own: no backslash is special in it, and a quote ends what a quote began."""
    if text.startswith('"'):
        end = text.find('"', 1)
        return (text[1:], len(text)) if end < 0 else (text[1:end], end + 1)
    end = next((at for at, character in enumerate(text) if character in " \t"), len(text))
    return text[:end], end


def _argument(text: str, at: int) -> tuple[str, int]:
    found: list[str] = []
    quoted = False
    while at < len(text) and (quoted or text[at] not in " \t"):
        slashes = len(text) - at - len(text[at:].lstrip("\\"))
        at += slashes
        if text[at : at + 1] != '"':
            found.append("\\" * slashes or text[at])
            at += not slashes
            continue
        found.append("\\" * (slashes // 2))
        at += 1
        if slashes % 2:
            found.append('"')
        elif quoted and text[at : at + 1] == '"':
            found.append('"')
            at += 1
        else:
            quoted = not quoted
    return "".join(found), at


# ---- XML


class _Element:
    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.members: dict[str, Json] = {f"@{key}": _scalar(value) for key, value in attributes.items()}
        self.text: list[str] = []

    def add(self, name: str, value: Json) -> None:
        """A child, or a text between children; equal names become an array."""
        if name not in self.members:
            self.members[name] = value
        elif isinstance(self.members[name], list):
            self.members[name].append(value)
        else:
            self.members[name] = [self.members[name], value]

    def flush(self) -> None:
        """What was read of a text, as a member."""
        text = "".join(self.text).strip()
        self.text.clear()
        if text:
            self.add("#text", _scalar(text))

    def value(self) -> Json:
        self.flush()
        return self.members["#text"] if list(self.members) == ["#text"] else self.members or None


def _scalar(text: str) -> Json:
    """A number where the text is one, as in the documented example."""
    return json.loads(text) if NUMBER.fullmatch(text) else text


class _Reader:
    """Elements, attributes and texts become JSON; the rest is skipped, and entities of the author's are refused."""

    def __init__(self) -> None:
        self.stack = [_Element("", {})]
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = lambda text: self.stack[-1].text.append(text)
        self.parser.EntityDeclHandler = self._refuse

    def _refuse(self, *declaration: object) -> None:
        raise ValueError("an entity is declared")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.stack) > MAX_DEPTH:
            raise ValueError("too deep")
        self.stack[-1].flush()
        self.stack.append(_Element(name, attributes))

    def _end(self, name: str) -> None:
        element = self.stack.pop()
        self.stack[-1].add(name, element.value())


def _xml(text: str) -> Json:
    data = text.encode()
    if len(data) > MAX_XML:
        raise ValueError("too long")
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError(text[:80]) from error
    return reader.stack[0].members


# Each of up to four parts has eight digits of the number, which DECIMAL(38,0) holds and DECIMAL(38,17) does not.
PART: Final = "coalesce(TRY_CAST(nullif(split_part({{0}}, '.', {}), '') AS HUGEINT), 0)"
VERSION: Final = (
    r"CASE WHEN regexp_full_match({0}, '\d{{1,8}}(\.\d{{1,8}}){{0,3}}') THEN ("
    + " + ".join(f"{PART.format(at)} * {10 ** (32 - 8 * at)}::HUGEINT" for at in (1, 2, 3, 4))
    + ")::DECIMAL(38,0) END"
)
FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "parse_command_line",
        "The arguments of a command line, by the rules of Windows.",
        local("text, string -> dynamic", _command_line),
        null='null for a parser other than "windows"',
        example='print parse_command_line(\'echo "hello world!"\', "windows")',
    ),
    function(
        "parse_version",
        "A version of up to four parts as a number that versions can be compared by.",
        sig("string -> decimal", VERSION, total=False),
        null="null for what is no version",
        example='print parse_version("1.2.3")',
    ),
    function(
        "parse_xml",
        "XML as a property bag: attributes as @name, texts beside others as #text, equal elements as an array.",
        local("text -> dynamic", _xml),
        null="null for what is no XML, or above 1 MB",
        named="first",
        example="print parse_xml(\"<a b='1'><c>x</c></a>\")",
    ),
)
