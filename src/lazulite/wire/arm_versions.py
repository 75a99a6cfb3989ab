"""api-version: required, a date, and where a type's versions are known, the nearest known one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lazulite.core.errors import BadRequest

_FORM = re.compile(r"\d{4}-\d{2}-\d{2}(?:-[a-z]{1,30})?", re.IGNORECASE)


def asked(params: Mapping[str, str]) -> str:
    """The version in the query. Raises BadRequest `MissingApiVersionParameter`, `InvalidApiVersionParameter`."""
    version = params.get("api-version", "")
    if not version:
        raise BadRequest(
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not _FORM.fullmatch(version):
        raise BadRequest(
            "InvalidApiVersionParameter", f"The api-version '{version[:60]}' is invalid: write a date, as 2024-02-01."
        )
    return version.lower()


def nearest(version: str, known: Sequence[str]) -> str:
    """The version itself where it is known, else the last known one before it, else the first one."""
    if not known or version in known:
        return version
    return max((one for one in known if one <= version), default=min(known))
