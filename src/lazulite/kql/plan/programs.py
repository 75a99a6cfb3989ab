"""What a stage over a whole table is told, as tuples: so the columns in it are found like any other's."""

from __future__ import annotations

from typing import NamedTuple

from lazulite.kql.plan.expressions import Const
from lazulite.kql.plan.node import Expr, Ref


class Step(NamedTuple):
    """A step of scan. `assignments` name declared columns by position; `state` says where each remembered column is
    from: a column of the row, or a declared one by position.
    """

    output: str
    condition: Expr
    assignments: tuple[tuple[int, Expr], ...]
    state: tuple[tuple[Ref, Ref | int], ...]


class ScanProgram(NamedTuple):
    """scan: what starts it anew, declared columns with their defaults, the steps, and the columns that it numbers."""

    partition: tuple[Ref, ...]
    declared: tuple[tuple[Ref, Const], ...]
    steps: tuple[Step, ...]
    match: Ref | None
    position: Ref
