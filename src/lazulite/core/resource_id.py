"""ARM resource ids, parsed once and compared without regard to case.

/subscriptions/S/resourceGroups/G/providers/NS/TYPE/NAME[/TYPE/NAME...][/providers/NS2/TYPE2/NAME2...]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lazulite.core.errors import BadRequest

MAX_LENGTH = 2048
# U+FFFD stands for bytes that are not UTF-8: two different paths must not become one resource.
_FORBIDDEN = frozenset("<>%&:\\?#*\ufffd")


@dataclass(frozen=True)
class Segment:
    """One provider block of an id: a namespace, nested types and names (one more type than names: a collection)."""

    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def type(self) -> str:
        return "/".join((self.namespace, *self.types))


@dataclass(frozen=True)
class ResourceId:
    """An ARM id as the caller wrote it (`text`), with its parts. Equality and hashing ignore case."""

    text: str
    subscription: str | None
    resource_group: str | None
    segments: tuple[Segment, ...]

    @cached_property
    def key(self) -> str:
        """The lower-case form, used for storage and comparison."""
        return self.text.lower()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResourceId) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def type(self) -> str:
        """`NS/TYPE[/TYPE...]` of the last provider block, or the container's own type."""
        if self.segments:
            return self.segments[-1].type
        if self.resource_group:
            return "Microsoft.Resources/resourceGroups"
        return "Microsoft.Resources/subscriptions"

    @property
    def name(self) -> str:
        return self.text.rsplit("/", 1)[-1]

    @property
    def is_collection(self) -> bool:
        return bool(self.segments) and len(self.segments[-1].types) > len(self.segments[-1].names)

    @property
    def parent(self) -> ResourceId | None:
        """The id one TYPE/NAME pair up; for a top-level resource of an extension, what it is attached to."""
        if self.segments:
            block = self.segments[-1]
            cut = len(block.types) + len(block.names)
            drop = (1 if self.is_collection else 2) if len(block.types) > 1 else cut + 2
            return parse(self.text.rsplit("/", drop)[0])
        return parse(self.text.rsplit("/", 2)[0]) if self.resource_group else None

    def child(self, suffix: str) -> ResourceId:
        return parse(f"{self.text}/{suffix.strip('/')}")

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> ResourceId:
    """Parse an ARM id; raises BadRequest `InvalidResourceId` naming the part that is wrong."""
    _check_characters(text)
    parts = [part for part in text.split("/") if part]
    for part in parts:
        _check_part(text, part)
    lower = [part.lower() for part in parts]
    rest = 0
    subscription = group = None
    if lower[:1] == ["subscriptions"] and len(parts) > 1:
        subscription, rest = parts[1], 2
        if lower[2:3] == ["resourcegroups"] and len(parts) > 3:
            group, rest = parts[3], 4
    if rest == 0 and lower[:1] != ["providers"]:
        raise BadRequest(
            "InvalidResourceId",
            f"'{text[:200]}' is not an ARM resource id: it starts with /subscriptions/ID.",
        )
    return ResourceId("/" + "/".join(parts), subscription, group, tuple(_segments(text, parts, lower, rest)))


def _check_characters(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise BadRequest("InvalidResourceId", f"The resource id has {len(text)} characters, the limit is {MAX_LENGTH}.")
    if not text.isprintable() or _FORBIDDEN & set(text):
        wrong = sorted({letter for letter in text if letter in _FORBIDDEN or not letter.isprintable()})
        shown = ", ".join(ascii(letter) for letter in wrong[:5])
        raise BadRequest("InvalidResourceId", f"The resource id has characters that none may have: {shown}.")


def _check_part(text: str, part: str) -> None:
    # Proxies and clients take these out of a path, so such a resource could not be reached again.
    if part.strip(".") == "" or part != part.strip():
        raise BadRequest(
            "InvalidResourceId", f"'{text[:200]}': '{part}' cannot be a part: dots alone, or a space at an end."
        )


def _segments(text: str, parts: list[str], lower: list[str], start: int) -> list[Segment]:
    found: list[Segment] = []
    position = start
    while position < len(parts):
        if lower[position] != "providers" or position + 2 >= len(parts):
            raise BadRequest(
                "InvalidResourceId",
                f"'{text[:200]}': expected 'providers/NAMESPACE/TYPE' at '{parts[position]}'.",
            )
        end = next((i for i in range(position + 1, len(parts)) if lower[i] == "providers"), len(parts))
        block = parts[position + 1 : end]
        if len(block) < 2:
            raise BadRequest(
                "InvalidResourceId", f"'{text[:200]}': a namespace, type or name cannot be called 'providers'."
            )
        found.append(Segment(block[0], tuple(block[1::2]), tuple(block[2::2])))
        position = end
    return found
