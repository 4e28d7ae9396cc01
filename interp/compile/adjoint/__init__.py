"""Reverse mode of compiled functions: the adjoint of a Python function, written as another Python function."""
