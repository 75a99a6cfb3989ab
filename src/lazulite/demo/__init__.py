"""A demonstration on real input: a small local compute trains real models, and its life is emitted as it happens.

workload -> compute (nodes, processes) -> facts -> records -> emitter -> the records door of a running server
                                               `-> board -> view
"""
