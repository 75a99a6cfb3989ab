"""Every case under `cases/`: what KQL means here, one small query at a time."""

from __future__ import annotations

import pytest

from lazulite.kql import KqlError, run
from tests.kql.reading import CASES, Case, cases, columns_of, rows_of

ALL = [(path.stem, case) for path in sorted(CASES.glob("*.kql")) for case in cases(path.stem)]


@pytest.mark.parametrize("case", [case for _, case in ALL], ids=[f"{file}: {case.title}" for file, case in ALL])
def test_case(case: Case) -> None:
    if case.error:
        with pytest.raises(KqlError) as caught:
            run(case.query, {})
        assert case.error in str(caught.value)
    else:
        answer = run(case.query, {})
        assert columns_of(answer) == case.columns
        assert rows_of(answer) == case.rows
