"""The local compute: nodes that each run one training process at a time from one bounded queue, and tell every step.

A node is a thread of this process; its states are those of Azure ML's compute nodes. `observe` gets each fact as it
happens, from the node's thread.
"""

from __future__ import annotations

import queue
import shutil
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lazulite.core.clock import Clock
from lazulite.core.ids import Ids
from lazulite.demo.facts import ClusterState, DatasetRead, Fact, Job, ModelRegistered, RunChanged
from lazulite.demo.processes import TrainingProcess
from lazulite.demo.recipes import DATASETS, Recipe
from lazulite.demo.training import datasets
from lazulite.demo.training.specification import Report, Specification

MAX_QUEUED = 64
POLL_SECONDS = 0.2


class QueueFull(Exception):
    """The compute has MAX_QUEUED jobs waiting; submit later."""


@dataclass(frozen=True)
class _Work:
    job: Job
    recipe: Recipe
    specification: Specification


@dataclass(frozen=True)
class Running:
    """A job on a node, with the process to look at."""

    job: Job
    node: str
    pid: int


class LocalCompute:
    """`nodes` slots on this machine; files are kept below `folder`. Start it, submit, close it."""

    def __init__(
        self, folder: Path, nodes: int, user: str, clock: Clock, ids: Ids, observe: Callable[[Fact], None]
    ) -> None:
        self._folder = folder
        self._names = [f"node-{number}" for number in range(nodes)]
        self._user = user
        self._clock = clock
        self._ids = ids
        self._observe = observe
        self._queue: queue.Queue[_Work] = queue.Queue(MAX_QUEUED)
        self._lock = threading.Lock()
        self._states: dict[str, str] = {}
        self._processes: dict[str, tuple[Running, TrainingProcess]] = {}
        self._canceled: set[str] = set()
        self._versions: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._serve, args=(name,), name=name) for name in self._names]

    def start(self) -> None:
        """Make the data sets and bring the nodes up."""
        for name, problem in DATASETS.items():
            path = self._dataset(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            datasets.write(path, *datasets.generate(problem.rows, problem.features, problem.classes, problem.seed))
        self._observe(self.state("CreateOperationCompleted"))
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Cancel what runs, let the nodes go. Jobs still queued are canceled as well: nothing ends without a word."""
        self._stopping.set()
        for running in self.running():
            self.cancel(running.job.run_id)
        for thread in self._threads:
            thread.join()
        while not self._queue.empty():
            self._tell(self._queue.get_nowait().job, "Canceled")
        self._observe(self.state("DeleteOperationCompleted"))

    def submit(self, recipe: Recipe, specification: Specification | None = None) -> Job:
        """Queue a job; `specification` varies the recipe's own. Raises QueueFull."""
        guid = self._ids.guid()
        job = Job(guid, f"{recipe.experiment}_{guid[:8]}", recipe.experiment, recipe.kind, self._user)
        self._tell(job, "NotStarted")
        try:
            self._queue.put_nowait(_Work(job, recipe, self._placed(recipe, specification or recipe.specification, job)))
        except queue.Full as full:
            self._tell(job, "Failed", message="The queue of the compute is full.")
            raise QueueFull from full
        self._tell(job, "Queued")
        return job

    def cancel(self, run_id: str) -> bool:
        """Ask a running job to end; False when it is not running."""
        with self._lock:
            found = self._processes.get(run_id)
            if found is None or run_id in self._canceled:
                return False
            self._canceled.add(run_id)
        running, process = found
        self._tell(running.job, "CancelRequested", running.node)
        process.stop()
        return True

    def running(self) -> list[Running]:
        with self._lock:
            return [running for running, _ in self._processes.values()]

    def waiting(self) -> int:
        return self._queue.qsize()

    def state(self, event: str = "", grows: bool = False) -> ClusterState:
        """The nodes by state, now."""
        with self._lock:
            count = Counter(self._states.values())
        return ClusterState(
            at=self._clock.now(),
            target=0 if event.startswith("Delete") else len(self._names),
            maximum=len(self._names),
            idle=count["idle"],
            preparing=count["preparing"],
            running=count["running"],
            leaving=count["leaving"],
            event=event,
            grows=grows,
        )

    def _serve(self, node: str) -> None:
        self._become(node, "idle", grows=True)
        while not self._stopping.is_set():
            try:
                work = self._queue.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            self._run(node, work)
            self._become(node, "idle")
        with self._lock:
            self._states.pop(node)

    def _run(self, node: str, work: _Work) -> None:
        self._become(node, "preparing")
        self._tell(work.job, "Starting", node)
        folder = self._folder / "runs" / work.job.run_id
        try:
            process = TrainingProcess(work.specification, folder)
        except OSError as wrong:
            self._tell(work.job, "Failed", node, f"The process could not be started: {wrong}")
            return
        with self._lock:
            self._processes[work.job.run_id] = (Running(work.job, node, process.pid), process)
        timer = self._owner_cancels(work)
        try:
            for report in process.reports():
                self._heard(node, work, report)
            self._ended(node, work, process.wait(), process)
        finally:
            timer.cancel()
            with self._lock:
                del self._processes[work.job.run_id]
                self._canceled.discard(work.job.run_id)
            shutil.rmtree(folder, ignore_errors=True)

    def _owner_cancels(self, work: _Work) -> threading.Timer:
        timer = threading.Timer(work.recipe.cancel_after or 0.0, self.cancel, (work.job.run_id,))
        timer.daemon = True
        if work.recipe.cancel_after is not None:
            timer.start()
        return timer

    def _heard(self, node: str, work: _Work, report: Report) -> None:
        if report.event == "started":
            self._become(node, "running")
            self._tell(work.job, "Running", node)
        elif report.event == "dataset_read":
            name = work.recipe.dataset
            self._observe(DatasetRead(self._clock.now(), work.job, _dataset_id(name), name, report.rows))
        elif report.event == "finalizing":
            self._become(node, "leaving")
            self._tell(work.job, "Finalizing", node)
        elif report.event == "model_saved":
            self._register(work, Path(report.path))

    def _register(self, work: _Work, weights: Path) -> None:
        name = work.recipe.registers
        with self._lock:
            self._versions[name] += 1
            version = self._versions[name]
        kept = self._folder / "models" / f"{name}.npz"
        kept.parent.mkdir(parents=True, exist_ok=True)
        # One file a name: the demo runs for days, and its disk use must not grow with it.
        weights.replace(kept)
        self._observe(ModelRegistered(self._clock.now(), work.job, name, version, kept.stat().st_size))

    def _ended(self, node: str, work: _Work, status: int, process: TrainingProcess) -> None:
        with self._lock:
            canceled = work.job.run_id in self._canceled
        if status == 0:
            self._tell(work.job, "Completed", node)
        elif canceled:
            self._tell(work.job, "Canceled", node)
        else:
            self._tell(work.job, "Failed", node, process.traceback() or f"The process ended with status {status}.")

    def _become(self, node: str, state: str, grows: bool = False) -> None:
        with self._lock:
            if self._states.get(node) == state:
                return
            self._states[node] = state
        self._observe(self.state(grows=grows))

    def _tell(self, job: Job, status: str, node: str = "", message: str = "") -> None:
        self._observe(RunChanged(self._clock.now(), job, status, node, message))

    def _dataset(self, name: str) -> Path:
        return self._folder.resolve() / "datasets" / f"{name}.npz"

    def _placed(self, recipe: Recipe, specification: Specification, job: Job) -> Specification:
        """The specification with the files of this compute in it."""
        run = self._folder.resolve() / "runs" / job.run_id
        return msgspec.structs.replace(
            specification,
            dataset=str(self._dataset(recipe.dataset)) if recipe.dataset else "",
            save_to=str(run / "weights.npz") if recipe.registers else "",
        )


def _dataset_id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"lazulite-demo/{name}"))
