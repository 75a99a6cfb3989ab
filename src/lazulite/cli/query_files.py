"""The queries inside files: KQL files with several, and rules, saved queries, dashboards and workbooks as JSON.

A blank line ends a query of a KQL file, unless the query cannot end there: behind `;`, `|`, `,` or an open bracket, and
before a line that begins with `|` or a closing bracket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from lazulite.cli.placed_json import NotJson, Scalar, Text, Value, parse
from lazulite.kql import KqlError
from lazulite.kql.schema import Options
from lazulite.kql.tokens import Token, tokenize

JSON_SUFFIXES = frozenset({".json", ".workbook", ".dashboard"})
# Members that hold the JSON of a workbook as a text.
SERIALIZED = frozenset({"serializeddata"})
QUERY = "query"
LOGS = frozenset({"0", ""})
_BLANK_LINES = re.compile(r"(?:\n[ \t\r]*)+(?=\n)")
_NEXT = re.compile(r"\s*(\S)")
_PLACEHOLDER = re.compile(r"\{[A-Za-z_][\w ]*(?::[^{}]*)?\}")
_REFERENCE = re.compile(r"\[\s*(variables|parameters)\(\s*'([^']+)'\s*\)\s*\]")
_OPEN = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_CONTINUES = frozenset({";", "|", ",", "="})
_CONTINUED = frozenset({"|", ")", "]", "}", ","})


@dataclass(frozen=True)
class Found:
    """A query; `places` are the offsets of its characters in the file. `columns` must be in its result.

    `filled`: parameters of a workbook may stand in it, so that it need not be right as it is.
    """

    text: str
    places: Sequence[int]
    columns: tuple[Text, ...] = ()
    filled: bool = False


@dataclass(frozen=True)
class Unchecked:
    """Something at an offset that cannot be checked, and why."""

    offset: int
    reason: str


def queries(name: str, content: str) -> Iterator[Found | Unchecked]:
    """Every query of a file's content; raises NotJson."""
    if PurePath(name).suffix.lower() in JSON_SUFFIXES:
        root = parse(content)
        yield from _Template(root).queries(root)
    else:
        yield from _blocks(content)


# ---- KQL files


def _blocks(content: str) -> Iterator[Found]:
    start = at = 0
    block = _Block()
    for end in (*(found.start() for found in _BLANK_LINES.finditer(content)), len(content)):
        block.add(content[at:end])
        at = end
        if block.ends(content, end):
            if block.seen:
                yield Found(content[start:end], range(start, end + 1))
            start, block = end, _Block()


class _Block:
    """What has been read of a query, a part between blank lines at a time: each part is looked at once."""

    def __init__(self) -> None:
        self.seen = False
        self._depth = 0
        self._last = ""
        self._fences = 0

    def add(self, part: str) -> None:
        inside = self._fences % 2
        self._fences += part.count("```") + part.count("~~~")
        if inside or self._fences % 2:
            self.seen = True
            return
        tokens = _tokens(part)
        self._depth += sum(_OPEN.get(token.text, 0) for token in tokens if token.kind == "symbol")
        if tokens:
            self.seen = True
            self._last = tokens[-1].text if tokens[-1].kind == "symbol" else ""

    def ends(self, content: str, end: int) -> bool:
        """Whether a query can end here; what cannot be read at all ends, and is told as an error."""
        following = _NEXT.match(content, end)
        if following is None:
            return True
        open_ = self._depth > 0 or self._fences % 2 or self._last in _CONTINUES
        return self.seen and not open_ and following[1] not in _CONTINUED


def _tokens(text: str) -> list[Token]:
    """Tokens without the end; a text that has none of KQL's counts as one token."""
    try:
        return [token for token in tokenize(text, Options(now=0)) if token.kind != "end"]
    except KqlError as error:
        return [Token("name", "?", error.start, error.end)]


# ---- JSON


class _Template:
    """Finds queries in a document; references to its own variables and parameters are followed."""

    def __init__(self, root: Value) -> None:
        self._root = root

    def queries(self, value: Value) -> Iterator[Found | Unchecked]:
        if isinstance(value, list):
            for item in value:
                yield from self.queries(item)
        if not isinstance(value, dict):
            return
        for query in _query_members(value):
            yield from self._query(query, value)
        for name, member in value.items():
            if name.lower() in SERIALIZED and isinstance(member, Text):
                yield from self._serialized(member)
            else:
                yield from self.queries(member)

    def _serialized(self, text: Text) -> Iterator[Found | Unchecked]:
        if text.value.startswith("[") and not text.value.startswith("[{"):
            return  # An expression: what it refers to stands in the document, and is found there.
        inner = parse(text.value, text.places)
        yield from _Template(inner).queries(inner)

    def _query(self, text: Text, owner: dict[str, Value]) -> Iterator[Found | Unchecked]:
        place = text.places[0]
        found = self._resolved(text)
        if found is None:
            yield Unchecked(place, "the query is a template expression")
        elif _text(owner, "functionParameters"):
            yield Unchecked(place, "the saved function takes parameters")
        elif found.value.strip() and not found.value.lstrip().startswith("{"):
            filled = _PLACEHOLDER.search(found.value) is not None
            yield Found(found.value, found.places, tuple(_columns(owner)), filled)

    def _resolved(self, text: Text) -> Text | None:
        """The literal text: that of a variable or a parameter's default, where the member only refers to one."""
        if text.value.startswith("[["):
            return Text(text.value[1:], text.places[1:])
        if not (text.value.startswith("[") and text.value.endswith("]")):
            return text
        reference = _REFERENCE.fullmatch(text.value)
        if reference is None or not isinstance(self._root, dict):
            return None
        found: Value | None = self._root
        for name in reference.groups():
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, dict):
            found = found.get("defaultValue")
        return found if isinstance(found, Text) and not found.value.startswith("[") else None


def _query_members(value: dict[str, Value]) -> Iterator[Text]:
    """The members of an object that are log queries."""
    if _scalar(value, "queryType") not in LOGS or "resourcegraph" in _type(value):
        return
    for name, member in value.items():
        if name.lower() == QUERY and isinstance(member, Text):
            yield member
    if _text(value, "name").lower() == QUERY and isinstance(value.get("value"), Text):
        yield value["value"]  # type: ignore[misc]
    properties = value.get("properties")
    if _type(value).endswith("querypacks/queries") and isinstance(properties, dict):
        body = properties.get("body")
        if isinstance(body, Text):
            yield body


def _type(value: dict[str, Value]) -> str:
    return _text(value, "type").lower()


def _text(value: dict[str, Value], name: str) -> str:
    found = value.get(name)
    return found.value if isinstance(found, Text) else ""


def _scalar(value: dict[str, Value], name: str) -> str:
    found = value.get(name)
    return found.text if isinstance(found, Scalar) else _text(value, name)


def _columns(owner: dict[str, Value]) -> Iterator[Text]:
    """The columns of the result that a rule's criterion names."""
    for name in ("metricMeasureColumn", "resourceIdColumn"):
        found = owner.get(name)
        if isinstance(found, Text) and found.value and not found.value.startswith("["):
            yield found
    dimensions = owner.get("dimensions")
    for each in dimensions if isinstance(dimensions, list) else ():
        found = each.get("name") if isinstance(each, dict) else None
        if isinstance(found, Text):
            yield found


__all__ = ["Found", "NotJson", "Unchecked", "queries"]
