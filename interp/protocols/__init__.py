"""How values are reached from Python's operators, array methods and NumPy's protocols."""
