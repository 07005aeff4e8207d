"""The client of an application: nothing here imports dspy. Public names are in `dspex` itself."""
