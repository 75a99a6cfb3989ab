"""What Azure Monitor's public service refuses although it is answered here, as far as the syntax tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lazulite.kql.errors import KqlError, limit, unsupported
from lazulite.kql.parser import parse
from lazulite.kql.schema import Options
from lazulite.kql.scopes import ScopedTable
from lazulite.kql.syntax import Call, Literal, Node, walk
from lazulite.kql.tokens import tokenize

# Scope -> what to do instead.
SCOPES: Final = {"database": "use workspace()"}
MAX_WORKSPACES: Final = 100


def differences(query: str, options: Options) -> list[KqlError]:
    """What the public service would refuse in a query that parses; raises KqlError for one that does not."""
    tree = parse(tokenize(query, options), options)
    return [error.locate(query) for error in _differences(tree)]


def _differences(tree: Node) -> Iterator[KqlError]:
    named: set[str] = set()
    for node in walk(tree):
        if not isinstance(node, ScopedTable):
            continue
        for call in node.scopes:
            yield from _scope(call)
            named.update(str(one.value).lower() for one in call.arguments if isinstance(one, Literal))
    # One place is left for the workspace that is asked itself.
    if len(named) >= MAX_WORKSPACES:
        yield limit(f"The query names {len(named)} workspaces, and at most {MAX_WORKSPACES} may be asked", tree.span)


def _scope(call: Call) -> Iterator[KqlError]:
    if call.name in SCOPES:
        yield unsupported(f"{call.name}() ({SCOPES[call.name]})", call.span)
    if not all(isinstance(argument, Literal) for argument in call.arguments):
        yield unsupported(f"{call.name}() of anything but a literal", call.span)
