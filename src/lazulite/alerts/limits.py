"""Limits and vocabularies of metric alerts and action groups, under the ids of Azure's published limits."""

from __future__ import annotations

from lazulite.core.clock import TICKS_PER_MINUTE

METRIC_ALERTS = "microsoft.insights/metricalerts"
ACTION_GROUPS = "microsoft.insights/actiongroups"
ALERTS = "Microsoft.AlertsManagement/alerts"

_MINUTES = {"PT1M": 1, "PT5M": 5, "PT15M": 15, "PT30M": 30, "PT1H": 60, "PT6H": 360, "PT12H": 720, "PT24H": 1440}
DURATIONS = {text: minutes * TICKS_PER_MINUTE for text, minutes in _MINUTES.items()}
DURATIONS |= {"PT60M": DURATIONS["PT1H"], "P1D": DURATIONS["PT24H"]}
MA_FREQUENCY = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H")
MA_WINDOW = (*MA_FREQUENCY, "PT6H", "PT12H", "P1D")
MA_SEVERITY = (0, 1, 2, 3, 4)
MA_OPERATORS = ("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")
MA_AGGREGATIONS = ("Average", "Count", "Minimum", "Maximum", "Total")
MA_DIMENSION_OPERATORS = ("Include", "Exclude")
MA_CONDITIONS = 5
MA_SERIES_PER_RULE = 5_000
MA_RESOLVE = 3
MA_NAME_FORBIDDEN = frozenset("*#&+:<>?@%{}\\/")
MA_NAME_WITH_GROUP = 252
MA_DESCRIPTION = 2_048
# Not published: our own bounds, so that one rule cannot ask for unbounded work.
MA_SCOPES = 50
MA_DIMENSIONS = 10
MA_DIMENSION_VALUES = 100
MA_TEXT = 260

AG_PER_RULE = 5
AG_SHORT_NAME = 12
AG_WEBHOOKS = 10
AG_WEBHOOK_DELAYS = (5, 20, 5, 40, 5)
AG_WEBHOOK_RETRY_ON = frozenset({408, 429, 503, 504})
AG_WEBHOOK_TIMEOUT = 10.0
AG_URI = 2_048
AG_WEBHOOK_PROPERTIES = 20
