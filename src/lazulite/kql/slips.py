"""What was probably meant where the grammar stops: words of other languages, and KQL's own with a letter wrong."""

from __future__ import annotations

from typing import Final

from lazulite.kql.errors import closest

# What may stand behind a value, and is longer than a slip of one letter could turn into anything.
WORDS: Final = (
    *("contains", "contains_cs", "has", "has_cs", "hasprefix", "hasprefix_cs", "hassuffix", "hassuffix_cs"),
    *("startswith", "startswith_cs", "endswith", "endswith_cs", "matches", "between", "has_any", "has_all"),
    *("typeof", "default", "nulls", "first", "last", "with", "step"),
)
LEAST: Final = 4
# Of SQL and of languages with braces. A name with () takes its argument inside them.
FOREIGN: Final = {
    "=": "==",
    "|": "or",
    "like": "contains",
    "ilike": "contains",
    "is": "isnull()",
    "group": "by",
    "order": "| sort by",
    "having": "| where",
    "and": "and",
    "or": "or",
    "not": "not()",
    "xor": "!=",
    "as": "=",
}
CHARACTERS: Final = {"&": "and", "!": "not()", "^": "binary_xor()", "#": "//", "`": "['...']"}


def meant(word: str) -> str | None:
    """What to write in place of a word or symbol that cannot stand where it does; None where it is anybody's guess."""
    found = FOREIGN.get(word.lower())
    if found is not None:
        return found if found != word else None
    return closest(word, WORDS) if len(word) >= LEAST and word.isidentifier() else None
