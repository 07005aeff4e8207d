"""The optimizer pool: long runs of DSPy's optimisers, few at once."""
