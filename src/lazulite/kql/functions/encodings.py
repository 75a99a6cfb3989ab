"""Texts as bytes and bytes as texts: base64, gzip, Punycode, percents, code points. One row at a time, locally."""

from __future__ import annotations

import base64
import uuid
import zlib
from collections.abc import Callable
from typing import Any, Final

from lazulite.kql.errors import runtime
from lazulite.kql.functions.arrays import array
from lazulite.kql.functions.record import Function, function, local, local_text

Json = Any
MAX_UNPACKED: Final = 1 << 24
# No name, no time, and a system that is not said.
GZIP_HEADER: Final = bytes.fromhex("1f8b08000000000000ff")
ZLIB_HEADER: Final = bytes.fromhex("7801")
UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!*()")


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
    unpacker = zlib.decompressobj(bits)
    try:
        data = unpacker.decompress(_decoded(text), MAX_UNPACKED)
    except zlib.error as error:
        raise ValueError(text) from error
    if not unpacker.eof and len(data) >= MAX_UNPACKED:
        raise runtime(f"A text would unpack to more than {MAX_UNPACKED // 1024 // 1024} MB")
    if not unpacker.eof:
        raise ValueError(text)
    return data.decode("utf-8")


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


def _encoded(text: str, space: str) -> str:
    """With small letters in its hexadecimal numbers, as documented."""
    return "".join(
        chr(byte) if byte in UNRESERVED else space if byte == 32 else f"%{byte:02x}" for byte in text.encode()
    )


def _hexadecimal(value: int, length: int = 0) -> str:
    return f"{value & 0xFFFF_FFFF_FFFF_FFFF:x}".rjust(min(length, 16), "0")


def _hexadecimal_int(value: int, length: int = 0) -> str:
    return f"{value & 0xFFFF_FFFF:x}".rjust(min(length, 16), "0")


def _to_domain(text: str) -> str:
    return ".".join(part if part.isascii() else f"xn--{part.encode('punycode').decode()}" for part in text.split("."))


def _domain(text: str) -> str:
    return ".".join(
        part[4:].encode("ascii").decode("punycode") if part.startswith("xn--") else part for part in text.split(".")
    )


FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "unicode_codepoints_to_string",
        "The text of code points.",
        local("dynamic+ -> string", _code_points),
        example="print unicode_codepoints_to_string(75, 117)",
        aliases=("make_string",),
    ),
    local_text(
        "unicode_codepoints_from_string",
        "The code points of a text.",
        lambda t: list(map(ord, t)),
        '"ab"',
        "dynamic",
        "to_utf8",
    ),
    local_text(
        "base64_decode_tostring",
        "The text whose bytes in UTF-8 are in base64.",
        _decoded_text,
        '"S3VzdG8="',
        "string",
        "base64_decodestring",
    ),
    local_text(
        "base64_decode_toarray", "The bytes that are in base64.", lambda t: list(_decoded(t)), '"S3VzdG8="', "dynamic"
    ),
    local_text("base64_decode_toguid", "The guid whose bytes are in base64.", _decoded_guid, '"abcd1231"', "guid"),
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
    local_text(
        "gzip_decompress_from_base64_string",
        "The text that gzip and base64 hold.",
        lambda text: _unpacked(text, 31),
        '"H4sIAAAAAAAA/wEUAOv/MTIzNDU2Nzg5MHF3ZXJ0eXVpb3A6m7f2FAAAAA=="',
    ),
    local_text(
        "zlib_decompress_from_base64_string",
        "The text that zlib and base64 hold.",
        lambda text: _unpacked(text, 15),
        '"eJwLSS0uUSguKcrMS1cwNDIGACxqBQ4="',
    ),
    local_text(
        "gzip_compress_to_base64_string", "The text in a gzip envelope, in base64.", _gzip, '"1234567890qwertyuiop"'
    ),
    local_text(
        "zlib_compress_to_base64_string", "The text in a zlib envelope, in base64.", _zlib, '"1234567890qwertyuiop"'
    ),
    local_text("url_encode", "Percent-encoded, with + for a space.", lambda text: _encoded(text, "+"), '"a b"'),
    local_text("url_encode_component", "Percent-encoded.", lambda text: _encoded(text, "%20"), '"a b"'),
    local_text("punycode_from_string", "A text in Punycode.", lambda t: t.encode("punycode").decode(), '"é"'),
    local_text("punycode_to_string", "The text of Punycode.", lambda t: t.encode("ascii").decode("punycode"), '"9ca"'),
    local_text("punycode_domain_from_string", "A domain with its parts out of Punycode.", _domain, '"xn--9ca.org"'),
    local_text("punycode_domain_to_string", "A domain with its parts in Punycode.", _to_domain, '"é.org"'),
    function(
        "tohex",
        "A whole number in hexadecimal, two's complement.",
        local("int, long? -> string", _hexadecimal_int),
        local("long, long? -> string", _hexadecimal),
        named="first",
        example="print tohex(256)",
    ),
)
