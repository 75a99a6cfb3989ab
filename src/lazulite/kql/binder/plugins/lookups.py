"""ipv4_lookup and ipv6_lookup: rows joined with the networks that their addresses are in."""

from __future__ import annotations

from typing import Final

from lazulite.kql import types
from lazulite.kql.binder.applied import applied
from lazulite.kql.binder.local_calls import with_stages
from lazulite.kql.binder.plugins.record import Call, Plugin
from lazulite.kql.binder.plugins.template import bound, under
from lazulite.kql.binder.scope import Col, Meaning, Rel, renewed, unique
from lazulite.kql.errors import semantic
from lazulite.kql.plan import Const, Ref

# Each different address is compared by the lengths of prefixes that there are: an equality that the engine can hash.
MATCHES: Final = """
let networks = look | where bits != "" | extend size = strlen(bits), one = 1;
let matched = addresses
    | where bits != ""
    | project key, address = bits, one = 1
    | join kind=inner (networks | summarize by size, one) on one
    | where strlen(address) >= size
    | extend bits = substring(address, 0, size)
    | join kind=inner networks on bits;
rows | join kind={kind} matched on key
"""
# How many bits an address has.
WIDTH_4, WIDTH_6 = 32, 128


def _lookup(call: Call, width: int) -> Rel:
    source, (name, key) = call.rel, call.column("SourceKey")
    table = renewed(call.scope.context, call.table("LookupTable"))
    other_name, other = _lookup_key(call, table)
    for column, ref in ((name, key), (other_name, other)):
        if ref.type != types.STRING:
            raise semantic(f"The address '{column}' is of type {ref.type}, not string", call.node.span)
    rows = under(source, {"key": key, **{f"s{at}": column.ref for at, column in enumerate(source.columns)}})
    addresses = bound(call.scope, "rows | distinct key", {"rows": rows}, call.node.span)
    names: dict[str, Meaning] = {
        "rows": rows,
        "addresses": _with_bits(call, addresses, addresses.by_name["key"], width, "key"),
        "look": _with_bits(call, table, other, width, "l"),
    }
    kind = "leftouter" if call.flag("return_unmatched", False) else "inner"
    found = bound(call.scope, MATCHES.replace("{kind}", kind), names, call.node.span)
    sides = [("s", source), ("l", table)]
    # As documented: the one plugin gives the rows' own columns first, the other those of the lookup table.
    return _named(found, sides if width == WIDTH_4 else sides[::-1])


def _with_bits(call: Call, rel: Rel, address: Ref, width: int, name: str) -> Rel:
    """The rows under names of their own, and the bits of their addresses, which a local stage finds."""
    bits = call.scope.context.fresh(types.STRING)
    form = applied("$address_bits", address, Const(types.LONG, width))
    columns = {name if name == "key" else f"{name}{at}": column.ref for at, column in enumerate(rel.columns)}
    return under(with_stages(call.scope.context, rel, {form: bits}), {**columns, "bits": bits})


def _lookup_key(call: Call, table: Rel) -> tuple[str, Ref]:
    node = call.arguments["LookupKey"]
    name = getattr(node, "text", None)
    if not isinstance(name, str):
        raise semantic(f"{call.node.name} takes the name of a column of the lookup table here", node.span)
    return name, table.column(name, node.span)


def _named(found: Rel, sides: list[tuple[str, Rel]]) -> Rel:
    """The columns of one side, then those of the other, numbered where both have a name."""
    columns, made = [], found.by_name
    taken: list[str] = []
    for prefix, rel in sides:
        for at, column in enumerate(rel.columns):
            name = unique(column.name, taken)
            taken.append(name)
            columns.append(Col(name, made[f"{prefix}{at}"]))
    return Rel(found.plan, tuple(columns))


_NETWORKS: Final = "datatable(net:string, place:string)['10.0.0.0/8', 'here']"
PLUGINS: Final = (
    Plugin(
        "ipv4_lookup",
        "The rows with the columns of each network that their IPv4 address is in.",
        ("LookupTable", "SourceKey", "LookupKey", "return_unmatched"),
        3,
        lambda call: _lookup(call, WIDTH_4),
        f"print ip = '10.1.2.3' | evaluate ipv4_lookup(({_NETWORKS}), ip, net)",
    ),
    Plugin(
        "ipv6_lookup",
        "The rows with the columns of each network that their IPv6 address is in.",
        ("LookupTable", "SourceKey", "LookupKey", "return_unmatched"),
        3,
        lambda call: _lookup(call, WIDTH_6),
        "print ip = 'fe80::1' | evaluate ipv6_lookup((datatable(net:string)['fe80::/10']), ip, net)",
    ),
)
