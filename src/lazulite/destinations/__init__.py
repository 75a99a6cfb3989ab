"""Where routed batches end: one package a kind of destination, each with settings, encoder, sender and tests.

The workspace's sender is the engine: what it encodes is part of a Delivery, which is exactly once by itself.
"""
