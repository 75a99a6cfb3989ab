"""What happens on the local compute, as frozen values: all that records, metrics and view are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

TERMINAL = frozenset({"Completed", "Failed", "Canceled"})


@dataclass(frozen=True)
class Job:
    """Who a job is. `job_id` is a GUID, `run_id` its name in the ML workspace; `kind` is the recipe's."""

    job_id: str
    run_id: str
    experiment: str
    kind: str
    user: str


@dataclass(frozen=True)
class RunChanged:
    """A run reached `status` (a name of Azure ML's run statuses) on `node` ("" while it has none) at ticks `at`."""

    at: int
    job: Job
    status: str
    node: str = ""
    message: str = ""


@dataclass(frozen=True)
class DatasetRead:
    """A job has read a kept data set of `rows` rows."""

    at: int
    job: Job
    dataset_id: str
    name: str
    rows: int


@dataclass(frozen=True)
class ModelRegistered:
    """A job's weights were kept under a model's name; `version` counts from 1."""

    at: int
    job: Job
    name: str
    version: int
    size: int


@dataclass(frozen=True)
class ClusterState:
    """How many nodes are in which state. `event` is "" but at creation and deletion of the cluster."""

    at: int
    target: int
    maximum: int
    idle: int
    preparing: int
    running: int
    leaving: int
    event: str = ""
    grows: bool = False

    @property
    def current(self) -> int:
        return self.idle + self.preparing + self.running + self.leaving


@dataclass(frozen=True)
class ProcessLoad:
    """CPU and memory of one job's process since the last look; `cpu` in percent of one core, `memory` in bytes."""

    at: int
    job: Job
    node: str
    cpu: float
    memory: int


@dataclass(frozen=True)
class GpuLoad:
    """Use of one GPU as NVML gives it, in percent; of the whole device, because NVML knows no run."""

    at: int
    device: str
    utilization: float
    memory: float


Fact: TypeAlias = RunChanged | DatasetRead | ModelRegistered | ClusterState | ProcessLoad | GpuLoad
