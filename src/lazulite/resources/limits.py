"""What bounds a resource. Names and figures are Azure Resource Manager's where it documents one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_RESOURCES_PER_TYPE = 800


@dataclass(frozen=True)
class ResourceLimits:
    """`per_type` is how many resources of a type (lower case) one parent may hold, where it is not the default."""

    body_bytes: int = 1024 * 1024
    depth: int = 32
    name_length: int = 260
    tags: int = 50
    tag_name_length: int = 512
    tag_value_length: int = 256
    per_type: Mapping[str, int] = field(
        default_factory=lambda: {
            "microsoft.resources/subscriptions": 100,
            "microsoft.resources/resourcegroups": 980,
            "microsoft.insights/metricalerts": 5_000,
        }
    )

    def resources_of(self, type_key: str) -> int:
        return self.per_type.get(type_key, DEFAULT_RESOURCES_PER_TYPE)
