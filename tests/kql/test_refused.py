"""Functions that are known and not run are refused by name, with the reason."""

from __future__ import annotations

import pytest

from lazulite.kql import KqlError, run
from lazulite.kql.functions import FUNCTIONS
from lazulite.kql.functions.refused import REFUSED


@pytest.mark.parametrize("name", [*sorted(REFUSED), "geo_point_to_geohash", "ai_embeddings"])
def test_refused_by_name(name: str) -> None:
    with pytest.raises(KqlError) as caught:
        run(f"print {name}(1)", {})
    assert caught.value.code == "UNS0001"
    assert f"{name}()" in caught.value.message


def test_what_runs_is_not_refused() -> None:
    assert not set(REFUSED) & set(FUNCTIONS)
