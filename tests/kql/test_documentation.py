"""What is shown of the language is complete."""

from __future__ import annotations

from lazulite.kql import documentation
from lazulite.kql.parser.queries import SOURCES


def test_every_operator_has_a_syntax_and_a_doc_line() -> None:
    lacking = [each.name for each in documentation.operators() if not each.doc.endswith(".") or not each.syntax]
    assert lacking == [], "give it a line in kql/operator_texts.py"
    for each in documentation.operators():
        assert each.syntax.split(" ")[0] == each.name


def test_every_source_is_among_the_forms() -> None:
    assert {each.name for each in documentation.forms() if each.kind == "source"} == set(SOURCES)


def test_every_form_and_function_has_a_doc_line() -> None:
    assert all(each.doc.endswith(".") and each.name in each.syntax for each in documentation.forms())
    assert all(record.doc for record in documentation.functions())
