"""How memory that was freed is given back, so that a server stays near the memory that its settings name.

Allocators keep what threads freed for those same threads. With dozens of threads, of which each decodes or encodes
something large now and then, a server of 256 MiB kept 250 MiB that way.
"""

from __future__ import annotations

import ctypes
import sys

import pyarrow as pa

MOST_ARENAS = 2
_M_ARENA_MAX = -8  # of glibc's malloc.h


def share_between_threads() -> None:
    """Have all threads share the allocator's memory. Call it first of all: what exists by then stays as it is."""
    pa.set_memory_pool(pa.system_memory_pool())
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:  # glibc: other C libraries do without arenas
        mallopt(_M_ARENA_MAX, MOST_ARENAS)
