"""Functions of the table applied by the binder itself, to values that are bound: no text of the query calls them."""

from __future__ import annotations

from lazulite.kql.functions import record_of
from lazulite.kql.plan import Aggregated, Apply, Expr, Order, Ref, Windowed


def applied(name: str, *arguments: Expr, kind: str = "", form: int = 0) -> Apply:
    """The function by its signature at `form`; `kind` is the result's type where the signature does not say it."""
    record = record_of(name)
    signature = record.signatures[form]
    return Apply(kind or signature.returns, record.name, signature, arguments)


def fitting(name: str, *arguments: Expr) -> Apply:
    """The function by the signature whose first parameter has the type of the first argument."""
    record = record_of(name)
    kinds = (arguments[0].type, "any")
    signature = next(one for one in record.signatures if one.parameters[0].kind in kinds)
    return Apply(signature.returns, record.name, signature, arguments)


def iff(condition: Expr, one: Expr, other: Expr) -> Apply:
    """One of two values of one type."""
    return applied("iff", condition, one, other, kind=one.type)


def collected(name: str, *arguments: Expr, kind: str = "") -> Aggregated:
    """The aggregate by the first signature with so many parameters."""
    record = record_of(name)
    signature = next(one for one in record.signatures if len(one.parameters) == len(arguments))
    return Aggregated(kind or signature.returns, record.name, signature, arguments)


def windowed(
    name: str, *arguments: Expr, order: tuple[Order, ...], partition: tuple[Ref, ...] = (), form: int = 0
) -> Windowed:
    """The window function by its signature at `form`, over rows in this order."""
    record = record_of(name)
    signature = record.signatures[form]
    return Windowed(signature.returns, record.name, signature, arguments, order, partition)
