"""A pool's worker process: takes work from the log, runs DSPy programs and stores their results."""
