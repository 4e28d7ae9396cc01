"""Conformance with the Array API standard: the public array-api-tests suite on the vocabulary.

    python -m tests.conformance PATH

runs the suite that lies at PATH (https://github.com/data-apis/array-api-tests with its submodule and requirements; no
part of it is kept here) on plain NumPy arrays and on `Dual` values of them, prints one table of figures, and compares
what failed with the lists ``plain.txt`` and ``duals.txt``, which give each failure its reason.
"""
