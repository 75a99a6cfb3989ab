"""From decided batches to one Delivery: everything that they make, of every workspace and of the metric store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lazulite.core.batch import REJECTED, StoredBatch
from lazulite.destinations.workspace import WorkspaceEncoder
from lazulite.engine import Append, Delivery
from lazulite.metrics.store import MetricStore, RefusedPoints, Staged
from lazulite.routing.refusal import rejected_points


@dataclass(frozen=True)
class Decided:
    """A batch and the workspaces (customer ids) that get it."""

    batch: StoredBatch
    workspaces: tuple[str, ...]


@dataclass(frozen=True)
class Making:
    """A delivery, and what the metric store must hear about it afterwards."""

    delivery: Delivery
    staged: Staged


class Maker:
    """Makes deliveries of one intake's epoch. `home` is the workspace of rejected records."""

    def __init__(self, epoch: str, encoder: WorkspaceEncoder, metrics: MetricStore, home: str) -> None:
        self.epoch = epoch
        self.home = home
        self._encoder = encoder
        self._metrics = metrics

    def make(self, decided: Sequence[Decided], after: int, through: int) -> Making:
        """Stages metric points; the caller says `committed` to the store when the engine has them."""
        staged = self._metrics.stage([one.batch for one in decided])
        batches = {one.batch.sequence: one.batch for one in decided}
        appends = [*self._log_rows(decided), *staged.appends, *self._refused(staged.refused, batches)]
        return Making(Delivery(self.epoch, through, tuple(appends), after), staged)

    def _log_rows(self, decided: Sequence[Decided]) -> Iterator[Append]:
        for one in decided:
            yield from self._encoder.encode(one.batch, one.workspaces)

    def _refused(self, refused: Sequence[RefusedPoints], batches: dict[int, StoredBatch]) -> Iterator[Append]:
        for points in refused:
            batch = batches[points.sequence]
            rows = rejected_points(points, batch)
            yield from self._encoder.encode(
                StoredBatch(
                    batch.sequence,
                    batch.resource_id,
                    REJECTED,
                    batch.received,
                    batch.principal,
                    batch.door,
                    rows,
                ),
                (self.home,),
            )
