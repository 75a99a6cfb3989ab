"""How a property that is wrong is named to the caller; shared by the two kinds of this room."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from lazulite.core.errors import BadRequest, LazuliteError
from lazulite.core.resource_id import ResourceId, parse


def bad(where: str, text: str, *, code: str = "BadRequest") -> BadRequest:
    return BadRequest(code, f"properties.{where} {text}", target=f"properties.{where}")


def parsed_id(where: str, text: str) -> ResourceId:
    try:
        found = parse(text)
    except LazuliteError as error:
        raise bad(where, f"is not a resource id. {error.message}") from None
    if found.is_collection:
        raise bad(where, f"'{text}' ends in a type; a name must follow.")
    return found


def one_of(where: str, value: str, allowed: Iterable[str]) -> None:
    """Values of enumerations compare without case, as the service and its clients do."""
    choices = tuple(allowed)
    if value.lower() not in {choice.lower() for choice in choices}:
        raise bad(where, f"is '{value[:80]}'; it must be one of {', '.join(choices)}.")


def suggestion(word: str, known: Iterable[str]) -> str:
    """The words " Did you mean 'X'?", or nothing when no known word is near."""
    spelling = {each.lower(): each for each in known}
    near = get_close_matches(word.lower(), spelling, n=1, cutoff=0.6)
    return f" Did you mean '{spelling[near[0]]}'?" if near else ""
