"""The commands put together, and the one place where an error becomes a line on stderr and an exit status.

Exit status: 0 done, 1 the server refused or is not there, 2 the command line was wrong, 130 interrupted.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import lazulite
from lazulite.cli import alerts, kql_check, metrics, query, serve, settings
from lazulite.cli.safe_text import visible
from lazulite.core.errors import LazuliteError

app = typer.Typer(
    name="lazulite",
    help="Self-hosted monitoring for machine-learning platforms that speaks Azure Monitor's language.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("serve")(serve.command())
app.command("query")(query.query)
app.add_typer(kql_check.app, name="kql")
app.add_typer(metrics.app, name="metrics")
app.add_typer(alerts.app, name="alerts")
app.add_typer(settings.app, name="settings")


@app.command("version")
def version() -> None:
    """Print the version."""
    typer.echo(f"lazulite {lazulite.__version__}")


def _print_version(asked: bool) -> None:
    if asked:
        version()
        raise typer.Exit


@app.callback()
def _top(
    # Eager: it is obeyed before the missing command is complained about.
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


def run(commands: typer.Typer) -> None:
    """Run `commands` on this process's arguments and exit with the status that tells what happened."""
    try:
        commands()
    except LazuliteError as error:
        sys.stderr.write(visible(f"lazulite: {error.message}", keep="\n") + "\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
