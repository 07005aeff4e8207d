"""DSPy's module kinds, one file each, behind one small interface."""
