"""What the language can do here, as data: for the documentation, completion, and the "what is supported" page."""

from __future__ import annotations

from dataclasses import dataclass

from lazulite.kql import operator_texts
from lazulite.kql.binder.plugins import PLUGINS, Plugin
from lazulite.kql.binder.plugins import REFUSED as REFUSED_PLUGINS
from lazulite.kql.functions import FUNCTIONS, OPERATORS, Function, Signature
from lazulite.kql.parser import OPERATORS as TABULAR
from lazulite.kql.parser import REFUSED


@dataclass(frozen=True)
class Operator:
    """A tabular operator: whether it runs here, how it is written, and what it does."""

    name: str
    supported: bool
    syntax: str = ""
    doc: str = ""


@dataclass(frozen=True)
class Form:
    """A word that stands where a query or a statement begins, or that looks like a function and is none."""

    kind: str
    name: str
    syntax: str
    doc: str


def functions() -> tuple[Function, ...]:
    """Every function, aggregate and scalar operator, once, by name."""
    records = {id(record): record for record in (*FUNCTIONS.values(), *OPERATORS.values())}
    shown = [record for record in records.values() if record.kind not in ("choice", "internal")]
    return tuple(sorted(shown, key=lambda record: record.name))


def plugins() -> tuple[Plugin, ...]:
    """Every plugin of `evaluate` that runs here, by name."""
    return tuple(sorted(PLUGINS.values(), key=lambda plugin: plugin.name))


def refused_plugins() -> dict[str, list[str]]:
    """The plugins of Kusto that are refused by name, by the reason."""
    found: dict[str, list[str]] = {}
    for name, reason in sorted(REFUSED_PLUGINS.items()):
        found.setdefault(reason, []).append(name)
    return found


def operators() -> tuple[Operator, ...]:
    """Every tabular operator of KQL, by name."""
    known = dict.fromkeys(TABULAR, True) | dict.fromkeys(REFUSED, False)
    nothing = operator_texts.Text("", "")
    texts = (
        (name, supported, operator_texts.OPERATORS.get(name, nothing)) for name, supported in sorted(known.items())
    )
    return tuple(Operator(name, supported, text.syntax, text.doc) for name, supported, text in texts)


def forms() -> tuple[Form, ...]:
    """Sources, statements and special forms."""
    kinds = (
        ("source", operator_texts.SOURCES),
        ("statement", operator_texts.STATEMENTS),
        ("special", operator_texts.SPECIAL),
    )
    return tuple(Form(kind, name, text.syntax, text.doc) for kind, texts in kinds for name, text in texts.items())


def written(signature: Signature) -> str:
    """A signature as people read it: `(text, long?) -> string`."""
    return f"({', '.join(map(str, signature.parameters))}) -> {signature.returns}"
