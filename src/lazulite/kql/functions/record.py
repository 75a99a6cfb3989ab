"""What a function is: one record with its signatures, its SQL for each dialect, its null rule, a doc line, an example.

A signature is written `"string, long? -> long"`: parameter types, `?` optional, `*` any number, `+` one or more, `!`
a constant. A parameter is a Kusto type or one of the classes below (several repeated ones take turns); the result is a
type, `$0` (that of the first argument), `widest` (numbers are computed in their widest type, int as long) or `common`
(the type that all `any` arguments share).

The SQL is a template: `{0}` an argument, `{*}` all of them with commas, `{*1}` those from the second on. An argument
that a template uses twice is computed once by the printer. Where a template cannot say it, a function of the printed
arguments may stand. Results of type string are never null: the printer adds '' unless the signature is total, that is,
null only for null arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from lazulite.kql import types

Template = str | Callable[[list[str]], str]
# What of a call cannot be answered, seen from its constant arguments (None for others): words for the refusal, or "".
Refuses = Callable[[tuple[object, ...]], str]

# How an error() that a template raises begins when the rest is for the query's author to read as it is.
REFUSAL: Final = "refused: "

# Classes of parameters. `text` converts any scalar to string, as Kusto's string functions do with "scalar" parameters;
# `boxed` converts any but dynamic to dynamic.
CLASSES: Final[dict[str, frozenset[str]]] = {
    "any": frozenset(types.SCALARS),
    "text": frozenset(types.SCALARS),
    "boxed": frozenset(types.SCALARS) - {types.DYNAMIC},
    "number": frozenset(types.NUMBERS),
    "integer": frozenset(types.INTEGERS),
    "plain": frozenset(types.SCALARS) - {types.DYNAMIC},
    "restart": frozenset((types.BOOL,)),
    "time": frozenset((types.DATETIME, types.TIMESPAN)),
    "summable": frozenset((*types.NUMBERS, types.TIMESPAN)),
    "ordinal": frozenset((*types.NUMBERS, types.TIMESPAN, types.DATETIME)),
}


@dataclass(frozen=True)
class Parameter:
    """One parameter: a type or a class, and how often it may stand."""

    kind: str
    optional: bool = False
    repeated: bool = False
    constant: bool = False

    def __str__(self) -> str:
        return ("constant " if self.constant else "") + self.kind + ("?" if self.optional else "")


@dataclass(frozen=True)
class Signature:
    """One way to call a function."""

    parameters: tuple[Parameter, ...]
    returns: str
    duckdb: Template | None
    clickhouse: Template | None = None
    total: bool = True
    local: Callable[..., object] | None = None
    refuses: Refuses | None = None

    def parameter(self, position: int) -> Parameter | None:
        """The parameter that an argument at this position meets."""
        if position < len(self.parameters):
            return self.parameters[position]
        turns = [parameter for parameter in self.parameters if parameter.repeated]
        return turns[(position - len(self.parameters)) % len(turns)] if turns else None

    @property
    def least(self) -> int:
        """The fewest arguments."""
        return sum(not parameter.optional for parameter in self.parameters)


# What a form raises for what it cannot compute (a wrong shape, a domain error): the value is null then.
UNANSWERED: Final = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)
_PARAMETER: Final = re.compile(r"([a-z]+)([?*+!]*)")


def sig(text: str, duckdb: Template | None, clickhouse: Template | None = None, *, total: bool = True) -> Signature:
    """A signature from its written form."""
    before, _, returns = text.partition("->")
    parameters = tuple(
        Parameter(kind, "?" in marks or "*" in marks, "*" in marks or "+" in marks, "!" in marks)
        for kind, marks in _PARAMETER.findall(before)
    )
    return Signature(parameters, returns.strip(), duckdb, clickhouse, total)


def local(text: str, form: Callable[..., object], refuses: Refuses | None = None) -> Signature:
    """A signature that SQL cannot say: `form` makes one row's value, in a local stage.

    It gets and gives Python values: ticks for moments and spans, parsed JSON for a dynamic, None for null.
    """
    return replace(sig(text, None, total=False), local=form, refuses=refuses)


@dataclass(frozen=True)
class Function:
    """A function as users know it. `named` is how an unnamed column of it is called:

    "" (Column1), "first" (as its first argument), "sorted" (x_sorted), "name_first" (strlen_x), "pair"
    (covariance_x_y), "prefix" with `prefix` ("list_x"), "alone" with `prefix` only, or "merged" (that of one argument
    with `prefix`; see `binder.names` for more). `finish` names the function of a
    row that makes an aggregate's value of what SQL collected. Where `results` are named, the function gives a list of
    values, and each is a column of the projection that it stands in (series_fit_line_x_slope).
    """

    name: str
    doc: str
    signatures: tuple[Signature, ...]
    example: str
    named: str = ""
    prefix: str = ""
    null: str = "null for null"
    kind: str = "scalar"
    aliases: tuple[str, ...] = ()
    finish: str = ""
    results: tuple[tuple[str, str], ...] = ()


def function(
    name: str,
    doc: str,
    *signatures: Signature,
    example: str = "",
    named: str = "",
    prefix: str = "",
    null: str = "null for null",
    kind: str = "scalar",
    aliases: tuple[str, ...] = (),
    finish: str = "",
    results: tuple[tuple[str, str], ...] = (),
) -> Function:
    """A record; a thin front for tables that read well."""
    return Function(name, doc, signatures, example, named, prefix, null, kind, aliases, finish, results)


def local_text(
    name: str, doc: str, form: Callable[[str], object], example: str, returns: str = "string", *aliases: str
) -> Function:
    """The record of a function of one text that SQL cannot say."""
    signature = local(f"text -> {returns}", form)
    return function(name, doc, signature, example=f"print {name}({example})", aliases=aliases)
