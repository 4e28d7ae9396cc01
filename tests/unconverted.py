"""Functions without source, which conversion leaves as they are: there a value that would be stripped raises."""

import types


def unconverted(f):
    """``f`` as if its source could not be read."""
    code = f.__code__.replace(co_filename="<no source>")
    copied = types.FunctionType(code, f.__globals__, f.__name__, f.__defaults__, f.__closure__)
    copied.__kwdefaults__ = f.__kwdefaults__
    return copied
