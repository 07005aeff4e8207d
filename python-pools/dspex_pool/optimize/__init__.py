"""Optimisation of programs: a durable search of our own beside DSPy's optimisers, in the optimizer pool."""
