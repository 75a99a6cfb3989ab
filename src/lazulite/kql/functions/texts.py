"""Text taken apart and put together where SQL cannot: encodings, URLs, code points. One row at a time, locally.

No form here runs a regular expression of the query's author: Python's can take exponential time.
"""

from __future__ import annotations

import base64
import csv
import uuid
import zlib
from typing import Any, Final
from urllib.parse import unquote_plus, urlsplit

from lazulite.kql.functions.arrays import array, text_of
from lazulite.kql.functions.record import Function, function, local

Json = Any
MAX_UNPACKED: Final = 1 << 24


def _index_of(text: str, wanted: str, start: int = 0, length: int = -1, occurrence: int = 1) -> int:
    """The place of an occurrence that begins in the range; it may end beyond."""
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


def _code_points(*values: Json) -> str:
    flat = [point for value in values for point in (value if isinstance(value, list) else [value])]
    return "".join(chr(point) for point in flat)


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _decoded_text(text: str) -> str:
    return _decoded(text).decode("utf-8")


def _decoded_guid(text: str) -> str:
    return str(uuid.UUID(bytes_le=_decoded(text)))


def _encoded_array(values: Json) -> str:
    return base64.b64encode(bytes(array(values))).decode()


def _encoded_guid(text: str) -> str:
    return base64.b64encode(uuid.UUID(text).bytes_le).decode()


def _unpacked(text: str, bits: int) -> str:
    """Bounded, so that a small text cannot become a great one."""
    try:
        return zlib.decompressobj(bits).decompress(_decoded(text), MAX_UNPACKED).decode("utf-8")
    except zlib.error as error:
        raise ValueError(text) from error


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
    """The parts of a file's path, with / or \\ between them."""
    scheme, separator, rest = text.partition("://")
    rest = rest if separator else text
    folder, slash, name = rest.replace("\\", "/").rpartition("/")
    extension = name.rpartition(".")[2] if "." in name else ""
    root = rest[:2] if rest[1:2] == ":" else ""
    return (
        {
            "Scheme": scheme if separator else "",
            "RootPath": root,
            "DirectoryPath": rest[: len(folder)],
            "DirectoryName": folder.rpartition("/")[2],
            "Filename": name,
            "Extension": extension,
            "AlternateDataStreamName": "",
        }
        if slash or name
        else {}
    )


def _csv(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise ValueError(text) from error


def _hexadecimal(value: int, length: int = 0) -> str:
    return f"{value & 0xFFFF_FFFF_FFFF_FFFF:x}".rjust(min(length, 64), "0")


def _hexadecimal_int(value: int, length: int = 0) -> str:
    return f"{value & 0xFFFF_FFFF:x}".rjust(min(length, 64), "0")


def _domain(text: str) -> str:
    return ".".join(
        part[4:].encode("ascii").decode("punycode") if part.startswith("xn--") else part for part in text.split(".")
    )


def _text(name: str, doc: str, form: Any, example: str, returns: str = "string") -> Function:
    return function(name, doc, local(f"text -> {returns}", form), example=f"print {name}({example})")


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
        "unicode_codepoints_to_string",
        "The text of code points.",
        local("dynamic+ -> string", _code_points),
        example="print unicode_codepoints_to_string(75, 117)",
        aliases=("make_string",),
    ),
    _text(
        "unicode_codepoints_from_string", "The code points of a text.", lambda t: list(map(ord, t)), '"ab"', "dynamic"
    ),
    _text("base64_decode_tostring", "The text whose bytes in UTF-8 are in base64.", _decoded_text, '"S3VzdG8="'),
    _text(
        "base64_decode_toarray", "The bytes that are in base64.", lambda t: list(_decoded(t)), '"S3VzdG8="', "dynamic"
    ),
    _text("base64_decode_toguid", "The guid whose bytes are in base64.", _decoded_guid, '"abcd1231"', "guid"),
    function(
        "base64_encode_fromarray",
        "Bytes in base64.",
        local("dynamic -> string", _encoded_array),
        example="print base64_encode_fromarray(dynamic([1, 2]))",
    ),
    function(
        "base64_encode_fromguid",
        "A guid's bytes in base64.",
        local("guid -> string", _encoded_guid),
        example="print base64_encode_fromguid(guid(74be27de-1e4e-49d9-b579-fe0b331d3642))",
    ),
    _text(
        "gzip_decompress_from_base64_string",
        "The text that gzip and base64 hold.",
        lambda text: _unpacked(text, 31),
        '"H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA=="',
    ),
    _text(
        "zlib_decompress_from_base64_string",
        "The text that zlib and base64 hold.",
        lambda text: _unpacked(text, 15),
        '"eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4="',
    ),
    _text("parse_url", "The parts of a URL.", _url, '"https://host/path?k=v"', "dynamic"),
    _text(
        "parse_urlquery",
        "The parameters of a URL's query.",
        lambda text: {"Query Parameters": _query_parameters(text)},
        '"a=1&b=2"',
        "dynamic",
    ),
    _text("parse_path", "The parts of a file's path.", _path, '"/var/log/a.gz"', "dynamic"),
    _text("parse_csv", "The values of one line of CSV.", _csv, "'a,\"b,c\"'", "dynamic"),
    _text("punycode_from_string", "A text in Punycode.", lambda t: t.encode("punycode").decode(), '"é"'),
    _text("punycode_to_string", "The text of Punycode.", lambda t: t.encode("ascii").decode("punycode"), '"9ca"'),
    _text("punycode_domain_from_string", "A domain with its parts out of Punycode.", _domain, '"xn--9ca.org"'),
    function(
        "tohex",
        "A whole number in hexadecimal, two's complement.",
        local("int, long? -> string", _hexadecimal_int),
        local("long, long? -> string", _hexadecimal),
        example="print tohex(256)",
    ),
)
