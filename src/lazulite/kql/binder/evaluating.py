"""evaluate: a plugin's call over the rows."""

from __future__ import annotations

from lazulite.kql import syntax as s
from lazulite.kql.binder.expressions import Scope
from lazulite.kql.binder.plugins import PLUGINS, REFUSED
from lazulite.kql.binder.scope import Rel, unknown
from lazulite.kql.errors import semantic, unsupported


def evaluate(scope: Scope, rel: Rel, node: s.Operator) -> Rel:
    """The rows that the plugin gives; a declared schema must be what it gives."""
    assert isinstance(node, s.Evaluate)
    plugin = PLUGINS.get(node.name)
    if plugin is None:
        reason = REFUSED.get(node.name.lower())
        if reason is not None:
            raise unsupported(f"The plugin '{node.name}' ({reason})", node.span)
        raise unknown("plugin", node.name, node.span, PLUGINS)
    found = plugin.bind(plugin.call(scope, rel, node))
    if node.schema is not None and not plugin.declares:
        _check(found, node.name, node.schema)
    return found


def _check(found: Rel, name: str, schema: s.OutputSchema) -> None:
    given = [(column.name, column.ref.type) for column in found.columns]
    if given != [(column.name, column.type) for column in schema.columns] or schema.star:
        forms = ", ".join(f"{column}:{kind}" for column, kind in given)
        raise semantic(f"The columns of {name} are ({forms}), not what is declared", schema.span)
