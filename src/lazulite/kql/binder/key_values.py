"""parse-kv: a column for each key that a text holds a value for."""

from __future__ import annotations

import json
from typing import Final

from lazulite.kql import syntax as s
from lazulite.kql import types
from lazulite.kql.binder.applied import applied
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.local_calls import with_stages
from lazulite.kql.binder.scope import Rel, materialised, project, unknown
from lazulite.kql.errors import semantic
from lazulite.kql.functions.key_values import captures
from lazulite.kql.plan import Const, Expr, Field, Ref

OPTIONS: Final = ("pair_delimiter", "kv_delimiter", "quote", "escape", "greedy", "regex")
REPEATED: Final = ("quote", "escape")


def parse_kv(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """`parse-kv`: the keys' columns, after the others or in their place."""
    assert isinstance(node, s.ParseKv)
    names = [key.name for key in node.keys]
    if len(set(names)) < len(names):
        raise semantic("A key of parse-kv stands twice", node.span)
    options = _options(scope, node)
    text = convert(scope.bind(node.operand), types.STRING, node.operand.span)
    rel, operand = materialised(scope.context, rel, text)
    if options["regex"]:
        values = _by_regex(node, operand, options)
    else:
        rel, values = _by_delimiters(scope, rel, node, operand, options)
    outputs: dict[str, tuple[Ref, Expr]] = {column.name: (column.ref, column.ref) for column in rel.columns}
    for key, raw in zip(node.keys, values, strict=True):
        value = convert(raw, key.type, key.span)
        outputs[key.name] = (scope.context.fresh(key.type), value)
    return project(rel, ((name, ref, value) for name, (ref, value) in outputs.items()))


def _options(scope: Scope, node: s.ParseKv) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in OPTIONS}
    for name, value in node.options:
        if name not in found:
            raise unknown("option of parse-kv", name, value.span, OPTIONS)
        bound = scope.bind(value)
        kind = types.BOOL if name == "greedy" else types.STRING
        if not isinstance(bound, Const) or bound.type != kind or bound.value is None:
            raise semantic(f"The option '{name}' of parse-kv is a constant of type {kind}", value.span)
        if found[name] and name not in REPEATED:
            raise semantic(f"The option '{name}' of parse-kv stands twice", value.span)
        found[name].append(str(bound.value))
    _check(found, node)
    return found


def _check(options: dict[str, list[str]], node: s.ParseKv) -> None:
    if options["regex"] and any(options[name] for name in OPTIONS if name != "regex"):
        raise semantic("The option 'regex' of parse-kv stands alone", node.span)
    if bool(options["pair_delimiter"]) != bool(options["kv_delimiter"]):
        raise semantic("parse-kv takes both delimiters, pair_delimiter and kv_delimiter, or none", node.span)
    if options["greedy"] == ["True"] and not options["pair_delimiter"]:
        raise semantic("parse-kv with greedy=true needs its delimiters", node.span)
    if "" in (*options["pair_delimiter"], *options["kv_delimiter"]):
        raise semantic("A delimiter of parse-kv is not empty", node.span)
    if any(not 1 <= len(quote) <= 2 for quote in options["quote"]):
        raise semantic("A quote of parse-kv is one character, or an opening and a closing one", node.span)
    if any(len(escape) != 1 for escape in options["escape"]):
        raise semantic("An escape of parse-kv is one character", node.span)
    if options["regex"] and captures(options["regex"][0]) != 2:
        raise semantic("The regular expression of parse-kv captures two groups: the key and the value", node.span)


def _by_delimiters(
    scope: Scope, rel: Rel, node: s.ParseKv, text: Ref, options: dict[str, list[str]]
) -> tuple[Rel, list[Expr]]:
    """The rows with a bag that a local stage makes of the text, and its members."""
    specification = {
        "pair": "".join(options["pair_delimiter"]),
        "value": "".join(options["kv_delimiter"]),
        "quotes": options["quote"],
        "escapes": options["escape"],
        "greedy": options["greedy"] == ["True"],
        "keys": [key.name for key in node.keys],
    }
    read = applied("$pairs", text, Const(types.STRING, json.dumps(specification)))
    bag = scope.context.fresh(types.DYNAMIC)
    rel = with_stages(scope.context, rel, {read: bag})
    members = [Field(types.DYNAMIC, bag, Const(types.STRING, key.name)) for key in node.keys]
    return rel, [convert(member, types.STRING, node.span) for member in members]


def _by_regex(node: s.ParseKv, text: Ref, options: dict[str, list[str]]) -> list[Expr]:
    pattern = Const(types.STRING, options["regex"][0])
    return [applied("$pair_of", text, pattern, Const(types.STRING, key.name)) for key in node.keys]
