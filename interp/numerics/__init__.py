"""Generic algorithms written once in NumPy's vocabulary: they run on every number type."""
