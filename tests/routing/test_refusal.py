"""Which rows of a refused batch are to blame, found by halving."""

from __future__ import annotations

import pyarrow as pa

from lazulite.core.batch import StoredBatch
from lazulite.routing.refusal import MAX_TRIES, Reason, parted, refused_rows

WHOLE = Reason("Whole", "the whole batch")


def batch(count: int) -> StoredBatch:
    return StoredBatch(7, "/subscriptions/s", "RunEvent", 0, "me", "records", pa.table({"n": range(count)}))


def even(part: StoredBatch) -> Reason | None:
    """The first even number of a part is its reason, as the engine names the first value that it cannot take."""
    found = next((n for n in part.rows["n"].to_pylist() if n % 2 == 0), None)
    return None if found is None else Reason("Even", f"{found} is even")


def test_every_bad_row_is_found_with_its_own_reason() -> None:
    assert refused_rows(batch(5), WHOLE, even) == {n: Reason("Even", f"{n} is even") for n in (0, 2, 4)}


def test_a_batch_that_passes_the_second_time_has_no_bad_row() -> None:
    assert refused_rows(batch(5), WHOLE, lambda part: None) == {}


def test_tries_are_bounded_and_the_rest_goes_together_with_the_reason_of_its_part() -> None:
    tries = []

    def never(part: StoredBatch) -> Reason | None:
        tries.append(part.rows.num_rows)
        return Reason("Never", f"one of {part.rows.num_rows}")

    found = refused_rows(batch(4 * MAX_TRIES), WHOLE, never)
    assert len(tries) == MAX_TRIES
    assert list(found) == list(range(4 * MAX_TRIES))
    assert found[0] == Reason("Never", "one of 1")
    assert found[4 * MAX_TRIES - 1] == Reason("Never", f"one of {4 * MAX_TRIES}")


def test_the_good_rows_keep_their_order_and_the_bad_ones_their_text() -> None:
    good, rejected = parted(batch(3), {1: Reason("Odd", "1 is odd")})
    assert good.rows["n"].to_pylist() == [0, 2]
    (row,) = rejected.rows.to_pylist()
    assert (row["RecordIndex"], row["Code"], row["Message"], row["Record"]) == (1, "Odd", "1 is odd", '{"n":1}')
