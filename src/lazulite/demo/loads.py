"""Looks at the job processes (psutil) and at GPUs (NVML, where `pynvml` and a driver are there)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psutil

from lazulite.core.clock import Clock
from lazulite.demo.compute import Running
from lazulite.demo.facts import GpuLoad, ProcessLoad


class ProcessLoads:
    """CPU and memory of each running job since the last look; the first look at a process only remembers it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[int, psutil.Process] = {}

    def look(self, running: Sequence[Running]) -> list[ProcessLoad]:
        seen = {job.pid for job in running}
        self._known = {pid: process for pid, process in self._known.items() if pid in seen}
        return [load for job in running if (load := self._look(job)) is not None]

    def _look(self, job: Running) -> ProcessLoad | None:
        try:
            process = self._known.get(job.pid)
            if process is None:
                process = self._known[job.pid] = psutil.Process(job.pid)
                process.cpu_percent()
                return None
            cpu, memory = process.cpu_percent(), process.memory_info().rss
        except psutil.NoSuchProcess:
            # It ended between the compute's list and this look: its run status will say so.
            self._known.pop(job.pid, None)
            return None
        return ProcessLoad(self._clock.now(), job.job, job.node, cpu, memory)


class Gpus:
    """The machine's GPUs; `description` says why there are none."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._nvml: Any = None
        self._devices: list[Any] = []
        self.description = self._open()

    def _open(self) -> str:
        try:
            import pynvml
        except ImportError:
            return "no GPU (pynvml is not installed)"
        try:
            pynvml.nvmlInit()
            self._devices = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        except pynvml.NVMLError as absent:
            return f"no GPU ({absent})"
        self._nvml = pynvml
        return f"{len(self._devices)} GPU" if self._devices else "no GPU"

    def look(self) -> Iterator[GpuLoad]:
        for number, device in enumerate(self._devices):
            rates = self._nvml.nvmlDeviceGetUtilizationRates(device)
            memory = self._nvml.nvmlDeviceGetMemoryInfo(device)
            yield GpuLoad(self._clock.now(), str(number), float(rates.gpu), 100.0 * memory.used / memory.total)
