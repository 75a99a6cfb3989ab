"""`python -m lazulite.demo.training SPECIFICATION`: one training job, in the process that the compute started."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import msgspec
import numpy as np

from lazulite.demo.training import datasets, models
from lazulite.demo.training.datasets import Labels, Matrix
from lazulite.demo.training.specification import Specification, report

REPORT_EVERY = 20


def train(specification: Specification) -> None:
    """Read or generate the data, train, keep the weights. Whatever goes wrong leaves as its own exception."""
    report("started")
    points, labels = _data(specification)
    model = _model(specification)
    # Overflow and invalid values are errors here, not warnings: a diverged model must not look like a trained one.
    with np.errstate(over="raise", invalid="raise"):
        for epoch in range(specification.epochs):
            loss, accuracy = model.step(points, labels, specification.learning_rate)
            if epoch % REPORT_EVERY == 0:
                report("epoch", epoch=epoch, loss=loss, accuracy=accuracy)
    report("finalizing", epoch=specification.epochs, loss=loss, accuracy=accuracy)
    if specification.save_to:
        with Path(specification.save_to).open("wb") as file:
            np.savez(file, *model.layers)
        report("model_saved", path=specification.save_to)


def _data(specification: Specification) -> tuple[Matrix, Labels]:
    if not specification.dataset:
        return datasets.generate(specification.rows, specification.features, specification.classes, specification.seed)
    points, labels = datasets.read(Path(specification.dataset))
    report("dataset_read", rows=len(points), path=specification.dataset)
    return points, labels


def _model(specification: Specification) -> models.Perceptron:
    softmax = models.stable_softmax if specification.stable else models.naive_softmax
    if specification.start_from:
        with np.load(specification.start_from, allow_pickle=False) as kept:
            return models.Perceptron([kept[name] for name in kept.files], softmax)
    return models.initial(
        specification.features, specification.hidden, specification.classes, specification.seed, softmax
    )


if __name__ == "__main__":
    with contextlib.suppress(OSError):
        # Training is what is watched, not what matters: the machine's owner comes first.
        os.nice(10)
    train(msgspec.json.decode(sys.argv[1], type=Specification))
