"""What every room shares: batches, resource ids, clocks, ids, counters, errors. Imports no other room."""
