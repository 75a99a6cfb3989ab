"""Text taken apart and put together where SQL cannot: terms, URLs, paths. One row at a time, locally.

No form here runs a regular expression of the query's author: Python's can take exponential time.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from urllib.parse import unquote_plus, urlsplit

from lazulite.kql.functions.arrays import array, text_of
from lazulite.kql.functions.record import Function, function, local, local_text, sig

Json = Any
BYTE_UNITS: Final = ("Bytes", "KB", "MB", "GB", "TB", "PB", "EB")


def _index_of(text: str, wanted: str, start: int = 0, length: int = -1, occurrence: int = 1) -> int | None:
    """The place of an occurrence that begins in the range; it may end beyond."""
    if length < -1 or occurrence < 0:
        return None
    if not occurrence:
        return -1
    first = max(start + len(text), 0) if start < 0 else start
    last = len(text) if length < 0 else min(first + length - 1 + len(wanted), len(text))
    at = first - 1
    for _ in range(min(occurrence, len(text) + 1)):
        at = text.find(wanted, at + 1, last)
        if at < 0:
            return -1
    return at


def _replaced(text: str, lookups: Json, rewrites: Json) -> str:
    """One lookup after another, in what none before has found. A rewrite that is no text leaves what was found."""
    pieces = [(text, False)]
    for lookup, rewrite in zip(map(text_of, array(lookups)), array(rewrites), strict=True):
        written = rewrite if isinstance(rewrite, str) else lookup
        pieces = [one for piece, done in pieces for one in ([(piece, True)] if done else _cut(piece, lookup, written))]
    return "".join(piece for piece, _ in pieces)


def _cut(text: str, lookup: str, written: str) -> list[tuple[str, bool]]:
    parts = text.split(lookup) if lookup else [text]
    found = [(parts[0], False)]
    for part in parts[1:]:
        found += [(written, True), (part, False)]
    return found


def _translated(searched: str, replacements: str, text: str) -> str:
    last = replacements[-1:]
    table = {one: replacements[at : at + 1] or last for at, one in reversed(list(enumerate(searched)))}
    return "".join(table.get(character, character) for character in text)


def _query_parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in text.removeprefix("?").split("&"):
        name, separator, value = pair.partition("=")
        if separator:
            found.setdefault(unquote_plus(name), unquote_plus(value))
    return found


def _url(text: str) -> dict[str, Json]:
    parts = urlsplit(text)
    return {
        "Scheme": parts.scheme,
        "Host": parts.hostname or "",
        "Port": "" if parts.port is None else str(parts.port),
        "Path": parts.path,
        "Username": parts.username or "",
        "Password": parts.password or "",
        "Query Parameters": _query_parameters(parts.query),
        "Fragment": parts.fragment,
    }


def _path(text: str) -> dict[str, str]:
    """The parts of a file's path, with / or \\ between them; a second stream of a file stands after a colon."""
    scheme, separator, rest = text.partition("://")
    rest = rest if separator else text
    folder, slash, last = rest.replace("\\", "/").rpartition("/")
    if not slash and not last:
        return {}
    name, _, stream = last.partition(":")
    return {
        "Scheme": scheme if separator else "",
        "RootPath": rest[:2] if rest[1:2] == ":" else "",
        "DirectoryPath": rest[: len(folder)],
        "DirectoryName": folder.rpartition("/")[2],
        "Filename": name,
        "Extension": name.rpartition(".")[2] if "." in name else "",
        "AlternateDataStreamName": stream,
    }


def _csv(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise ValueError(text) from error


def _has_term(text: str, wanted: str) -> bool:
    """As the operator `has`: no letter or digit stands next to the found text where its own edge is one."""
    at = text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        before = at and wanted[:1].isalnum() and text[at - 1].isalnum()
        after = end < len(text) and wanted[-1:].isalnum() and text[end].isalnum()
        if not before and not after:
            return True
        at = text.find(wanted, at + 1)
    return False


def _has_any_index(text: str, wanted: Json) -> int:
    folded = text.lower()
    terms = (text_of(one).lower() for one in array(wanted))
    return next((at for at, term in enumerate(terms) if _has_term(folded, term)), -1)


def _has_any(text: str, wanted: Json) -> bool:
    return _has_any_index(text, wanted) >= 0


def _has_all(text: str, wanted: Json) -> bool:
    folded = text.lower()
    return all(_has_term(folded, text_of(one).lower()) for one in array(wanted))


def _bytes(size: float, precision: int = 0, unit: str = "") -> str:
    value = Decimal(repr(float(size)))
    names = [name for name in BYTE_UNITS if name.lower() == unit.lower()]
    if unit and not names:
        raise ValueError(unit)
    power = BYTE_UNITS.index(names[0]) if names else _magnitude(abs(value))
    digits = Decimal(1).scaleb(-min(max(precision, 0), 15))
    found = (value / 1024**power).quantize(digits, ROUND_HALF_UP)
    text = f"{found:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {BYTE_UNITS[power]}"


def _magnitude(value: Decimal) -> int:
    power = 0
    while value >= 1024 and power < len(BYTE_UNITS) - 1:
        value, power = value / 1024, power + 1
    return power


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "indexof",
        "Where a text is found, from 0, or -1.",
        local("text, text, long?, long?, long? -> long", _index_of),
        example='print indexof("abcdefg", "cde")',
    ),
    function(
        "replace_strings",
        "Every occurrence of some texts replaced by others.",
        local("text, dynamic, dynamic -> string", _replaced),
        example='print replace_strings("a cat", dynamic(["cat"]), dynamic(["dog"]))',
    ),
    function(
        "translate",
        "Characters replaced one by one.",
        local("text, text, text -> string", _translated),
        example='print translate("abc", "xyz", "aabbcc")',
    ),
    function(
        "has_any_index",
        "Which term of an array, from 0, the text has first, or -1.",
        local("text, dynamic -> long", _has_any_index),
        example='print has_any_index("this is an example", dynamic(["not", "example"]))',
    ),
    *(
        function(name, doc, local("string, dynamic -> bool", form), kind="internal")
        for name, doc, form in (
            ("$has_any", "Whether the text has one of some terms.", _has_any),
            ("$has_all", "Whether the text has all of some terms.", _has_all),
        )
    ),
    function(
        "$texts",
        "The texts of a column.",
        sig("string -> dynamic", "coalesce(list({0}), [])::VARIANT"),
        kind="internal",
    ),
    function(
        "format_bytes",
        "A number of bytes with its unit, rounded to that many digits.",
        local("real, long? -> string", _bytes),
        local("real, long, string -> string", _bytes),
        named="first",
        example="print format_bytes(10332, 1)",
    ),
    local_text("parse_url", "The parts of a URL.", _url, '"https://host/path?k=v"', "dynamic", "parseurl"),
    local_text(
        "parse_urlquery",
        "The parameters of a URL's query.",
        lambda text: {"Query Parameters": _query_parameters(text)},
        '"a=1&b=2"',
        "dynamic",
        "parseurlquery",
    ),
    local_text("parse_path", "The parts of a file's path.", _path, '"/var/log/a.gz"', "dynamic"),
    replace(local_text("parse_csv", "The values of one line of CSV.", _csv, "'a,\"b,c\"'", "dynamic"), named="first"),
)
