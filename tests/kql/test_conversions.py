"""A text converts the same way whether it is written in the query or stands in a column: two pieces of code say it."""

from __future__ import annotations

import pytest

from lazulite import kql

TEXTS = {
    "totimespan": """00:01:02|1:2:3|0:0:5|1:30|23:59:59|24:00:00|00:60:00|00:00:60|-1:00:00|+1:00:00|1.00:00:01
        |1:02:03:04|-3.04:05:06.7|00:00:00.5|00:00:00.123456789|1.02:03|1.2.3|:1|1:|3|-3|+3|1d|1.5h|2 hours|30 m
        |99999999999999999|10sec|100ms|7micros|1tick|1x|0.0000001s|1.0000000000000000001d|1D|-1.5H|| |abc|1d2h""",
    "todatetime": """2024-02-29|2023-02-29|2024-2-9|2024-02|2024|0001-01-01|9999-12-31T23:59:59.9999999Z|10000-01-01
        |2024-02-29T10:00|2024-02-29 10:00:00|2024-02-29T10:00:00Z|2024-02-29T10:00:00.1234567Z|2024-02-29T24:00
        |2024-02-29T10:00:00.123456789|2024-02-29T10:00:00+01:00|2024-02-29T10:00:00-0530|2024-02-29T10:00:00 GMT
        |2024-02-29T10:61:00|02/29/2024|2/9/2024 10:30|29/02/2024|2024 - 02 - 29|2024-02-29T1:00|1.5|1e3|| |abc
        |Thu, 29 Feb 2024 10:00:00 GMT|Saturday, 08-Nov-14 15:05:02 UTC|0000-01-01|0001-01-01T00:00:00+05:00
        |20240229""",
    "tolong": """12|-12|+12|012|0x1F|-0x1F|0X1f|0x|1_000|1,000|12.7|1e3|.5|5.|9223372036854775807|9223372036854775808
        |-9223372036854775808|2147483648|NaN|inf|true|| |abc|1 2|\uff11|--1|1d|99999999999999999999999""",
    "toint": "12|-12|+12|012|0x1F|0x|1_000|12.7|1e3|2147483647|2147483648|-2147483648|-2147483649|| |abc|1 2|--1",
    "toreal": """12|-12|+12|0x1F|1_000|1,000|12.7|1e3|1E+3|1e400|.5|5.|NaN|nan|inf|Infinity|-Infinity|+inf|true||
        | |abc|1 2|\uff11|1e-400|0.1|1e22|123456789012345678|--1|1d|0.1234567890123456789""",
    "todecimal": "12|-12|+12|0x1F|1_000|12.7|1e3|.5|5.|NaN|inf|true|| |abc|1 2|\uff11|0.1|--1|123456789012345678.25",
    "tobool": "true|false|True|FALSE|1|0|2|-1|yes|t|| |1.0|null",
    "toguid": """74be27de-1e4e-49d9-b579-fe0b331d3642|74BE27DE-1E4E-49D9-B579-FE0B331D3642|x|
        |{74be27de-1e4e-49d9-b579-fe0b331d3642}|74be27de1e4e49d9b579fe0b331d3642|(74be27de-1e4e-49d9-b579-fe0b331d3642)""",
}


@pytest.mark.parametrize("function", TEXTS)
@pytest.mark.parametrize("spaced", ["{}", " {} "])
def test_a_constant_and_a_column_convert_alike(function: str, spaced: str) -> None:
    texts = [spaced.format(text.strip("\n ")) for text in TEXTS[function].split("|")]
    constants = kql.run(
        "print " + ", ".join(f"c{at} = tostring({function}({text!r}))" for at, text in enumerate(texts)), {}
    )
    written = [column[0].as_py() for column in constants.columns]
    rows = ", ".join(f"{at}, {text!r}" for at, text in enumerate(texts))
    read = kql.run(
        f"datatable(n: long, s: string)[{rows}] | extend v = tostring({function}(s)) | sort by n asc | project v", {}
    )
    shown = {text: (one, two) for text, one, two in zip(texts, written, read["v"].to_pylist(), strict=True)}
    assert {text: pair for text, pair in shown.items() if pair[0] != pair[1]} == {}
