"""Aggregates of numbers and moments: many rows to one value. Null values are passed over."""

from __future__ import annotations

from typing import Final

from lazulite.kql.functions.record import Function, Signature, function, sig

NULLS: Final = "nulls are passed over"


def aggregate(
    name: str,
    doc: str,
    *signatures: Signature,
    prefix: str | None = None,
    named: str = "prefix",
    aliases: tuple[str, ...] = (),
    finish: str = "",
    example: str = "",
) -> Function:
    """An aggregate; unnamed columns of it are called prefix_x."""
    return function(
        name,
        doc,
        *signatures,
        named=named,
        prefix=name if prefix is None else prefix,
        null=NULLS,
        kind="aggregate",
        aliases=aliases,
        example=example or f"T | summarize {name}(x)",
        finish=finish,
    )


def filtered(text: str, form: str) -> tuple[Signature, Signature]:
    """A form without and with a predicate after the other arguments. {f} marks where the filter goes."""
    before, _, returns = text.partition("->")
    position = len(before.split(",")) if before.strip() else 0
    given = f"{before.strip()}, bool" if position else "bool"
    where = form.replace("{f}", f" FILTER (WHERE {{{position}}})")
    return sig(text, form.replace("{f}", ""), total=False), sig(f"{given} -> {returns}", where, total=False)


def with_if(
    name: str, doc: str, *forms: tuple[str, str], named: str = "prefix", example: str = "x", plain: bool = True
) -> tuple[Function, ...]:
    """An aggregate and its `...if`, which takes a predicate last."""
    pairs = [filtered(text, form) for text, form in forms]
    condition = f"{doc} Of rows for which the last argument is true."
    return (
        aggregate(name, doc, *(pair[0] for pair in pairs), named=named, example=f"T | summarize {name}({example})"),
        aggregate(
            f"{name}if",
            condition,
            *(pair[1] for pair in pairs),
            named=named,
            example=f"T | summarize {name}if({example}, x > 1)",
        ),
    )


# The mean of decimals in whole numbers of 1e-17, rounded half away from zero: SQL divides decimals as doubles.
UNIT: Final = "100000000000000000::HUGEINT"
_WHOLE: Final = f"(trunc(s)::HUGEINT * {UNIT} + ((s - trunc(s)) * 100000000000000000::DECIMAL(18,0))::HUGEINT)"
DECIMAL_MEAN: Final = (
    "list_transform([sum({0}){f}], lambda s: "
    "list_transform([("
    + _WHOLE
    + " + sign(s)::HUGEINT * (count({0}){f} // 2)) // nullif(count({0}){f}, 0)], lambda q: "
    f"(q // {UNIT})::DECIMAL(38,17) + (q % {UNIT})::DECIMAL(18,0) * 0.00000000000000001::DECIMAL(18,17))[1])[1]"
)
TICKS_MEAN: Final = "(sum({0}){f} // nullif(count({0}){f}, 0))::BIGINT"


def _spread(name: str, doc: str, form: str) -> tuple[Function, ...]:
    of = f"coalesce({form}({{0}}){{f}}, 0::DOUBLE)"
    return with_if(name, doc, ("real -> real", of), ("decimal -> real", of.replace("{0}", "{0}::DOUBLE")))


def _covariance(name: str, doc: str, form: str) -> tuple[Function, ...]:
    return with_if(name, doc, ("real, real -> real", f"{form}({{0}}, {{1}}){{f}}"), named="pair", example="x, y")


def _different(name: str, doc: str, kinds: str, accuracy: bool) -> tuple[Function, ...]:
    """Counts of different values. A dynamic counts by its text, whose keys are in order."""
    forms = [(kinds, "{0}"), *([("dynamic", "{0}::JSON::VARCHAR")] if accuracy else [])]
    plain = [(kind, f"count(DISTINCT {form})") for kind, form in forms]
    more = (("", ""), (", long!", "")) if accuracy else (("", ""),)
    where = f"{doc} Of rows for which the second argument is true."
    return (
        aggregate(name, doc, *(sig(f"{kind}{last} -> long", form) for kind, form in plain for last, _ in more)),
        aggregate(
            f"{name}if",
            where,
            *(
                sig(f"{kind}, bool{last} -> long", f"{form} FILTER (WHERE {{1}})")
                for kind, form in plain
                for last, _ in more
            ),
            example=f"T | summarize {name}if(x, x > 1)",
        ),
    )


COUNTS: Final[tuple[Function, ...]] = (
    aggregate(
        "count",
        "How many rows; an argument names the column and nothing else.",
        sig("-> long", "count(*)"),
        sig("any -> long", "count(*)"),
    ),
    aggregate(
        "cnt", "count() under an older name.", sig("-> long", "count(*)"), named="prefix", example="T | summarize cnt()"
    ),
    aggregate(
        "countif",
        "For how many rows the argument is true.",
        sig("bool -> long", "count(*) FILTER (WHERE {0})"),
        example="T | summarize countif(x > 1)",
    ),
    *_different("dcount", "How many different values, counted exactly whatever the accuracy.", "plain", True),
    *_different("count_distinct", "How many different values.", "plain", False),
)
SUMS: Final[tuple[Function, ...]] = (
    *with_if(
        "sum",
        "The sum; 0 of nothing.",
        ("integer -> long", "coalesce(sum({0}){f}, 0)::BIGINT"),
        ("real -> real", "coalesce(sum({0}){f}, 0::DOUBLE)"),
        ("decimal -> decimal", "coalesce(sum({0}){f}, 0::DECIMAL(38,17))"),
        ("timespan -> timespan", "coalesce(sum({0}){f}, 0)::BIGINT"),
        ("datetime -> datetime", "coalesce(sum({0}){f}, 0)::BIGINT"),
    ),
    *with_if(
        "avg",
        "The mean; NaN of no numbers.",
        ("integer -> real", "coalesce(avg({0}){f}, 'NaN'::DOUBLE)"),
        ("real -> real", "coalesce(avg({0}){f}, 'NaN'::DOUBLE)"),
        ("decimal -> decimal", DECIMAL_MEAN),
        ("timespan -> timespan", TICKS_MEAN),
        ("datetime -> datetime", TICKS_MEAN),
    ),
    *with_if(
        "min",
        "The least value.",
        ("ordinal -> $0", "min({0}){f}"),
        ("string -> string", "min({0}){f}"),
        ("bool -> bool", "min({0}){f}"),
    ),
    *with_if(
        "max",
        "The greatest value.",
        ("ordinal -> $0", "max({0}){f}"),
        ("string -> string", "max({0}){f}"),
        ("bool -> bool", "max({0}){f}"),
    ),
)
SPREADS: Final[tuple[Function, ...]] = (
    *_spread("stdev", "Standard deviation of a sample.", "stddev_samp"),
    *_spread("stdevp", "Standard deviation of all.", "stddev_pop")[:1],
    *_spread("variance", "Variance of a sample.", "var_samp"),
    *_spread("variancep", "Variance of all.", "var_pop"),
    *_covariance("covariance", "Covariance of a sample.", "covar_samp"),
    *_covariance("covariancep", "Covariance of all.", "covar_pop"),
)
BITS: Final = tuple(
    aggregate(
        f"binary_all_{word}",
        f"All values, {word}-ed bit by bit.",
        sig("int -> int", f"bit_{word}({{0}})", total=False),
        sig("long -> long", f"bit_{word}({{0}})", total=False),
        named="first",
    )
    for word in ("and", "or", "xor")
)
# Their columns come from the binder: a row's columns are several results.
ROWS: Final = tuple(
    function(name, doc, kind="aggregate", named=named, prefix=prefix, example=f"T | summarize {example}")
    for name, doc, example, named, prefix in (
        ("arg_max", "Columns of the row where a value is greatest.", "arg_max(TimeGenerated, *) by Key", "", ""),
        ("arg_min", "Columns of the row where a value is least.", "arg_min(TimeGenerated, *) by Key", "", ""),
        ("argmax", "arg_max under an older name; its columns are called max_...", "argmax(x, y) by Key", "", ""),
        ("argmin", "arg_min under an older name; its columns are called min_...", "argmin(x, y) by Key", "", ""),
        ("take_any", "Columns of any row; of one column a value that is not empty.", "take_any(*) by Key", "", ""),
        ("any", "take_any under an older name; its columns are called any_...", "any(x)", "", ""),
    )
)
_FIRST: Final = ("any -> $0", "any_value({0})"), ("string -> string", "any_value(nullif({0}, ''))")
ANY: Final[tuple[Function, ...]] = tuple(
    aggregate(
        name,
        "A value that is not empty, of any row for which the second argument is true.",
        *(
            sig(text.replace(" ->", ", bool ->"), f"{form} FILTER (WHERE {{1}})", total=False)
            for text, form in reversed(_FIRST)
        ),
        named=named,
        example=f"T | summarize {name}(x, y > 2)",
    )
    for name, named in (("take_anyif", "first"), ("anyif", "prefix"))
)
FUNCTIONS: Final[tuple[Function, ...]] = (*COUNTS, *SUMS, *SPREADS, *BITS, *ROWS, *ANY)
