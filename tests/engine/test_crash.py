"""SIGKILL at random instants: what was delivered is there once, with the cursor, and nothing beyond it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.engine.conftest import Rig, rows_of

ROUNDS = 60 if os.environ.get("LAZULITE_SOAK") == "1" else 6
MIB = 1024 * 1024


def deliver_for_ever(folder: Path) -> None:
    """Runs in the process to be killed: numbered deliveries into two tables that grow columns and are checkpointed."""
    from dataclasses import replace

    from tests.engine.conftest import SETTINGS

    rig = Rig(folder, replace(SETTINGS, checkpoint_bytes=MIB))
    print("open", flush=True)
    while True:
        cursor = rig.engine.delivered()
        number = cursor.through + 1 if cursor else 1
        size = 1 + number * 37 % 500
        wide = {"seq": "long", "text": "string", f"extra{number % 50}": "string"}
        rig.deliver(
            rows_of("T", wide, [(number, "x" * 100, "y")] * size),
            rows_of("U", {"seq": "long", "d": "dynamic"}, [(number, '{"k":[1,2]}')] * 3),
        )
        print(number, flush=True)


def run_and_kill(folder: Path, seconds: float) -> int:
    """The last delivery that the process had acknowledged when it was killed."""
    command = [sys.executable, "-c", "import sys; from pathlib import Path; from tests.engine import test_crash as t; "]
    command[-1] += "t.deliver_for_ever(Path(sys.argv[1]))"
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen([*command, str(folder)], stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        time.sleep(seconds)  # the random instant itself, not a wait for a state
        process.send_signal(signal.SIGKILL)
        answered = process.stdout.read().split("\n")[:-1]
    return int(answered[-1]) if answered else 0


@pytest.mark.long
def test_each_delivery_is_there_once_after_sigkill(tmp_path: Path) -> None:
    seed = int(os.environ.get("LAZULITE_SEED", time.time_ns()))
    print(f"seed {seed}")
    chance, acknowledged = random.Random(seed), 0
    for round_number in range(ROUNDS):
        acknowledged = max(acknowledged, run_and_kill(tmp_path, chance.uniform(0, 1.5)))
        begun = time.monotonic()
        rig = Rig(tmp_path)
        opened = time.monotonic() - begun
        cursor = rig.engine.delivered()
        through = cursor.through if cursor else 0
        print(f"round {round_number}: {acknowledged} acknowledged, {through} there, opened in {opened:.3f} s")
        assert through in (acknowledged, acknowledged + 1), f"seed {seed}"
        for table, expected in (("T", lambda number: 1 + number * 37 % 500), ("U", lambda _: 3)):
            rows = rig.rows(f"{table} | summarize rows = count() by seq") if through else []
            found = {row["seq"]: row["rows"] for row in rows}
            assert found == {number: expected(number) for number in range(1, through + 1)}, f"seed {seed}"
        rig.engine.close()
        acknowledged = through
    assert acknowledged > 0
