"""The metric store and its queries: one-minute points of series, filtered, split, aggregated and rolled up."""
