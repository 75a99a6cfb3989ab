"""What the demo's users submit: a table of jobs, most of them good, some of which really fail."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from lazulite.demo.training.specification import Specification


@dataclass(frozen=True)
class Recipe:
    """One kind of job. `outcome` is the run status that it ends in; `weight` how often it is drawn.

    `dataset` names a data set that the compute keeps, `registers` the model that its weights become, and
    `cancel_after` is the number of seconds after which its owner cancels it.
    """

    kind: str
    experiment: str
    outcome: str
    weight: int
    specification: Specification
    dataset: str = ""
    missing_dataset: bool = False
    registers: str = ""
    cancel_after: float | None = None


_SOFTMAX = Specification("softmax", rows=6_000, features=40, classes=6, epochs=1500, learning_rate=0.05, seed=1)
_PERCEPTRON = Specification(
    "perceptron", rows=3_000, features=32, classes=5, epochs=1200, learning_rate=0.2, seed=2, hidden=32
)
_DIVERGING = Specification(
    "softmax", rows=3_000, features=40, classes=6, epochs=4000, learning_rate=80.0, seed=3, stable=False
)
_MISFIT = Specification("perceptron", rows=0, features=24, classes=5, epochs=50, learning_rate=0.2, seed=4, hidden=16)
_ENDLESS = Specification(
    "perceptron", rows=6_000, features=64, classes=8, epochs=10_000_000, learning_rate=0.1, seed=5, hidden=64
)

RECIPES: tuple[Recipe, ...] = (
    Recipe("train", "digit-classifier", "Completed", 5, _SOFTMAX),
    Recipe("read-dataset", "churn-baseline", "Completed", 4, _PERCEPTRON, dataset="customer-churn"),
    Recipe("register-model", "churn-mlp", "Completed", 3, _PERCEPTRON, dataset="customer-churn", registers="churn-mlp"),
    Recipe("crash-diverges", "learning-rate-sweep", "Failed", 1, _DIVERGING),
    Recipe("crash-misfit", "feature-ablation", "Failed", 1, _MISFIT, dataset="customer-churn"),
    Recipe("crash-no-data", "nightly-retrain", "Failed", 1, _SOFTMAX, dataset="clickstream", missing_dataset=True),
    Recipe("cancel", "architecture-search", "Canceled", 2, _ENDLESS, cancel_after=4.0),
)
DATASETS: dict[str, Specification] = {"customer-churn": _PERCEPTRON}
ONE_OF_EACH = ("train", "crash-diverges", "cancel", "read-dataset", "register-model")


def by_kind(kind: str) -> Recipe:
    return next(recipe for recipe in RECIPES if recipe.kind == kind)


def endless(seed: int) -> Iterator[Recipe]:
    """One of each kind first, so that everything is soon to be seen, then drawn by weight for ever."""
    yield from map(by_kind, ONE_OF_EACH)
    source = random.Random(seed)  # noqa: S311 - a choice of demo jobs, no secret
    weights = [recipe.weight for recipe in RECIPES]
    while True:
        yield source.choices(RECIPES, weights)[0]
