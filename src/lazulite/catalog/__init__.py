"""What Azure Machine Learning emits: log tables, resource-log categories and platform metrics, as packaged data.

Facts come from `data/*.json`, which `tools/make_catalog.py` regenerates; nothing of them stands in code elsewhere.
"""

from lazulite.catalog.categories import Category, categories, categories_of, category
from lazulite.catalog.metrics import Metric, emits_metrics, metric, metrics, metrics_of, own_metrics
from lazulite.catalog.tables import STANDARD_COLUMNS, LogTable, log_table, log_tables

__all__ = [
    "STANDARD_COLUMNS",
    "Category",
    "LogTable",
    "Metric",
    "categories",
    "categories_of",
    "category",
    "emits_metrics",
    "log_table",
    "log_tables",
    "metric",
    "metrics",
    "metrics_of",
    "own_metrics",
]
