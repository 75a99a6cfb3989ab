"""The house of the design: which room may import which, held by reading every import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "lazulite"
FLOORS = (
    ("cli", "demo"),
    ("server",),
    ("wire", "collect"),
    ("routing",),
    ("alerts", "destinations"),
    ("logs", "metrics"),
    ("identity",),
    ("resources",),
    ("engine",),
    ("state",),
    ("kql", "catalog", "core"),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FREE = {"__init__", "__main__"}


def room_of(module: str) -> str:
    """The room of a dotted module name: lazulite.wire.arm -> wire, lazulite -> ""."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Every lazulite module a file imports, with its line."""
    package = ("lazulite", *path.relative_to(SOURCE).with_suffix("").parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.startswith("lazulite"))
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            if module == "lazulite":
                yield from ((node.lineno, f"lazulite.{alias.name}") for alias in node.names)
            elif module.startswith("lazulite."):
                yield node.lineno, module


def violations() -> Iterator[str]:
    for path in sorted(SOURCE.rglob("*.py")):
        here = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        for line, module in imported(path):
            there = room_of(module)
            if here in FREE or there in ("", "__version__", here):
                continue
            if there not in FLOOR or here not in FLOOR:
                yield f"{path}:{line}: {here} -> {module}: not a room of the house"
            elif FLOOR[there] <= FLOOR[here]:
                yield f"{path}:{line}: {here} -> {module}: imports go down only"


def test_imports_go_down_only() -> None:
    assert list(violations()) == []


def test_every_folder_is_a_room() -> None:
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms <= set(FLOOR) | {"portal"}


@pytest.mark.parametrize("module", ["lazulite.kql", "lazulite.catalog", "lazulite.core"])
def test_the_lowest_rooms_know_nobody(module: str) -> None:
    room = room_of(module)
    seen = {room_of(name) for path in (SOURCE / room).rglob("*.py") for _, name in imported(path)}
    assert seen <= {room}
