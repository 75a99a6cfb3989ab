"""The page docs/kql-support.md, made from the tables: `python -m lazulite.kql.page > docs/kql-support.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from lazulite.kql.documentation import forms, functions, operators, plugins, refused_plugins, written
from lazulite.kql.functions.record import Function
from lazulite.kql.functions.refused import FAMILIES, REFUSED

HEAD = """# What KQL can do here

Made from the compiler's own tables; a test compares. What is not listed is refused by name, with its position.
"""


def markdown() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    supported = [operator for operator in operators() if operator.supported]
    refused = [f"`{operator.name}`" for operator in operators() if not operator.supported]
    yield f"## Tabular operators ({len(supported)})\n"
    yield "| name | how it is written | what it does |\n| --- | --- | --- |"
    yield from (f"| `{each.name}` | `{_cell(each.syntax)}` | {_cell(each.doc)} |" for each in supported)
    yield f"\nRefused by name: {', '.join(refused)}.\n"
    yield f"## Sources, statements and special forms ({len(forms())})\n"
    yield "| name | how it is written | what it does |\n| --- | --- | --- |"
    yield from (f"| `{each.name}` | `{_cell(each.syntax)}` | {_cell(each.doc)} |" for each in forms())
    yield ""
    yield f"## Plugins of evaluate ({len(plugins())})\n"
    yield "| name | arguments | what it gives |\n| --- | --- | --- |"
    yield from (f"| `{plugin.name}` | `({plugin.form()})` | {_cell(plugin.doc)} |" for plugin in plugins())
    yield "\nRefused by name:\n"
    for reason, names in refused_plugins().items():
        yield f"- {', '.join(f'`{name}`' for name in names)}: {reason}."
    yield ""
    kinds = sorted({function.kind for function in functions()})
    for kind in kinds:
        rows = [function for function in functions() if function.kind == kind]
        yield f"## {kind.capitalize()} ({len(rows)})\n"
        yield "| name | forms | what it gives |\n| --- | --- | --- |"
        yield from (_row(function) for function in rows)
        yield ""
    yield f"## Functions refused by name ({len(REFUSED) + len(FAMILIES)})\n"
    yield "| name | why |\n| --- | --- |"
    families = {f"{beginning}...": why for beginning, why in FAMILIES.items()}
    yield from (f"| `{name}` | {_cell(why)} |" for name, why in sorted({**REFUSED, **families}.items()))


def _row(function: Function) -> str:
    ways = "<br>".join(f"`{written(signature)}`" for signature in function.signatures)
    return f"| `{_cell(function.name)}` | {ways} | {_cell(function.doc)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(markdown())
