"""Which resource and category each record of a body belongs to, or why it belongs to none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from lazulite.catalog import Category, categories, categories_of, emits_metrics
from lazulite.core.batch import ALL_METRICS
from lazulite.core.errors import BadRequest
from lazulite.core.resource_id import ResourceId
from lazulite.routing.framing import Malformed
from lazulite.routing.ownership import lineage, owner, parsed

_RESOURCE_FIELDS = ("resourceId", "_ResourceId")
_PLACING_FIELDS = {*_RESOURCE_FIELDS, "category"}


@dataclass(frozen=True)
class Refusal:
    """Why a record is not taken."""

    code: str
    message: str


@dataclass(frozen=True)
class Place:
    """Where a record belongs: a resource's key, a category as the catalog has it, and its table ("" for metrics)."""

    resource: str
    category: str
    table: str


@dataclass(frozen=True)
class Placed:
    """Row numbers by place, refusals by row number. `whole`: there is one place and it has every record."""

    groups: Mapping[Place, Sequence[int]]
    refused: Mapping[int, Refusal]
    whole: bool


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.refusal = Refusal(code, message)


Known = Callable[[str], Category | None]


def place(records: Sequence[Any], resource_id: ResourceId, category: str | None, known: Known) -> Placed:
    """Sort a body's records. `category` is the door's, if it has one; raises BadRequest if that one is wrong."""
    placer = _Placer(resource_id, category, known)
    if category is not None and _say_nothing(records):
        return Placed({placer.common(): range(len(records))}, {}, True)
    groups: dict[Place, list[int]] = {}
    refused: dict[int, Refusal] = {}
    for index, record in enumerate(records):
        try:
            groups.setdefault(placer.place(record), []).append(index)
        except _Refused as error:
            refused[index] = error.refusal
    return Placed(groups, refused, False)


def _say_nothing(records: Sequence[Any]) -> bool:
    """Whether all are objects, and none says anything of its own about its place."""
    return set(map(type, records)) == {dict} and _PLACING_FIELDS.isdisjoint(set().union(*records))


class _Placer:
    """Places the records of one body; each distinct (resourceId, category) is worked out once."""

    def __init__(self, resource_id: ResourceId, category: str | None, known: Known) -> None:
        self._path = resource_id
        self._known = known
        self._category = category
        self._seen: dict[tuple[Any, Any], Place] = {}
        if category is not None:
            self._check_door(category)

    def _check_door(self, category: str) -> None:
        try:
            self._find(self._path, category)
        except _Refused as error:
            raise BadRequest(error.refusal.code, error.refusal.message, target="category") from error

    def common(self) -> Place:
        """The place of records that say nothing of their own."""
        return self._find(self._path, self._category or "")

    def place(self, record: Any) -> Place:
        if isinstance(record, Malformed):
            raise _Refused("MalformedRecord", record.reason)
        if not isinstance(record, dict):
            raise _Refused("NotAnObject", f"A record is a JSON object, not {type(record).__name__}.")
        key = (next((record[name] for name in _RESOURCE_FIELDS if record.get(name)), None), self._category_of(record))
        # A list or object where text belongs cannot be hashed, and is no place either.
        try:
            found = self._seen.get(key)
        except TypeError:
            raise _Refused("InvalidRecord", "'resourceId' and 'category' are text.") from None
        if found is None:
            found = self._seen[key] = self._find(self._resource(key[0]), self._chosen(key[1]))
        return found

    def _category_of(self, record: Mapping[str, Any]) -> Any:
        own = record.get("category")
        return ALL_METRICS if self._category is None and own is None and "metricName" in record else own

    def _chosen(self, own: Any) -> str:
        if own is not None and not isinstance(own, str):
            raise _Refused("InvalidRecord", "'category' is text.")
        if self._category is None and not own:
            raise _Refused("MissingCategory", "The record has no 'category', and the request names none.")
        if self._category is not None and own and own.lower() != self._category.lower():
            raise _Refused(
                "CategoryMismatch", f"The record's category '{own}' is not '{self._category}', the request's."
            )
        return self._category or str(own)

    def _resource(self, own: Any) -> ResourceId:
        if own is None:
            return self._path
        if not isinstance(own, str):
            raise _Refused("InvalidRecord", "'resourceId' is text.")
        key = "/" + own.strip("/").lower()
        if key != self._path.key and not key.startswith(self._path.key + "/"):
            raise _Refused("ForeignResource", f"'{own[:300]}' is neither {self._path} nor below it.")
        try:
            return parsed(key)
        except BadRequest as error:
            raise _Refused(error.code, error.message) from error

    def _find(self, resource: ResourceId, name: str) -> Place:
        if name.lower() == ALL_METRICS.lower():
            if not emits_metrics(resource.type):
                raise _Refused("MetricsNotSupported", f"Resources of type '{resource.type}' have no platform metrics.")
            return Place(resource.key, ALL_METRICS, "")
        category = self._known(name)
        if category is None:
            raise _Refused("UnknownCategory", f"'{name[:100]}' is not a category.{_suggestion(name, resource)}")
        if owner(resource, category) is None:
            raise _Refused(
                "CategoryNotSupported",
                f"'{resource.type}' does not emit '{category.name}'; {category.resource_type} does.",
            )
        return Place(resource.key, category.name, category.table)


def _suggestion(name: str, resource: ResourceId) -> str:
    close = get_close_matches(name.lower(), [found.name.lower() for found in categories()], 1)
    if close:
        return f" Did you mean '{next(found.name for found in categories() if found.name.lower() == close[0])}'?"
    valid = [found.name for level in lineage(resource) for found in categories_of(level.type)]
    return f" Valid here: {', '.join([*valid, ALL_METRICS])}."
