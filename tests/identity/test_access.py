"""Until role assignments exist: the administrator writes, every principal reads."""

from __future__ import annotations

import pytest

from lazulite.core.caller import SYSTEM, Caller
from lazulite.core.errors import Forbidden
from lazulite.identity import Access

ADMIN = Caller("oid-admin", "app-admin", "admin")
READER = Caller("oid-reader", "app-reader", "reader")


@pytest.mark.parametrize(
    ("caller", "action", "allowed"),
    [
        (ADMIN, "Microsoft.Insights/metricAlerts/write", True),
        (SYSTEM, "Microsoft.Insights/metricAlerts/delete", True),
        (READER, "Microsoft.Insights/metricAlerts/read", True),
        (READER, "Microsoft.Insights/metricAlerts/write", False),
        (READER, "Microsoft.OperationalInsights/workspaces/sharedKeys/action", False),
    ],
)
def test_who_may_do_what(caller: Caller, action: str, allowed: bool) -> None:
    assert Access(frozenset({"oid-admin"})).decide(caller, action, "/subscriptions/s").allowed is allowed


def test_a_refusal_says_who_what_and_where() -> None:
    with pytest.raises(Forbidden, match=r"app-reader.*perform action 'A/b/write' over scope '/subscriptions/s'"):
        Access(frozenset()).require(READER, "A/b/write", "/subscriptions/s")
