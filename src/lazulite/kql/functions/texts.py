"""Text taken apart and put together where SQL cannot: encodings, URLs, code points. One row at a time, locally.

No form here runs a regular expression of the query's author: Python's can take exponential time.
"""

from __future__ import annotations

import base64
import csv
import uuid
import zlib
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from urllib.parse import unquote_plus, urlsplit

from lazulite.kql.functions.arrays import array, text_of
from lazulite.kql.functions.record import Function, function, local, sig

Json = Any
MAX_UNPACKED: Final = 1 << 24
# No name, no time, and a system that is not said.
GZIP_HEADER: Final = bytes.fromhex("1f8b08000000000000ff")
ZLIB_HEADER: Final = bytes.fromhex("7801")
UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!*()")
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


def _code_points(*values: Json) -> str:
    flat = [point for value in values for point in (value if isinstance(value, list) else [value])]
    text = "".join(chr(point) for point in flat)
    # Half a surrogate pair is no text, and the engine's texts end at NUL.
    if "\0" in text or (not text.isprintable() and any("\ud800" <= one <= "\udfff" for one in text)):
        raise ValueError(text)
    return text


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


def _packed(text: str, header: bytes, footer: Callable[[bytes], bytes]) -> str:
    """A stored block, as in the documented examples: it is no longer than 65,535 bytes, so there may be several."""
    data = text.encode()
    packer = zlib.compressobj(0, zlib.DEFLATED, -15)
    return base64.b64encode(header + packer.compress(data) + packer.flush() + footer(data)).decode()


def _gzip(text: str) -> str:
    def footer(data: bytes) -> bytes:
        return zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFF_FFFF).to_bytes(4, "little")

    return _packed(text, GZIP_HEADER, footer)


def _zlib(text: str) -> str:
    return _packed(text, ZLIB_HEADER, lambda data: zlib.adler32(data).to_bytes(4, "big"))


def _query_parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in text.removeprefix("?").split("&"):
        name, separator, value = pair.partition("=")
        if separator:
            found.setdefault(unquote_plus(name), unquote_plus(value))
    return found


def _encoded(text: str, space: str) -> str:
    """With small letters in its hexadecimal numbers, as documented."""
    return "".join(
        chr(byte) if byte in UNRESERVED else space if byte == 32 else f"%{byte:02x}" for byte in text.encode()
    )


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


def _hexadecimal(value: int, length: int = 0) -> str:
    return f"{value & 0xFFFF_FFFF_FFFF_FFFF:x}".rjust(min(length, 16), "0")


def _hexadecimal_int(value: int, length: int = 0) -> str:
    return f"{value & 0xFFFF_FFFF:x}".rjust(min(length, 16), "0")


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


def _to_domain(text: str) -> str:
    return ".".join(part if part.isascii() else f"xn--{part.encode('punycode').decode()}" for part in text.split("."))


def _domain(text: str) -> str:
    return ".".join(
        part[4:].encode("ascii").decode("punycode") if part.startswith("xn--") else part for part in text.split(".")
    )


def _text(name: str, doc: str, form: Any, example: str, returns: str = "string", *aliases: str) -> Function:
    signature = local(f"text -> {returns}", form)
    return function(name, doc, signature, example=f"print {name}({example})", aliases=aliases)


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
        "unicode_codepoints_from_string",
        "The code points of a text.",
        lambda t: list(map(ord, t)),
        '"ab"',
        "dynamic",
        "to_utf8",
    ),
    _text(
        "base64_decode_tostring",
        "The text whose bytes in UTF-8 are in base64.",
        _decoded_text,
        '"S3VzdG8="',
        "string",
        "base64_decodestring",
    ),
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
    _text("gzip_compress_to_base64_string", "The text in a gzip envelope, in base64.", _gzip, '"1234567890qwertyuiop"'),
    _text("zlib_compress_to_base64_string", "The text in a zlib envelope, in base64.", _zlib, '"1234567890qwertyuiop"'),
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
    _text("url_encode", "Percent-encoded, with + for a space.", lambda text: _encoded(text, "+"), '"a b"'),
    _text("url_encode_component", "Percent-encoded.", lambda text: _encoded(text, "%20"), '"a b"'),
    _text("parse_url", "The parts of a URL.", _url, '"https://host/path?k=v"', "dynamic", "parseurl"),
    _text(
        "parse_urlquery",
        "The parameters of a URL's query.",
        lambda text: {"Query Parameters": _query_parameters(text)},
        '"a=1&b=2"',
        "dynamic",
        "parseurlquery",
    ),
    _text("parse_path", "The parts of a file's path.", _path, '"/var/log/a.gz"', "dynamic"),
    replace(_text("parse_csv", "The values of one line of CSV.", _csv, "'a,\"b,c\"'", "dynamic"), named="first"),
    _text("punycode_from_string", "A text in Punycode.", lambda t: t.encode("punycode").decode(), '"é"'),
    _text("punycode_to_string", "The text of Punycode.", lambda t: t.encode("ascii").decode("punycode"), '"9ca"'),
    _text("punycode_domain_from_string", "A domain with its parts out of Punycode.", _domain, '"xn--9ca.org"'),
    _text("punycode_domain_to_string", "A domain with its parts in Punycode.", _to_domain, '"é.org"'),
    function(
        "tohex",
        "A whole number in hexadecimal, two's complement.",
        local("int, long? -> string", _hexadecimal_int),
        local("long, long? -> string", _hexadecimal),
        named="first",
        example="print tohex(256)",
    ),
)
