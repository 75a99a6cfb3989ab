"""Functions of series: the outputs that Kusto's documentation prints, odd arguments of every kind, and long series."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pytest

from lazulite.kql import KqlError, Options, local, run
from lazulite.kql import compile as compile_query
from lazulite.kql.functions import FUNCTIONS, Function, Signature
from tests.kql.reading import rows_of
from tests.kql.test_samples import Catalog

SEED = 20260606


def one(query: str) -> list[Any]:
    """The only row of an answer."""
    return rows_of(run(query, {}))[0]


# ---- what the documentation prints

DOCUMENTED = [
    (
        "print x = dynamic([23, 46, 23, 87, 4, 8, 3, 75, 2, 56, 13, 75, 32, 16, 29]) | project series_stats(x)",
        [2, 8, 87, 3, 32.8, 28.5036338535483, 812.457142857143],
    ),
    (
        "print y = dynamic([2, 5, 6, 8, 11, 15, 17, 18, 25, 26, 30, 30]) | project series_fit_line(y)"
        " | project-away *_line_fit",
        [0.9829, 2.7308, 98.6288, 1.6865, -1.6667],
    ),
    ("print series_cosine_similarity(dynamic([0.1,0.2,0.1,0.2]), dynamic([1,2,3,4]))", [0.923760430703401]),
    ("print series_magnitude(dynamic([1, 2, 3, 4]))", [5.4772255750516612]),
    ("print series_acos(dynamic([-1, 0, 1]))", [[3.1415926535897931, 1.5707963267948966, 0.0]]),
    ("print series_log(dynamic([1, 2, 3]))", [[0.0, 0.69314718055994529, 1.0986122886681098]]),
    ("print series_pow(dynamic([1, 2, 3, 4]), dynamic([1, 2, 3, 0.5]))", [[1.0, 4.0, 27.0, 2.0]]),
    # Scores of series_outliers() as its author explained them.
    (
        "print series_outliers(dynamic([-3, 2.4, 15, 3.9, 5, 6, 4.5, 5.2, 3, 4, 5, 16, 7, 5, 5, 4]))",
        [[-1.9040785483608571, -0.10021466044004519, 1.3361954725339347, *[0.0] * 8, 1.6702443406674186, *[0.0] * 4]],
    ),
]


@pytest.mark.parametrize(("query", "expected"), DOCUMENTED, ids=[query[:60] for query, _ in DOCUMENTED])
def test_documented_output(query: str, expected: list[Any]) -> None:
    for found, wanted in zip(one(query), expected, strict=True):
        assert np.allclose(found, wanted, rtol=2e-5 if "fit_line" in query else 1e-13, atol=0)


# ---- against NumPy

NOISE = [round(math.sin(at / 3) * 10 + (at * 7919 % 13) / 3, 3) for at in range(60)]


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "exp", "floor", "abs"])
def test_functions_of_one_series(name: str) -> None:
    found = one(f"print series_{name}(dynamic({NOISE}))")[0]
    assert np.allclose(found, getattr(np, name)(NOISE), rtol=1e-12)


def test_pearson() -> None:
    found = one(f"print series_pearson_correlation(dynamic({NOISE}), dynamic({NOISE[::-1]}))")[0]
    assert math.isclose(found, np.corrcoef(NOISE, NOISE[::-1])[0, 1], rel_tol=1e-12)


def test_polynomial() -> None:
    row = one(f"print y = dynamic({NOISE}) | project series_fit_poly(y, range(1, {len(NOISE)}), 3)")
    wanted = np.polyfit(np.arange(1, len(NOISE) + 1), NOISE, 3)
    fitted = np.polyval(wanted, np.arange(1, len(NOISE) + 1))
    assert np.allclose(row[1], wanted, rtol=1e-8)
    assert np.allclose(row[4], fitted, rtol=1e-9)
    assert math.isclose(row[0], 1 - np.sum((NOISE - fitted) ** 2) / np.sum((NOISE - np.mean(NOISE)) ** 2))


def test_filters() -> None:
    kernel = [0.25, 0.5, 1.25]
    found, centred = one(
        f"print series_fir(dynamic({NOISE}), dynamic({kernel}), false),"
        f" series_fir(dynamic({NOISE}), dynamic({kernel}), false, true)"
    )
    assert np.allclose(found, np.convolve(NOISE, kernel)[: len(NOISE)])
    assert np.allclose(centred, np.convolve(NOISE, kernel, "same"))


def test_recursive_filter() -> None:
    b, a = [0.5, 0.25], [2.0, -1.0, 0.5]
    made: list[float] = []
    for at, x in enumerate(NOISE):
        past = [NOISE[at - 1] if at else 0.0, made[-1] if at else 0.0, made[-2] if at > 1 else 0.0]
        made.append((b[0] * x + b[1] * past[0] - a[1] * past[1] - a[2] * past[2]) / a[0])
    assert np.allclose(one(f"print series_iir(dynamic({NOISE}), dynamic({b}), dynamic({a}))")[0], made)


def test_fourier_and_back() -> None:
    row = one(f"print y = dynamic({NOISE}) | extend (re, im) = series_fft(y) | extend (y2, zero) = series_ifft(re, im)")
    assert np.allclose(row[1], np.fft.fft(NOISE).real)
    assert np.allclose(row[2], np.fft.fft(NOISE).imag)
    assert np.allclose(row[3], NOISE)
    assert np.allclose(row[4], 0)


@pytest.mark.parametrize("period", [1, 7, 24, 60])
def test_seasons_are_medians(period: int) -> None:
    found = one(f"print series_seasonal(dynamic({NOISE}), {period})")[0]
    assert found == [float(np.median(NOISE[at % period :: period])) for at in range(len(NOISE))]


def test_a_series_is_the_sum_of_its_parts() -> None:
    names = one(f"print y = dynamic({NOISE}) | project series_decompose(y, 7, 'linefit')")
    baseline, seasonal, trend, residual = map(np.array, names)
    rest = np.array(NOISE) - seasonal
    places = np.arange(1, len(NOISE) + 1)
    assert np.allclose(trend, np.polyval(np.polyfit(places, rest, 1), places))
    assert np.allclose(baseline, seasonal + trend)
    assert np.allclose(residual, NOISE - baseline)


def test_a_forecast_learns_from_what_is_before_it() -> None:
    short, long = NOISE[:50], NOISE[:50] + [1e6] * 10
    one_way, other = (
        one(f"print series_decompose_forecast(dynamic({series}), {points}, 7, 'linefit')")[0]
        for series, points in ((short, 0), (long, 10))
    )
    assert np.allclose(one_way, other[:50])
    assert max(map(abs, other)) < 100


# ---- odd arguments

POOLS: dict[str, list[str]] = {
    "dynamic": [
        "dynamic([1, 2.5, null, -3])",
        "dynamic([1, 4, 9, 16, 25, 36])",
        "dynamic([])",
        "dynamic(null)",
        'dynamic(["a", true, [1], {"b": 2}])',
        'dynamic({"a": 1})',
        'dynamic("text")',
        "dynamic(7)",
        "dynamic([1e308, 1e308, -1e308])",
        "dynamic([9223372036854775807, -9223372036854775808])",
        'dynamic(["NaN", "Infinity", 1])',
        "dynamic([0, 0, 0, 0, 0])",
    ],
    "long": ["0", "1", "-1", "2", "3", "1000000", "9223372036854775807", "long(null)"],
    "real": ["0.5", "real(null)", "real(nan)", "real(+inf)", "-1e308"],
    "bool": ["true", "false", "bool(null)"],
    "string": ["'avg'", "'linefit'", "'none'", "'ctukey'", "'tukey'", "'x'", "''"],
}
SERIES = [record for name, record in FUNCTIONS.items() if name.startswith("series_")]


def call(record: Function, signature: Signature, dice: random.Random) -> str:
    count = dice.randint(signature.least, len(signature.parameters))
    values = ", ".join(dice.choice(POOLS[p.kind]) for p in signature.parameters[:count])
    return f"print x = 1 | extend {record.name}({values})"


@pytest.mark.parametrize("record", SERIES, ids=lambda record: record.name)
def test_odd_arguments_give_rows_or_refusals(record: Function) -> None:
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    for query in [call(record, signature, dice) for _ in range(5) for signature in record.signatures]:
        try:
            assert run(query, {}).num_rows == 1, query
        except KqlError as error:
            assert error.code in ("UNS0001", "RUN0001", "SEM0100") or error.code.startswith("SEM"), query


# ---- long series


def stepping(query: str, check: Callable[[], None]) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        local.stream(compile_query(query, Catalog(), Options(now=0)), connection, check=check).read_all()


def test_long_series_are_worked_through_in_parts() -> None:
    calls: list[int] = []
    stepping(
        "range x from 1 to 60 step 1 | extend y = range(1, 50000) | project s = series_sum(series_add(y, x))",
        lambda: calls.append(1),
    )
    assert len(calls) > 20


def test_a_stage_ends_when_it_is_told_to() -> None:
    def check() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        stepping("range x from 1 to 3 step 1 | project s = series_add(range(1, 9), x)", check)


def test_what_would_take_long_is_refused() -> None:
    with pytest.raises(KqlError, match="so long a series with so many coefficients"):
        run("print s = series_fir(range(1, 100000), range(1, 100000))", {})
    with pytest.raises(KqlError, match="so long a series with so many coefficients"):
        run("print y = range(1, 100000) | extend series_fit_poly(y, y, 50)", {})


def test_every_series_of_a_table_has_its_own_axis() -> None:
    table = run(
        "range x from 0 to 99 step 1 | make-series n = count() on x step 10 by k = x % 3"
        " | project k, size = array_length(n), total = series_sum(n), first = tolong(x[0]) | order by k asc",
        {},
    )
    assert rows_of(table) == [[0, 10, 34.0, 0], [1, 10, 33.0, 0], [2, 10, 33.0, 0]]


def test_steps_are_exact_to_a_tick() -> None:
    moments = '"2024-01-01T00:59:59.9999999Z", "2024-01-01T01:00:00.0000000Z", "2024-01-01T01:59:59.9999999Z"'
    row = one(
        f"print t = dynamic([{moments}]) | mv-expand t to typeof(datetime)"
        " | make-series n = count() on t from datetime(2024-01-01) to datetime(2024-01-01 02:00) step 1h | project n"
    )
    assert row == [[1, 2]]
    assert json.dumps(row) == "[[1, 2]]"


# ---- make-series against plain Python


def laid(values: list[int], low: int | None, high: int | None, step: int) -> tuple[list[int], list[int]]:
    """How many values each step has, and where the steps start."""
    kept = [v for v in values if (low is None or v >= low) and (high is None or v < high)]
    if not kept:
        return [], []
    start = low if low is not None else min(kept) // step * step
    end = high if high is not None else max(kept) + 1
    steps = list(range(start, end, step))
    return [sum(at <= v < at + step for v in kept) for at in steps], steps


def test_steps_are_those_of_plain_python() -> None:
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    for _ in range(60):
        values = [dice.randint(-20, 40) for _ in range(dice.randint(1, 8))]
        low, high = dice.choice([None, dice.randint(-15, 5)]), dice.choice([None, dice.randint(6, 45)])
        step = dice.randint(1, 9)
        bounds = (f" from {low}" if low is not None else "") + (f" to {high}" if high is not None else "")
        source = f"print i = dynamic({values}) | mv-expand i to typeof(long)"
        query = f"{source} | make-series n = count() on i{bounds} step {step}"
        counts, steps = laid(values, low, high, step)
        assert rows_of(run(query, {})) == ([[counts, steps]] if counts else []), query


def test_the_same_holds_for_moments_and_reals() -> None:
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    for _ in range(20):
        values = [dice.randint(0, 400) for _ in range(dice.randint(1, 8))]
        step = dice.randint(1, 90)
        counts, steps = laid(values, None, None, step)
        source = f"print i = dynamic({values}) | mv-expand i to typeof(long)"
        (real,) = rows_of(run(f"{source} | extend r = i / 4.0 | make-series n = count() on r step {step / 4}", {}))
        assert real == [counts, [at / 4 for at in steps]]
        moment = f"{source} | extend t = datetime(0001-01-01) + i * 1m | make-series n = count() on t step {step}m"
        (row,) = rows_of(run(f"{moment} | extend first = todatetime(t[0]) - datetime(0001-01-01)", {}))
        assert [row[0], row[2]] == [counts, f"{steps[0] // 60:02}:{steps[0] % 60:02}:00"]
