"""`lazulite` and `python -m lazulite`: the command line with the demonstration added to it.

The two stand side by side on the top floor and know nothing of each other; they meet only here.
"""

from __future__ import annotations

from lazulite.cli import app, run


def main() -> None:
    run(app)


if __name__ == "__main__":
    main()
