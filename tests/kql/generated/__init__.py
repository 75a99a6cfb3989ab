"""Tables and queries that hypothesis makes, of the reference evaluator's kind, and how the engine answers them."""
