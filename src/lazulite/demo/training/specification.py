"""What one training process is told to do, passed as one JSON argument, and what it reports back, line by line."""

from __future__ import annotations

import sys
from typing import Any

import msgspec


class Specification(msgspec.Struct, frozen=True):
    """Sizes of the problem, the optimiser's settings, and the files to read and write.

    `dataset` is read when given (else data is generated from `seed`), `start_from` are weights to go on with, and
    `save_to` is where the trained weights go. `stable` is the softmax that subtracts the maximum first.
    """

    model: str
    rows: int
    features: int
    classes: int
    epochs: int
    learning_rate: float
    seed: int
    hidden: int = 0
    stable: bool = True
    dataset: str = ""
    start_from: str = ""
    save_to: str = ""


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line that a training process prints: `started`, `dataset_read`, `epoch`, `finalizing` or `model_saved`."""

    event: str
    epoch: int = 0
    loss: float = 0.0
    accuracy: float = 0.0
    rows: int = 0
    path: str = ""


def report(event: str, **values: Any) -> None:
    """Tell the compute, at once: a job that is killed must have been heard until then."""
    sys.stdout.write(msgspec.json.encode(Report(event, **values)).decode() + "\n")
    sys.stdout.flush()
