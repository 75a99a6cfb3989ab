"""One training process: started, read line by line, ended by itself or by us, its traceback kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from lazulite.demo.training.specification import Report, Specification

MAX_TRACEBACK = 16_384
MAX_LINE = 8_192
STOP_SECONDS = 5.0
# One core a node: numerical libraries would otherwise take the whole machine for each job.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class TrainingProcess:
    """`python -m lazulite.demo.training` in a folder of its own."""

    def __init__(self, specification: Specification, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._errors = folder / "stderr.txt"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, arguments of our own
                [sys.executable, "-m", "lazulite.demo.training", msgspec.json.encode(specification).decode()],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=errors,
                stdin=subprocess.DEVNULL,
                env=os.environ | _ONE_THREAD,
                # Ctrl-C in the terminal is the demo's to handle: it cancels its jobs, and says so.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def reports(self) -> Iterator[Report]:
        """What the process says until it ends; lines that are no report (a library's print) are passed over."""
        assert self._process.stdout is not None
        while line := self._process.stdout.readline(MAX_LINE):
            try:
                yield msgspec.json.decode(line, type=Report)
            except msgspec.MsgspecError:
                continue

    def wait(self) -> int:
        """The exit status, once there is one; negative is the signal that ended it."""
        status = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return status

    def stop(self) -> None:
        """End it: SIGTERM, then SIGKILL for one that does not listen."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def traceback(self) -> str:
        """The end of its stderr: the true Python traceback of a crash."""
        with self._errors.open("rb") as errors:
            errors.seek(max(0, self._errors.stat().st_size - MAX_TRACEBACK))
            return errors.read().decode("utf-8", "replace").strip()
