"""The series that are known, in memory: the id of a series by what it is, and the series of one metric of a resource.

A group is one metric of one resource. Series ids are handed out in order within their group (see points.GROUP_SHIFT).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from lazulite.metrics.points import GROUP_SHIFT

HOLE = ""  # in the place of dimensions: the series of this ordinal has expired ("{}" is the series without dimensions)


class GroupKey(NamedTuple):
    """Lower-case resource id, namespace and metric."""

    resource_id: str
    namespace: str
    metric: str

    @staticmethod
    def of(resource_id: str, namespace: str, metric: str) -> GroupKey:
        return GroupKey(resource_id.lower(), namespace.lower(), metric.lower())


@dataclass
class Group:
    """The series of one metric of one resource: their canonical dimensions and last seen minutes, by ordinal."""

    number: int
    dimensions: list[str] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    ordinals: dict[str, int] = field(default_factory=dict)

    @property
    def first_id(self) -> int:
        return self.number << GROUP_SHIFT

    def id_of(self, dimensions: str) -> int | None:
        """The id of the series with these canonical dimensions; the case of values does not count."""
        ordinal = self.ordinals.get(dimensions.lower())
        return None if ordinal is None else self.first_id + ordinal

    def append(self, dimensions: str, seen: int) -> int:
        """Add a series and give its id. Readers copy `dimensions`, so it grows last."""
        ordinal = len(self.dimensions)
        self.ordinals[dimensions.lower()] = ordinal
        self.seen.append(seen)
        self.dimensions.append(dimensions)
        return self.first_id + ordinal

    def put(self, ordinal: int, dimensions: str, seen: int) -> bool:
        """Set the series of an ordinal, or move its `seen`; says whether it is a series more."""
        # Series that expired have left holes, which mean nothing: their points expired before them.
        missing = ordinal + 1 - len(self.dimensions)
        self.seen += [0] * missing
        self.dimensions += [HOLE] * missing
        new = self.dimensions[ordinal] == HOLE
        if new:
            self.ordinals[dimensions.lower()] = ordinal
            self.dimensions[ordinal] = dimensions
        self.seen[ordinal] = max(self.seen[ordinal], seen)
        return new

    def forget(self, before: int) -> int:
        """Make holes of the series last seen before `before`; returns how many."""
        stale = [text for text, ordinal in self.ordinals.items() if self.seen[ordinal] < before]
        for text in stale:
            self.dimensions[self.ordinals.pop(text)] = HOLE
        return len(stale)


@dataclass(frozen=True)
class SeriesRow:
    """One row of the table `series`, as new or seen again at minute `seen` (ticks)."""

    id: int
    key: GroupKey
    namespace: str
    metric: str
    dimensions: str
    seen: int


class SeriesIndex:
    """All groups. The drain adds and retention forgets, one at a time; queries read at the same time without a lock."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._groups: dict[GroupKey, Group] = {}
        self._next_group = 0
        self.count = 0

    def group(self, key: GroupKey) -> Group | None:
        return self._groups.get(key)

    def resource_ids(self, prefix: str) -> list[str]:
        """The resources that have series and whose lower-case id starts with `prefix`, in order."""
        return sorted({key.resource_id for key in list(self._groups) if key.resource_id.startswith(prefix)})

    @property
    def next_group(self) -> int:
        return self._next_group

    def add(self, row: SeriesRow) -> None:
        """Take in a series; one that is known only moves `seen`."""
        with self._changing:
            group = self._groups.get(row.key)
            if group is None:
                group = self._groups[row.key] = Group(row.id >> GROUP_SHIFT)
                self._next_group = max(self._next_group, group.number + 1)
            self.count += group.put(row.id - group.first_id, row.dimensions, row.seen)

    def forget(self, before: int) -> int:
        """Drop the series last seen before `before` (ticks); returns how many."""
        gone = 0
        with self._changing:
            for key, group in list(self._groups.items()):
                gone += group.forget(before)
                if not group.ordinals:
                    del self._groups[key]
            self.count -= gone
        return gone
