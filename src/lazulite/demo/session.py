"""What runs beside the demo's server: compute, agent, workload, samplers; started and stopped as one."""

from __future__ import annotations

import getpass
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import psutil

from lazulite.core import resource_id
from lazulite.core.batch import ALL_METRICS
from lazulite.core.clock import SystemClock
from lazulite.core.ids import RandomIds
from lazulite.demo.board import Board, Picture
from lazulite.demo.compute import LocalCompute
from lazulite.demo.emitter import Emitted, Emitter, Record
from lazulite.demo.facts import Fact
from lazulite.demo.loads import Gpus, ProcessLoads
from lazulite.demo.platform_metrics import event_metrics, gauges
from lazulite.demo.recipes import Recipe
from lazulite.demo.records import LogRecords, Machine
from lazulite.demo.training.specification import Specification
from lazulite.server.client import Accepted, Client

CORES_PER_NODE = 1
LOAD_SECONDS = 2.0
GAUGE_SECONDS = 10.0
FLUSH_SECONDS = 10.0
WORKLOAD_SECONDS = 0.5
MAX_WAITING = 1
MAX_NODES = 64


class Session:
    """A compute of `nodes` nodes whose life goes to the server of `client`. `observe` sees each fact as well."""

    def __init__(self, client: Client, folder: Path, nodes: int, observe: Callable[[Fact], None] | None = None) -> None:
        self._client = client
        self._observers = [self._emit, *([observe] if observe else [])]
        clock, ids = SystemClock(), RandomIds()
        workspace = resource_id.parse(client.ml_workspace)
        quota = max(psutil.cpu_count() or 1, nodes * CORES_PER_NODE)
        self.machine = Machine(workspace, client.connection.tenant_id, CORES_PER_NODE, quota)
        self.board = Board(clock)
        self.compute = LocalCompute(folder, nodes, _user(), clock, ids, self._observe)
        self._records = LogRecords(self.machine)
        self.emitter = Emitter(self._door, ids)
        self._loads = ProcessLoads(clock)
        self.gpus = Gpus(clock)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self.emitter.start()
        self.compute.start()
        self.every(LOAD_SECONDS, self._look)
        self.every(GAUGE_SECONDS, self._gauge)

    def work(self, recipes: Iterator[Recipe], seed: int) -> None:
        """Keep MAX_WAITING jobs in the queue, each a little different in size."""
        source = random.Random(seed)  # noqa: S311 - sizes of demo jobs, no secret

        def submit() -> None:
            if self.compute.waiting() < MAX_WAITING:
                recipe = next(recipes)
                self.compute.submit(recipe, _varied(recipe.specification, source))

        self.every(WORKLOAD_SECONDS, submit)

    def every(self, seconds: float, action: Callable[[], None]) -> None:
        """Run `action` now and then every so often, in a thread, until the session closes."""

        def loop() -> None:
            while True:
                action()
                if self._stopping.wait(seconds):
                    return

        thread = threading.Thread(target=loop, name=getattr(action, "__name__", "every"), daemon=True)
        self._threads.append(thread)
        thread.start()

    def close(self, flush_seconds: float = FLUSH_SECONDS) -> Emitted:
        """Cancel the jobs, tell of it, send what waits; the answer says what could not be sent in `flush_seconds`."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self.compute.close()
        return self.emitter.close(flush_seconds)

    def picture(self) -> Picture:
        return self.board.picture(self.emitter.counts())

    def _observe(self, fact: Fact) -> None:
        self.board.note(fact)
        for observer in self._observers:
            observer(fact)

    def _emit(self, fact: Fact) -> None:
        for category, record in self._records.of(fact):
            self.emitter.put(category, record)
        for metric in event_metrics(fact):
            self.emitter.put(ALL_METRICS, metric)

    def _look(self) -> None:
        for load in self._loads.look(self.compute.running()):
            self._observe(load)
        for gpu in self.gpus.look():
            self._observe(gpu)

    def _gauge(self) -> None:
        for metric in gauges(self.compute.state(), self.machine):
            self.emitter.put(ALL_METRICS, metric)

    def _door(self, category: str, records: Sequence[Record], key: str) -> Accepted:
        return self._client.emit(self._client.ml_workspace, category, records, key)


def default_nodes() -> int:
    """Half of the machine, two at least: the server and its owner want the rest."""
    return min(MAX_NODES, max(2, (psutil.cpu_count() or 2) // 2))


def _varied(specification: Specification, source: random.Random) -> Specification:
    epochs = max(1, round(specification.epochs * source.uniform(0.5, 2.0)))
    return msgspec.structs.replace(specification, epochs=epochs, seed=source.randrange(1 << 31))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        return "local-user"
