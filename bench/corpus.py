"""KQL conformance: how many cases of the shared corpus this engine answers, answers wrongly, and refuses."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import shared_folder


def main() -> None:
    shared = shared_folder()
    if shared is None:
        print("skipped: no shared folder (set LAZULITE_SHARED)")
        return
    command = [sys.executable, str(shared / "kql" / "run_corpus.py"), "--engine", "lazulite.kql:run"]
    # It exits 1 while a case is refused; the last lines say how many.
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    print("\n".join(answer.stdout.splitlines()[-2:]))
