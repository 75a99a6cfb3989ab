"""Memory that threads have freed is there for all of them."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ALLOCATING = """
import ctypes, sys, threading
import pyarrow as pa
from lazulite.server import memory

memory.share_between_threads()
together = threading.Barrier(8)

def allocate():
    together.wait()
    rows = [b"x" * 1000 for _ in range(1000)]
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
print(pa.default_memory_pool().backend_name)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="arenas are glibc's")
def test_threads_share_two_arenas_and_arrow_uses_them(tmp_path: Path) -> None:
    found = tmp_path / "arenas.xml"
    command = [sys.executable, "-c", ALLOCATING, str(found)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.strip() == "system"
    assert found.read_text().count("<heap nr=") <= 2
