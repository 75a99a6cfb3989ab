"""The state machine of scan: each row against each step, from the last to the first.

The state of a step holds what the steps up to it remember, or is None. A row that fits the state of the step before
moves that state on; else one that fits the step's own state replaces what the step remembers.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from lazulite.kql import types
from lazulite.kql.errors import runtime
from lazulite.kql.plan.programs import ScanProgram, Step
from lazulite.kql.pruning import references
from lazulite.kql.sql import Stage
from lazulite.kql.stages.arithmetic import bounded
from lazulite.kql.stages.interpreter import Form, interpreted
from lazulite.kql.stages.record import MOST_CHARACTERS, MOST_ROWS, Check, checked, slices
from lazulite.kql.values import arrow_array, json_text, python_values

# Where a state keeps the number of its match.
MATCH: Final = -1
State = dict[int, Any]


class _Step:
    """A step with its expressions as functions."""

    def __init__(self, step: Step) -> None:
        self.output = step.output
        self.condition = interpreted(step.condition)
        self.assignments: list[tuple[int, Form]] = [(at, interpreted(value)) for at, value in step.assignments]
        self.state = step.state


class _Found:
    """The rows that came out: the number of the input row (-1 for one taken back), its match, the declared columns."""

    def __init__(self, width: int) -> None:
        self.numbers, self.matches, self.characters = array("q"), array("q"), 0
        self.columns: list[list[Any]] = [[] for _ in range(width)]

    def add(self, number: int, match: int, values: list[Any]) -> int:
        """One row more; where it stands."""
        if len(self.numbers) >= MOST_ROWS:
            raise runtime(f"scan makes more than {MOST_ROWS:,} rows. Filter or aggregate before it")
        self.characters += sum(len(value) for value in values if isinstance(value, str))
        if self.characters > MOST_CHARACTERS:
            raise runtime(
                f"scan makes texts of more than {MOST_CHARACTERS:,} characters. Filter or aggregate before it"
            )
        self.numbers.append(number)
        self.matches.append(match)
        for column, value in zip(self.columns, values, strict=True):
            column.append(value)
        return len(self.numbers) - 1


@dataclass
class _Machine:
    """The states of one partition's steps, and the rows that came out of all."""

    steps: list[_Step]
    defaults: State
    declared: list[Any]
    found: _Found
    dynamics: list[int]
    matches: int = 0

    def begin(self) -> None:
        """Nothing has matched: matches are counted anew in each partition."""
        self.matches = 0
        self.states: list[State | None] = [None] * len(self.steps)
        self.held: list[int | None] = [None] * len(self.steps)

    def feed(self, number: int, row: Mapping[int, Any]) -> None:
        """One row, against each step."""
        for at in range(len(self.steps) - 1, -1, -1):
            if not self._moves_on(at, number, row):
                self._repeats(at, number, row)

    def _moves_on(self, at: int, number: int, row: Mapping[int, Any]) -> bool:
        before = self.states[at - 1] if at else None
        if before is None or self.steps[at].condition({**before, **row}) is not True:
            return False
        self.states[at - 1] = None
        # What the two steps hold back is the last of its series now.
        self.held[at - 1] = self.held[at] = None
        self._match(at, number, row, before)
        return True

    def _repeats(self, at: int, number: int, row: Mapping[int, Any]) -> None:
        own = self.states[at]
        if own is None and at:
            return
        state = self.defaults if own is None else own
        if self.steps[at].condition({**state, **row}) is not True:
            return
        if own is None:
            state = {**state, MATCH: self.matches}
            self.matches += 1
        self._match(at, number, row, state)

    def _match(self, at: int, number: int, row: Mapping[int, Any], state: State) -> None:
        step, values, known = self.steps[at], list(self.declared), {**state, **row}
        for place, form in step.assignments:
            values[place] = form(known)
        own = {ref.id: values[of] if isinstance(of, int) else row[of.id] for ref, of in step.state}
        for place in self.dynamics:
            # A dynamic may hold itself, many times over: what it is as text has a bound.
            values[place] = None if values[place] is None else bounded(json_text(values[place]))
        self.states[at] = {**state, **own}
        self._emit(at, number, state[MATCH], values)

    def _emit(self, at: int, number: int, match: int, values: list[Any]) -> None:
        if self.steps[at].output == "none":
            return
        held = self.held[at]
        if held is not None:
            self.found.numbers[held] = -1
        place = self.found.add(number, match, values)
        if self.steps[at].output == "last":
            self.held[at] = place


def scan(stage: Stage, rows: Any, check: Check) -> Any:
    """The rows that match a step, once for each, with the declared columns."""
    (program,) = stage.arguments
    assert isinstance(program, ScanProgram)
    machine = _machine(program)
    keys = [ref.id for ref in program.partition]
    last: Any = None
    machine.begin()
    for number, row in enumerate(checked(_rows(stage, rows, program), check)):
        key = [row[one] for one in keys]
        if number and key != last:
            machine.begin()
        last = key
        try:
            machine.feed(number, row)
        except RecursionError:
            raise runtime("A dynamic that scan remembers nests too deeply: let it begin again, or keep less") from None
    return _table(stage, rows, program, machine.found)


def _machine(program: ScanProgram) -> _Machine:
    declared = [interpreted(default)({}) for _, default in program.declared]
    dynamics = [at for at, (ref, _) in enumerate(program.declared) if ref.type == types.DYNAMIC]
    defaults: State = {}
    for step in program.steps:
        for ref, of in step.state:
            defaults[ref.id] = declared[of] if isinstance(of, int) else types.absent(ref.type)
    return _Machine([_Step(step) for step in program.steps], defaults, declared, _Found(len(declared)), dynamics)


def _rows(stage: Stage, rows: Any, program: ScanProgram) -> Iterator[Mapping[int, Any]]:
    """The columns that the steps read, a row at a time."""
    needed = references(program)
    places = [(at, ref) for at, ref in enumerate(stage.inputs) if ref.id in needed]
    ids = [ref.id for _, ref in places]
    for part in slices(rows):
        columns = [python_values(ref.type, part.column(at)) for at, ref in places]
        if not columns:
            yield from ({} for _ in range(part.num_rows))
        for values in zip(*columns, strict=True):
            yield dict(zip(ids, values, strict=True))


def _table(stage: Stage, rows: Any, program: ScanProgram, found: _Found) -> Any:
    numbers = pa.array(found.numbers, pa.int64())
    kept = pc.greater_equal(numbers, 0)
    taken = rows.take(numbers.filter(kept))
    made: dict[int, Any] = {ref.id: taken.column(at) for at, ref in enumerate(stage.inputs)}
    for (ref, _), column in zip(program.declared, found.columns, strict=True):
        # A dynamic is text by now.
        kind = types.GUID if ref.type == types.DYNAMIC else ref.type
        made[ref.id] = arrow_array(kind, column).filter(kept)
    if program.match is not None:
        made[program.match.id] = pa.array(found.matches, pa.int64()).filter(kept)
    made[program.position.id] = pa.array(range(taken.num_rows), pa.int64())
    return pa.table([made[ref.id] for ref in stage.columns], names=[f"c{ref.id}" for ref in stage.columns])
