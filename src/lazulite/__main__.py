"""`lazulite` and `python -m lazulite`: the command line with the demonstration added to it.

The two stand side by side on the top floor and know nothing of each other; they meet only here.
"""

from __future__ import annotations

from lazulite.cli import app, run
from lazulite.demo.command import demo

app.command("demo")(demo)


def main() -> None:
    """The entry point of the installed command."""
    run(app)


if __name__ == "__main__":
    main()
