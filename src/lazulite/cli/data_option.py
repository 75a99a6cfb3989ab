"""The option that every command has: the data folder in whose connection.json the server is found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lazulite.server.settings import Settings

DEFAULT = Settings.data
DataOption = Annotated[
    Path, typer.Option("--data", envvar="LAZULITE_DATA", help="Data folder of the running server.", show_default=True)
]
