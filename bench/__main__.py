"""`python -m bench [NAME...]`: runs the benchmarks, each printing one table; without names, all of them."""

from __future__ import annotations

import importlib
import sys

NAMES = ("corpus", "queries", "ingest", "kql")


def main(names: list[str]) -> None:
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        sys.exit(f"unknown: {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    for name in names or NAMES:
        print(f"\n== {name}: {(importlib.import_module(f'bench.{name}').__doc__ or '').splitlines()[0]}", flush=True)
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
