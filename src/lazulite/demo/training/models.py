"""Two classifiers trained by full-batch gradient descent: softmax regression, and a perceptron with a hidden layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from lazulite.demo.training.datasets import Labels, Matrix

Softmax = Callable[[Matrix], Matrix]


def stable_softmax(logits: Matrix) -> Matrix:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def naive_softmax(logits: Matrix) -> Matrix:
    """The textbook formula; exp overflows beyond 709, which is how the diverging job of the demo really fails."""
    powers = np.exp(logits)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@dataclass
class Perceptron:
    """Layers of weights with tanh between them; one layer alone is softmax regression."""

    layers: list[Matrix]
    softmax: Softmax = field(default=stable_softmax)

    def step(self, points: Matrix, labels: Labels, learning_rate: float) -> tuple[float, float]:
        """One descent step over all points; returns the loss and the accuracy before it."""
        activations = self._forward(points)
        probabilities = self.softmax(activations[-1] @ self.layers[-1])
        rows = np.arange(len(labels))
        loss = -float(np.log(np.maximum(probabilities[rows, labels], 1e-12)).mean())
        accuracy = float((probabilities.argmax(axis=1) == labels).mean())
        probabilities[rows, labels] -= 1.0
        self._descend(activations, probabilities / len(labels), learning_rate)
        return loss, accuracy

    def _forward(self, points: Matrix) -> list[Matrix]:
        activations = [points]
        for weights in self.layers[:-1]:
            activations.append(np.tanh(activations[-1] @ weights))
        return activations

    def _descend(self, activations: list[Matrix], error: Matrix, learning_rate: float) -> None:
        for position in range(len(self.layers) - 1, -1, -1):
            gradient = activations[position].T @ error
            error = (error @ self.layers[position].T) * (1.0 - activations[position] ** 2)
            self.layers[position] -= learning_rate * gradient


def initial(features: int, hidden: int, classes: int, seed: int, softmax: Softmax) -> Perceptron:
    """Small random weights; `hidden` 0 leaves the hidden layer out."""
    random = np.random.default_rng(seed)
    sizes = [features, *([hidden] if hidden else []), classes]
    return Perceptron(
        [random.normal(scale=1 / np.sqrt(fan_in), size=(fan_in, out)) for fan_in, out in pairwise(sizes)],
        softmax,
    )
