"""The page of what is supported is the one that the tables give."""

from __future__ import annotations

from lazulite.kql.page import markdown
from tests.conftest import ROOT


def test_the_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "kql-support.md").read_text(encoding="utf-8")
    assert page == markdown(), "make it anew: python -m lazulite.kql.page > docs/kql-support.md"
