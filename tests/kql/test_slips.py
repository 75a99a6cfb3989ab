"""What was probably meant where the grammar stops."""

from __future__ import annotations

import pytest

from lazulite.kql.parser.expressions import MEMBERSHIPS, STRING_OPERATORS
from lazulite.kql.slips import LEAST, WORDS, meant


@pytest.mark.parametrize(
    ("word", "suggestion"),
    [
        ("=", "=="),
        ("LIKE", "contains"),
        ("AND", "and"),
        ("and", None),
        ("startswiht", "startswith"),
        ("contain", "contains"),
        ("hasprefx", "hasprefix"),
        ("is", "isnull()"),
        ("ha", None),
        ("", None),
        ("==", None),
        ("quite_different", None),
    ],
)
def test_what_was_meant(word: str, suggestion: str | None) -> None:
    assert meant(word) == suggestion


def test_every_operator_that_is_a_word_can_be_suggested() -> None:
    words = {word for word in (*STRING_OPERATORS, *MEMBERSHIPS) if len(word) >= LEAST and word.isidentifier()}
    assert words <= set(WORDS)
