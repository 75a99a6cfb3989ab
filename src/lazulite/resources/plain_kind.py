"""A kind that is data alone: names allowed, properties that the service fills, values that a property may have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lazulite.core.errors import BadRequest
from lazulite.core.ids import Ids, RandomIds
from lazulite.resources.kind import Body, Change, Traits, Write


@dataclass(frozen=True)
class NameRule:
    """A pattern that the whole name must match, and the rule in words for the error."""

    pattern: str
    words: str

    def check(self, write: Write) -> None:
        if not re.fullmatch(self.pattern, write.id.name):
            message = f"'{write.id.name}' is not a valid name for {write.id.type}: {self.words}."
            raise BadRequest("InvalidResourceName", message, target="name")


ANY_NAME = NameRule(r".+", "any name")


@dataclass(frozen=True)
class PlainKind:
    """`fixed` properties are always as given here; `generated` ones are GUIDs made once and kept for ever."""

    traits: Traits
    names: NameRule = ANY_NAME
    fixed: Mapping[str, Any] = field(default_factory=lambda: {"provisioningState": "Succeeded"})
    generated: tuple[str, ...] = ()
    ids: Ids = field(default_factory=RandomIds)

    def validate(self, write: Write) -> Body:
        self.names.check(write)
        before = write.current.properties if write.current else {}
        made = {name: before.get(name) or self.ids.guid() for name in self.generated}
        return {**write.body, "properties": {**write.body.get("properties", {}), **self.fixed, **made}}

    def committed(self, change: Change) -> None:
        """Nothing is cached."""
