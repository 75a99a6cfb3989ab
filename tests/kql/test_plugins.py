"""Every plugin of evaluate: said what it does, with an example that runs, and its arguments checked."""

from __future__ import annotations

import pytest

from lazulite.kql import KqlError, run
from lazulite.kql.binder.plugins import PLUGINS, REFUSED, Plugin


@pytest.mark.parametrize("plugin", PLUGINS.values(), ids=PLUGINS)
def test_plugin(plugin: Plugin) -> None:
    assert plugin.doc.endswith(".")
    assert f"evaluate {plugin.name}(" in plugin.example
    assert run(plugin.example, {}).num_rows >= 1


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_others_are_refused_by_name_with_the_reason(name: str) -> None:
    with pytest.raises(KqlError, match=rf"^UNS0001: The plugin '{name}' \({REFUSED[name]}\) is not supported"):
        run(f"print a = 1 | evaluate {name}('x', a)", {})


def test_arguments_are_counted_and_named() -> None:
    with pytest.raises(KqlError, match=r"^SEM0100: bag_unpack takes \(Column, OutputColumnPrefix\?, .*\), not 0 arg"):
        run("print d = dynamic({}) | evaluate bag_unpack()", {})
    with pytest.raises(KqlError, match=r"^SEM0100: There is no argument of bag_unpack named 'colums.*columnsConflict"):
        run("print d = dynamic({}) | evaluate bag_unpack(d, columsConflict='error')", {})
    with pytest.raises(KqlError, match=r"^SEM0100: narrow takes \(\), not 1 arguments"):
        run("print d = 1 | evaluate narrow(d)", {})
