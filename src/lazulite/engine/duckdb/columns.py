"""How each Kusto type is stored: its DuckDB type, and the way from a batch's Arrow column into it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from lazulite.engine.interface import EngineRefused


@dataclass(frozen=True)
class ColumnForm:
    """`arrow` is the type in a batch (core.batch); `load` is the SQL expression of that column, named {c}."""

    sql: str
    arrow: pa.DataType
    load: str = "{c}"
    default: str = ""

    @property
    def declaration(self) -> str:
        return f"{self.sql}{self.default}"


# VARIANT: text inserted unparsed would become a scalar VARCHAR without an error, and one malformed value would fail
# its neighbours without TRY. A guid is text, as plans read it; the way through UUID checks it and makes it lower case.
FORMS = {
    "string": ColumnForm("VARCHAR", pa.string(), "coalesce({c}, '')", " DEFAULT ''"),
    "bool": ColumnForm("BOOLEAN", pa.bool_()),
    "int": ColumnForm("INTEGER", pa.int32()),
    "long": ColumnForm("BIGINT", pa.int64()),
    "real": ColumnForm("DOUBLE", pa.float64()),
    "datetime": ColumnForm("BIGINT", pa.int64()),
    "timespan": ColumnForm("BIGINT", pa.int64()),
    "guid": ColumnForm("VARCHAR", pa.string(), "{c}::UUID::VARCHAR"),
    "decimal": ColumnForm("DECIMAL(38, 17)", pa.string(), "{c}::DECIMAL(38, 17)"),
    "dynamic": ColumnForm("VARIANT", pa.string(), "TRY({c}::JSON::VARIANT)"),
}


def form_of(type_name: str) -> ColumnForm:
    """The form of a Kusto type; raises EngineRefused for a name that is none."""
    form = FORMS.get(type_name)
    if form is None:
        raise EngineRefused("UnknownColumnType", f"'{type_name}' is not a column type; one of {', '.join(FORMS)} is.")
    return form
