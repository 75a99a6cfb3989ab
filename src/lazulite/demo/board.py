"""What the live view shows, gathered from facts and answers; written from many threads, read as one frozen picture."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lazulite.core.clock import Clock
from lazulite.demo.emitter import Emitted
from lazulite.demo.facts import TERMINAL, ClusterState, Fact, ProcessLoad, RunChanged

RECENT_JOBS = 7


@dataclass(frozen=True)
class JobLine:
    """One job of the view: times in ticks, `cpu` in percent of a core, `note` the last line of an error."""

    run_id: str
    status: str
    node: str
    started: int
    changed: int
    cpu: float = 0.0
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """The board at one instant."""

    jobs: tuple[JobLine, ...]
    ended: Mapping[str, int]
    cluster: ClusterState | None
    cpu: float
    emitted: Emitted
    error: str
    alert: str
    answer: str
    at: int


class Board:
    """Remembers the last RECENT_JOBS jobs and counts all."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, JobLine] = OrderedDict()
        self._ended: Counter[str] = Counter()
        self._cluster: ClusterState | None = None
        self._texts = {"error": "", "alert": "", "answer": ""}

    def note(self, fact: Fact) -> None:
        with self._lock:
            if isinstance(fact, RunChanged):
                self._run(fact)
            elif isinstance(fact, ClusterState):
                self._cluster = fact
            elif isinstance(fact, ProcessLoad) and fact.job.run_id in self._jobs:
                line = self._jobs[fact.job.run_id]
                if line.status not in TERMINAL:
                    self._jobs[line.run_id] = replace(line, cpu=fact.cpu)

    def say(self, **texts: str) -> None:
        """Set `alert` (the last one) or `answer` (of the first query)."""
        with self._lock:
            self._texts.update(texts)

    def picture(self, emitted: Emitted) -> Picture:
        with self._lock:
            jobs = tuple(self._jobs.values())
            cpu = sum(job.cpu for job in jobs if job.status not in TERMINAL)
            return Picture(jobs, dict(self._ended), self._cluster, cpu, emitted, **self._texts, at=self._clock.now())

    def _run(self, fact: RunChanged) -> None:
        known = self._jobs.get(fact.job.run_id)
        started = known.started if known and known.node else fact.at
        cpu = known.cpu if known and fact.status not in TERMINAL else 0.0
        node = fact.node or (known.node if known else "")
        note = fact.message.rsplit("\n", 1)[-1]
        self._jobs[fact.job.run_id] = JobLine(fact.job.run_id, fact.status, node, started, fact.at, cpu, note)
        if fact.status in TERMINAL:
            self._ended[fact.status] += 1
        if fact.status == "Failed":
            self._texts["error"] = f"{fact.job.run_id}: {note}"
        self._forget()

    def _forget(self) -> None:
        """Ended jobs leave first, so that what runs is always to be seen."""
        while len(self._jobs) > RECENT_JOBS:
            ended = next((name for name, job in self._jobs.items() if job.status in TERMINAL), None)
            self._jobs.pop(ended or next(reversed(self._jobs)))
