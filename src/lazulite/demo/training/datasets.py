"""Data to learn from: Gaussian clusters, one a class, generated or kept on disk as .npz."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]


def generate(rows: int, features: int, classes: int, seed: int) -> tuple[Matrix, Labels]:
    """`rows` points around `classes` random centres, with their class; the same for the same seed."""
    random = np.random.default_rng(seed)
    centres = random.normal(scale=2.0, size=(classes, features))
    labels = random.integers(classes, size=rows)
    return centres[labels] + random.normal(scale=2.5, size=(rows, features)), labels


def write(path: Path, points: Matrix, labels: Labels) -> None:
    """Keep a data set; a reader never sees half of one."""
    beside = path.with_name(f".{path.name}")
    with beside.open("wb") as file:
        np.savez(file, points=points, labels=labels)
    beside.replace(path)


def read(path: Path) -> tuple[Matrix, Labels]:
    """A data set that `write` kept; raises OSError or ValueError where it is not one."""
    with np.load(path, allow_pickle=False) as kept:
        return kept["points"], kept["labels"]
