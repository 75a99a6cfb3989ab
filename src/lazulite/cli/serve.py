"""`lazulite serve`: one option for each setting, so that a new setting is a flag without a line here."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Annotated, Any

import typer

from lazulite.server import settings


def command() -> Callable[..., None]:
    """The function behind the command, with the signature that the settings give it."""

    def serve(**flags: Any) -> None:
        chosen = settings.load(flags, os.environ)
        # Imported late: `lazulite query` should not pay for the whole server, nor a wrong setting wait for it.
        from lazulite.server.app import serve as run_server

        run_server(chosen)

    serve.__doc__ = "Run the service until SIGTERM. LAZULITE_NAME and DIR/lazulite.toml set what no flag gives."
    serve.__signature__ = inspect.Signature([_parameter(item) for item in settings.documented()])  # type: ignore[attr-defined]
    return serve


def _parameter(item: settings.SettingDoc) -> inspect.Parameter:
    option = typer.Option(item.flag, help=f"{item.text} Default: {item.default}.", show_default=False, metavar="VALUE")
    return inspect.Parameter(
        item.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option]
    )
