"""Laws of the metric store, on random points delivered in random pieces, beside plain pandas."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lazulite.core.batch import StoredBatch
from lazulite.core.counters import Counters
from lazulite.engine.duckdb import DuckDbEngine
from lazulite.kql import ticks
from lazulite.metrics.grains import FULL, GRAINS
from tests.metrics.conftest import SETTINGS, Record, World, at

ALL = ("average", "minimum", "maximum", "total", "count")
CLUSTERS, SCENARIOS = ("a", "b", "c"), ("x", "y", None)
START, END = at("00:00"), at("12:00")
Rows = dict[tuple[str, ...], dict[str, list[float | None]]]


@pytest.fixture
def dice() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)


def record(dice: random.Random) -> Record:
    """One record of Active Nodes: a value, or an aggregate of a few. Whole numbers, so that sums are exact."""
    minute = dice.randrange(720)
    dimensions = {"ClusterName": dice.choice(CLUSTERS), "Scenario": dice.choice(SCENARIOS)}
    values = [dice.randrange(-50, 1000) for _ in range(dice.choice([1, 1, 3]))]
    measures: Record = {"value": values[0]}
    if len(values) > 1:
        measures = {"total": sum(values), "count": len(values), "minimum": min(values), "maximum": max(values)}
    time = ticks.format_datetime(START + minute * ticks.TICKS_PER_MINUTE + dice.randrange(600_000_000))
    return {"time": time, "metricName": "Active Nodes", "dimensions": dimensions, **measures}


def deliveries(dice: random.Random, batches: list[StoredBatch]) -> list[list[StoredBatch]]:
    """The batches in another order, cut into deliveries at random."""
    left = dice.sample(batches, len(batches))
    found = []
    while left:
        size = dice.randint(1, 5)
        found.append(left[:size])
        left = left[size:]
    return found


def fill(world: World, dice: random.Random, records: list[Record]) -> World:
    """Deliver the records; some deliveries fail first and are staged again, and the service restarts in between."""
    cuts = sorted(dice.sample(range(1, len(records)), 12))
    pieces = [records[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(records)], strict=True)]
    for delivery in deliveries(dice, [world.batch(piece) for piece in pieces]):
        if dice.random() < 0.3:
            world.store.stage(delivery)
        if dice.random() < 0.2:
            world.restart()
        world.deliver(*delivery)
    return world


def frame(records: list[Record]) -> pd.DataFrame:
    """The records as pandas sees them."""
    rows = [
        {
            "t": at(item["time"]),
            "ClusterName": item["dimensions"]["ClusterName"],
            "Scenario": item["dimensions"]["Scenario"] or "",
            "count": item.get("count", 1),
            "total": item.get("total", item.get("value")),
            "minimum": item.get("minimum", item.get("value")),
            "maximum": item.get("maximum", item.get("value")),
        }
        for item in records
    ]
    return pd.DataFrame(rows)


def reference(data: pd.DataFrame, by: list[str], interval: int) -> Rows:
    """Every aggregation by split values and bucket, with pandas alone."""
    length = interval or END - START
    buckets = (END - START) // length
    data = data.assign(bucket=(data["t"] - START) // length, all="")
    merged = data.groupby([*(by or ["all"]), "bucket"]).agg(
        {"count": "sum", "total": "sum", "minimum": "min", "maximum": "max"}
    )
    merged["average"] = merged["total"] / merged["count"]
    found: Rows = {}
    for key, row in merged.iterrows():
        assert isinstance(key, tuple)
        series = found.setdefault(key[:-1] if by else (), {name: [None] * buckets for name in ALL})
        for name in ALL:
            series[name][int(key[-1])] = float(row[name])
    return found


QUESTIONS: list[tuple[str | None, list[str], Callable[[pd.DataFrame], Any]]] = [
    (None, [], lambda data: data["count"] > 0),
    ("ClusterName eq '*'", ["ClusterName"], lambda data: data["count"] > 0),
    ("Scenario eq '*' and ClusterName ne 'b'", ["Scenario", "ClusterName"], lambda data: data["ClusterName"] != "b"),
    ("Scenario eq 'X' or Scenario eq ''", ["Scenario"], lambda data: data["Scenario"] != "y"),
]


@pytest.mark.parametrize("grain", ["PT1M", "PT15M", "PT6H", "FULL"])
def test_any_order_of_deliveries_gives_what_pandas_gives(world: World, dice: random.Random, grain: str) -> None:
    records = [record(dice) for _ in range(400)]
    fill(world, dice, records)
    interval = GRAINS.get(grain, FULL)
    for text, by, kept in QUESTIONS:
        data = frame(records)
        data = data[kept(data)]
        found = world.rows(filter=text, start=START, end=END, interval=interval, aggregations=ALL, top=100)
        assert found == reference(data, by, interval), text


def test_two_orders_of_the_same_batches_answer_alike(dice: random.Random, tmp_path: Path) -> None:
    records = [record(dice) for _ in range(300)]
    answers = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        engine = DuckDbEngine(tmp_path / name, SETTINGS, Counters())
        world = fill(World(engine), dice, records)
        answers.append(world.rows(filter="ClusterName eq '*'", start=START, end=END, aggregations=ALL))
        engine.close()
    assert answers[0] == answers[1]


def test_a_split_adds_up_to_the_whole(world: World, dice: random.Random) -> None:
    fill(world, dice, [record(dice) for _ in range(300)])
    ask = partial(world.rows, start=START, end=END, interval=GRAINS["PT1H"], aggregations=ALL, top=100)
    (whole,) = ask().values()
    parts = list(ask(filter="ClusterName eq '*' and Scenario eq '*'").values())
    filled = [at for at, count in enumerate(whole["count"]) if count]
    for name, merge in {"total": np.sum, "count": np.sum, "minimum": np.min, "maximum": np.max}.items():
        for bucket in filled:
            values = [part[name][bucket] for part in parts if part[name][bucket] is not None]
            assert merge(values) == whole[name][bucket], (name, bucket)


@pytest.mark.parametrize(("coarse", "fine"), [("PT1H", "PT1M"), ("PT6H", "PT15M"), ("FULL", "PT5M")])
def test_a_coarse_grain_is_the_aggregate_of_a_fine_one(
    world: World, dice: random.Random, coarse: str, fine: str
) -> None:
    fill(world, dice, [record(dice) for _ in range(300)])
    ask = partial(world.rows, start=START, end=END, aggregations=ALL, top=100, filter="ClusterName eq '*'")
    wide, narrow = ask(interval=GRAINS.get(coarse, FULL)), ask(interval=GRAINS[fine])
    assert wide.keys() == narrow.keys()
    for key, series in wide.items():
        by_bucket = {name: np.array(narrow[key][name], dtype=float).reshape(len(series[name]), -1) for name in ALL}
        sums = {name: np.nansum(by_bucket[name], axis=1) for name in ("total", "count")}
        assert sums["total"].tolist() == [value or 0 for value in series["total"]]
        assert sums["count"].tolist() == [value or 0 for value in series["count"]]
        with np.errstate(all="ignore"):
            means = sums["total"] / sums["count"]
        np.testing.assert_array_equal(means, np.array(series["average"], dtype=float))
