"""The general pool: DSPy modules and users' programs of every kind, several at once."""
