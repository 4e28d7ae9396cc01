"""Backends: the innermost rules, for calls that involve no value.

A backend is one file here (or anywhere) that makes a `Backend` and passes it to `register`: which
classes are its arrays, how a primitive is computed on them, and where fresh arrays come from.
"""

from interp.backends.registry import Backend, known, namespace, numeric, register, rule, to_host, tower

__all__ = ["Backend", "known", "namespace", "numeric", "register", "rule", "to_host", "tower"]
