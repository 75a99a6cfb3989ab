"""Texts as values: every documented form, and the same answer for a constant as for a column."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lazulite.kql import run
from tests.kql.reading import rows_of

MOMENT = "2014-11-08T15:05:02"
MINUTE = "2014-11-08T15:05:00"
DATETIMES = {
    "2014-05-25T08:20:03.123456Z": "2014-05-25T08:20:03.123456",
    "2014-05-25T08:20": "2014-05-25T08:20:00",
    "2014-11-08 15:55:55.123456Z": "2014-11-08T15:55:55.123456",
    "2014-11-08": "2014-11-08",
    "2014-11": "2014-11-01",
    "2014": "2014-01-01",
    "2014-1-1": "2014-01-01",
    " 2014-11-08 ": "2014-11-08",
    "11/08/2014": "2014-11-08",
    "11/8/2014 15:05": MINUTE,
    "Sat, 8 Nov 14 15:05:02 GMT": MOMENT,
    "Sat, 8 Nov 14 15:05": MINUTE,
    "8 Nov 14 15:05:02": MOMENT,
    "8 Nov 2014 15:05 GMT": MINUTE,
    "Saturday, 08-Nov-14 15:05:02 GMT": MOMENT,
    "08-Nov-14 15:05": MINUTE,
    "8 Nov 49": "2049-11-08",
    "8 Nov 50": "1950-11-08",
    "2014-11-08 15:05:02 GMT": MOMENT,
    "2014-11-08T17:05:02+02:00": MOMENT,
    "2014-11-08T12:35:02.0-0230": MOMENT,
    "9999-12-31T23:59:59.99999999": "9999-12-31T23:59:59.9999999",
    **dict.fromkeys(("", "x", "2014-13-01", "2014-02-30", "2014-11-08T24:00:00", "2014-11-08T23:59:60"), None),
    **dict.fromkeys(("0000-01-01", "10000-01-01", "0001-01-01T00:00:00+01:00", "8 Foo 14", "2014-11-08T15"), None),
}
TIMESPANS = {
    "00:00:01": "00:00:01",
    "01:02": "01:02:00",
    "1:2:3": "01:02:03",
    "1.02:03": "1.02:03:00",
    "1.02:03:04.5": "1.02:03:04.5000000",
    "1:02:03:04": "1.02:03:04",
    "-1.00:00:00": "-1.00:00:00",
    "00:00:00.12345678": "00:00:00.1234567",
    "10675199.02:48:05.4775807": "10675199.02:48:05.4775807",
    "3": "3.00:00:00",
    "-3": "-3.00:00:00",
    "1d": "1.00:00:00",
    "1.5h": "01:30:00",
    "-2 days": "-2.00:00:00",
    "30M": "00:30:00",
    "100ms": "00:00:00.1000000",
    "1microsecond": "00:00:00.0000010",
    "10tick": "00:00:00.0000010",
    **dict.fromkeys(("", "x", "24:00:00", "23:60:00", "23:59:60", "1.24:00:00", "99999999.00:00:00", "1e3"), None),
    **dict.fromkeys(("1.5", "1d 2h", "1h30m", "1 fortnight", "99999999999d"), None),
}
LONGS = {
    "1": 1,
    " 12 ": 12,
    "+5": 5,
    "-9223372036854775808": -9223372036854775808,
    "0x1F": 31,
    "00012": 12,
    **dict.fromkeys(("", "1.0", "1e3", "1_0", "1 0", "- 1", "9223372036854775808", "-0x10", "\u0661"), None),
}
REALS = {
    "1": 1.0,
    " 1.5 ": 1.5,
    "1e5": 100000.0,
    ".5": 0.5,
    "5.": 5.0,
    "NaN": "NaN",
    "-inf": float("-inf"),
    **dict.fromkeys(("", "x", "1_0", "1 0", "0x10", "1d", "1,000.5", "\uff11"), None),
}
BOOLS = {"true": True, "FALSE": False, " true": True, "1": True, "0": False, "2": None, "yes": None, "": None}
GUID = "74be27de-1e4e-49d9-b579-fe0b331d3642"
GUIDS = {
    GUID: GUID,
    GUID.upper(): GUID,
    GUID.replace("-", ""): GUID,
    **dict.fromkeys(("", "x", f"urn:uuid:{GUID}", GUID[:-1]), None),
}
FORMS = {
    "todatetime": DATETIMES,
    "totimespan": TIMESPANS,
    "tolong": LONGS,
    "toreal": REALS,
    "tobool": BOOLS,
    "toguid": GUIDS,
}


@pytest.mark.parametrize("name", FORMS)
def test_texts_of_a_column(name: str) -> None:
    texts = list(FORMS[name])
    written = ", ".join(json.dumps(text, ensure_ascii=False) for text in texts)
    answer = run(f"datatable(t:string)[{written}] | extend v = {name}(t)", {})
    assert dict(rows_of(answer)) == FORMS[name]


@pytest.mark.parametrize("name", FORMS)
def test_constant_texts(name: str) -> None:
    texts = list(FORMS[name])
    calls = ", ".join(f"{name}({json.dumps(text, ensure_ascii=False)})" for text in texts)
    values: list[Any] = rows_of(run(f"print {calls}", {}))[0]
    assert dict(zip(texts, values, strict=True)) == FORMS[name]


def test_literals_of_moments_have_the_same_forms() -> None:
    texts = [text for text, value in DATETIMES.items() if value is not None and text.strip()]
    values = rows_of(run("print " + ", ".join(f"datetime({text})" for text in texts), {}))[0]
    assert dict(zip(texts, values, strict=True)) == {text: DATETIMES[text] for text in texts}
