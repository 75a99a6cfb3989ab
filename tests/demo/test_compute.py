"""The local compute runs real processes and tells the truth about how they ended."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import msgspec
import pytest

from lazulite.core.clock import SystemClock
from lazulite.core.ids import RandomIds
from lazulite.demo.compute import MAX_QUEUED, LocalCompute, QueueFull
from lazulite.demo.facts import TERMINAL, ClusterState, DatasetRead, Fact, Job, ModelRegistered, RunChanged
from lazulite.demo.recipes import RECIPES, Recipe, by_kind
from lazulite.demo.training.specification import Specification

DEADLINE = 60.0


class Diary:
    """Everything a compute told, and a wait for what is still to come."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._changed = threading.Condition()

    def __call__(self, fact: Fact) -> None:
        with self._changed:
            self.facts.append(fact)
            self._changed.notify_all()

    def statuses(self, job: Job) -> list[str]:
        return [fact.status for fact in self.facts if isinstance(fact, RunChanged) and fact.job == job]

    def wait_for(self, job: Job, statuses: frozenset[str] = TERMINAL) -> RunChanged:
        def found() -> RunChanged | None:
            changes = (fact for fact in self.facts if isinstance(fact, RunChanged) and fact.job == job)
            return next((fact for fact in changes if fact.status in statuses), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, DEADLINE), self.statuses(job)
        change = found()
        assert change is not None
        return change


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def compute(tmp_path: Path, diary: Diary):
    compute = LocalCompute(tmp_path, 1, "ada", SystemClock(), RandomIds(), diary)
    compute.start()
    yield compute
    compute.close()


def short(recipe: Recipe) -> Specification:
    return msgspec.structs.replace(recipe.specification, epochs=min(recipe.specification.epochs, 40))


def test_a_job_that_succeeds_passes_through_every_status(compute: LocalCompute, diary: Diary) -> None:
    recipe = by_kind("train")
    job = compute.submit(recipe, short(recipe))
    diary.wait_for(job)
    assert diary.statuses(job) == ["NotStarted", "Queued", "Starting", "Running", "Finalizing", "Completed"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("crash-diverges", "FloatingPointError: overflow encountered in exp"),
        ("crash-misfit", "ValueError: matmul"),
        ("crash-no-data", "FileNotFoundError"),
    ],
)
def test_a_crash_is_a_true_exception_with_its_traceback(
    compute: LocalCompute, diary: Diary, kind: str, error: str
) -> None:
    ended = diary.wait_for(compute.submit(by_kind(kind)))
    assert ended.status == "Failed"
    assert ended.message.startswith("Traceback (most recent call last):")
    assert error in ended.message.splitlines()[-1]


def test_a_canceled_job_is_terminated_and_says_so(compute: LocalCompute, diary: Diary) -> None:
    job = compute.submit(by_kind("train"), msgspec.structs.replace(by_kind("cancel").specification))
    diary.wait_for(job, frozenset({"Running"}))
    assert compute.cancel(job.run_id)
    assert diary.wait_for(job).status == "Canceled"
    assert "CancelRequested" in diary.statuses(job)
    assert not compute.cancel(job.run_id), "it does not run any more"


def test_a_data_set_is_read_and_a_model_registered(compute: LocalCompute, diary: Diary, tmp_path: Path) -> None:
    recipe = by_kind("register-model")
    job = compute.submit(recipe, short(recipe))
    diary.wait_for(job)
    (read,) = (fact for fact in diary.facts if isinstance(fact, DatasetRead))
    (model,) = (fact for fact in diary.facts if isinstance(fact, ModelRegistered))
    assert (read.name, read.rows, read.job) == ("customer-churn", 3_000, job)
    assert (model.name, model.version, model.job) == ("churn-mlp", 1, job)
    assert (tmp_path / "models" / "churn-mlp.npz").stat().st_size == model.size


def test_nodes_tell_their_states(compute: LocalCompute, diary: Diary) -> None:
    recipe = by_kind("train")
    diary.wait_for(compute.submit(recipe, short(recipe)))
    states = [
        (fact.idle, fact.preparing, fact.running, fact.leaving) for fact in diary.facts if type(fact) is ClusterState
    ]
    assert states[:5] == [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]


def test_closing_cancels_what_runs_and_what_waits(tmp_path: Path, diary: Diary) -> None:
    compute = LocalCompute(tmp_path, 1, "ada", SystemClock(), RandomIds(), diary)
    compute.start()
    runs = compute.submit(by_kind("cancel"))
    waits = compute.submit(by_kind("train"))
    diary.wait_for(runs, frozenset({"Running"}))
    started = time.monotonic()
    compute.close()
    assert time.monotonic() - started < DEADLINE
    assert diary.statuses(runs)[-1] == diary.statuses(waits)[-1] == "Canceled"
    assert isinstance(diary.facts[-1], ClusterState)
    assert diary.facts[-1].event == "DeleteOperationCompleted"
    assert diary.facts[-1].current == 0


def test_the_queue_is_bounded(tmp_path: Path, diary: Diary) -> None:
    idle = LocalCompute(tmp_path, 1, "ada", SystemClock(), RandomIds(), diary)
    for _ in range(MAX_QUEUED):
        idle.submit(by_kind("train"))
    with pytest.raises(QueueFull):
        idle.submit(by_kind("train"))
    assert diary.facts[-1].status == "Failed"


def test_every_recipe_ends_in_a_terminal_status() -> None:
    assert {recipe.outcome for recipe in RECIPES} == TERMINAL
