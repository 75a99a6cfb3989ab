"""Data on its way to a terminal: control sequences inside it are shown, not obeyed.

Log lines and job names come from anywhere; an escape sequence in one could retitle the window, hide rows or type.
"""

from __future__ import annotations

import unicodedata

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Cc: C0, DEL and C1 controls; Cf: the bidirectional overrides that reorder what a reader sees; Zl, Zp break lines.
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


def _shown(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str, keep: str = "") -> str:
    """`text` with every control and reordering character as a backslash escape, but for those in `keep`."""
    if text.isprintable():
        return text
    return "".join(
        character if character in keep or unicodedata.category(character) not in _HIDDEN else _shown(character)
        for character in text
    )


def visible_json(text: str) -> str:
    """The same inside JSON text, as JSON's own escapes, so that it still parses to what it was."""
    if text.isprintable():
        return text
    return "".join(_json_shown(character) for character in text)


def _json_shown(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in _HIDDEN:
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
