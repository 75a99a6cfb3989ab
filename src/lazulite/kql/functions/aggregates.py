"""Aggregates: many rows to one value. `{order}` is the order of the input rows, where they have one."""

from __future__ import annotations

from typing import Final

from lazulite.kql.functions.record import Function, Signature, function, sig


def _aggregate(
    name: str,
    doc: str,
    *signatures: Signature,
    prefix: str | None = None,
    null: str = "",
    aliases: tuple[str, ...] = (),
) -> Function:
    return function(
        name,
        doc,
        *signatures,
        named="prefix",
        prefix=name if prefix is None else prefix,
        null=null or "nulls are passed over",
        kind="aggregate",
        aliases=aliases,
        example=f"T | summarize {name}(x)",
    )


def _with_if(
    name: str, doc: str, *forms: tuple[str, str], prefix: str | None = None, null: str = ""
) -> tuple[Function, ...]:
    """An aggregate and its `...if`, which takes a predicate last. In a form {f} marks where the filter goes."""
    plain = [sig(text, form.replace("{f}", ""), total=False) for text, form in forms]
    where = []
    for text, form in forms:
        before, _, returns = text.partition("->")
        position = len(before.split(","))
        filtered = form.replace("{f}", f" FILTER (WHERE {{{position}}})")
        where.append(sig(f"{before}, bool -> {returns}", filtered, total=False))
    return (
        _aggregate(name, doc, *plain, prefix=prefix, null=null),
        _aggregate(f"{name}if", f"{doc} Rows for which the last argument is true.", *where, prefix=prefix, null=null),
    )


def _list(name: str, distinct: str, kind: str, prefix: str, doc: str) -> tuple[Function, ...]:
    # In order, so that a limit cuts the same values every time.
    order = " ORDER BY {0}" if distinct else "{order}"
    whole = f"list({distinct}{{0}}{order}) FILTER (WHERE {{0}} IS NOT NULL{{f}})"

    def form(condition: str, limit: str = "") -> str:
        found = f"coalesce({whole.replace('{f}', condition)}, []::VARIANT[])"
        return f"list_slice({found}, 1, {limit})::VARIANT" if limit else f"({found})::VARIANT"

    return (
        _aggregate(
            name,
            doc,
            sig(f"{kind} -> dynamic", form("")),
            sig(f"{kind}, long! -> dynamic", form("", "{1}")),
            prefix=prefix,
        ),
        _aggregate(
            f"{name}_if",
            f"{doc} Rows for which the second argument is true.",
            sig(f"{kind}, bool -> dynamic", form(" AND {1}")),
            sig(f"{kind}, bool, long! -> dynamic", form(" AND {1}", "{2}")),
            prefix=prefix,
        ),
    )


BAGS: Final = (
    "to_json(list_reduce(list(TRY_CAST({0}::JSON AS MAP(VARCHAR, JSON)){order}) "
    "FILTER (WHERE variant_type({0}) = 'OBJECT'{f}), lambda a, b: map_concat(a, b)))::VARIANT"
)
FUNCTIONS: Final[tuple[Function, ...]] = (
    _aggregate(
        "count",
        "How many rows; an argument names the column and nothing else.",
        sig("-> long", "count(*)"),
        sig("any -> long", "count(*)"),
    ),
    _aggregate(
        "countif", "For how many rows the argument is true.", sig("bool -> long", "count(*) FILTER (WHERE {0})")
    ),
    *_with_if(
        "sum",
        "The sum; 0 of nothing.",
        ("integer -> long", "coalesce(sum({0}){f}, 0)::BIGINT"),
        ("real -> real", "coalesce(sum({0}){f}, 0::DOUBLE)"),
        ("decimal -> decimal", "coalesce(sum({0}){f}, 0::DECIMAL(38,17))"),
        ("timespan -> timespan", "coalesce(sum({0}){f}, 0)::BIGINT"),
    ),
    *_with_if(
        "avg",
        "The mean; NaN of nothing.",
        ("integer -> real", "coalesce(avg({0}){f}, 'NaN'::DOUBLE)"),
        ("real -> real", "coalesce(avg({0}){f}, 'NaN'::DOUBLE)"),
        ("decimal -> decimal", "(avg({0}){f})::DECIMAL(38,17)"),
        ("timespan -> timespan", "(sum({0}){f} // nullif(count({0}){f}, 0))::BIGINT"),
        ("datetime -> datetime", "(sum({0}){f} // nullif(count({0}){f}, 0))::BIGINT"),
    ),
    *_with_if("min", "The least value.", ("ordinal -> $0", "min({0}){f}"), ("string -> string", "min({0}){f}")),
    *_with_if("max", "The greatest value.", ("ordinal -> $0", "max({0}){f}"), ("string -> string", "max({0}){f}")),
    *_with_if("stdev", "Standard deviation of a sample.", ("real -> real", "coalesce(stddev_samp({0}){f}, 0::DOUBLE)")),
    *_with_if("variance", "Variance of a sample.", ("real -> real", "coalesce(var_samp({0}){f}, 0::DOUBLE)")),
    _aggregate("stdevp", "Standard deviation of all.", sig("real -> real", "coalesce(stddev_pop({0}), 0::DOUBLE)")),
    _aggregate("variancep", "Variance of all.", sig("real -> real", "coalesce(var_pop({0}), 0::DOUBLE)")),
    _aggregate(
        "dcount",
        "How many different values, counted exactly.",
        sig("plain -> long", "count(DISTINCT {0})"),
        sig("plain, long -> long", "count(DISTINCT {0})"),
    ),
    _aggregate(
        "dcountif",
        "How many different values in rows for which the second argument is true, counted exactly.",
        sig("plain, bool -> long", "count(DISTINCT {0}) FILTER (WHERE {1})"),
        sig("plain, bool, long -> long", "count(DISTINCT {0}) FILTER (WHERE {1})"),
    ),
    *(
        function(
            name,
            doc,
            sig("real, real -> real", form.replace("{f}", ""), total=False),
            named="pair",
            kind="aggregate",
            example=f"T | summarize {name}(x, y)",
        )
        for name, doc, form in (
            ("covariance", "Covariance of a sample.", "covar_samp({0}, {1})"),
            ("covariancep", "Covariance of all.", "covar_pop({0}, {1})"),
        )
    ),
    function(
        "covarianceif",
        "Covariance of a sample, of rows for which the last argument is true.",
        sig("real, real, bool -> real", "covar_samp({0}, {1}) FILTER (WHERE {2})", total=False),
        named="pair",
        kind="aggregate",
        example="T | summarize covarianceif(x, y, x > 1)",
    ),
    _aggregate(
        "make_bag",
        "All members of all bags; of equal names the last.",
        sig("dynamic -> dynamic", BAGS.replace("{f}", ""), total=False),
        prefix="bag",
    ),
    _aggregate(
        "make_bag_if",
        "All members of bags for which the second argument is true.",
        sig("dynamic, bool -> dynamic", BAGS.replace("{f}", " AND {1}"), total=False),
        prefix="bag",
    ),
    _aggregate("count_distinct", "How many different values.", sig("plain -> long", "count(DISTINCT {0})")),
    _aggregate(
        "count_distinctif",
        "How many different values where.",
        sig("plain, bool -> long", "count(DISTINCT {0}) FILTER (WHERE {1})"),
    ),
    *_list("make_list", "", "dynamic", "list", "All values, as an array."),
    *_list("make_set", "DISTINCT ", "boxed", "set", "All different values, as an array."),
    *(
        function(name, doc, kind="aggregate", named="first", example=f"T | summarize {example}")
        for name, doc, example in (
            ("arg_max", "Columns of the row where a value is greatest.", "arg_max(TimeGenerated, *) by Key"),
            ("arg_min", "Columns of the row where a value is least.", "arg_min(TimeGenerated, *) by Key"),
            ("take_any", "Columns of any row.", "take_any(*) by Key"),
            ("percentiles", "Several percentiles, a column each.", "percentiles(x, 50, 95)"),
        )
    ),
    _aggregate(
        "percentile",
        "The value that so many percent do not exceed: one of the values.",
        sig("integer, real -> long", "quantile_disc({0}, {1} / 100.0)::BIGINT", total=False),
        sig("ordinal, real -> $0", "quantile_disc({0}, {1} / 100.0)", total=False),
    ),
    *(
        function(
            f"binary_all_{word}",
            f"All values, {word}-ed bit by bit.",
            sig("long -> long", f"bit_{word}({{0}})", total=False),
            named="first",
            kind="aggregate",
            example=f"T | summarize binary_all_{word}(x)",
        )
        for word in ("and", "or", "xor")
    ),
)
