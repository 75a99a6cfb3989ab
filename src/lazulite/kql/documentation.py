"""What the language can do here, as data: for the documentation, completion, and the "what is supported" page."""

from __future__ import annotations

from dataclasses import dataclass

from lazulite.kql.binder.plugins import PLUGINS, Plugin
from lazulite.kql.binder.plugins import REFUSED as REFUSED_PLUGINS
from lazulite.kql.functions import FUNCTIONS, OPERATORS, Function
from lazulite.kql.parser import OPERATORS as TABULAR
from lazulite.kql.parser import REFUSED


@dataclass(frozen=True)
class Operator:
    """A tabular operator, and whether it runs here."""

    name: str
    supported: bool


def functions() -> tuple[Function, ...]:
    """Every function, aggregate and scalar operator, once, by name."""
    records = {id(record): record for record in (*FUNCTIONS.values(), *OPERATORS.values())}
    shown = [record for record in records.values() if record.kind not in ("choice", "internal")]
    return tuple(sorted(shown, key=lambda record: record.name))


def plugins() -> tuple[Plugin, ...]:
    """Every plugin of `evaluate` that runs here, by name."""
    return tuple(sorted(PLUGINS.values(), key=lambda plugin: plugin.name))


def refused_plugins() -> tuple[str, ...]:
    """The plugins of Kusto that are refused by name."""
    return tuple(sorted(REFUSED_PLUGINS))


def operators() -> tuple[Operator, ...]:
    """Every tabular operator of KQL, by name."""
    known = dict.fromkeys(TABULAR, True) | dict.fromkeys(REFUSED, False)
    return tuple(Operator(name, supported) for name, supported in sorted(known.items()))
