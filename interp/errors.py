"""Every error of our own. Each message says what happened and what to do instead."""


class InterpError(Exception):
    """Base of all errors that interp raises on purpose."""


class NoRule(InterpError, TypeError):
    """A primitive has no rule for these types."""


class NoAttribute(InterpError, AttributeError):
    """An attribute or method of NumPy's arrays that values do not have."""


class AmbiguousRule(InterpError, TypeError):
    """Two registered rules fit equally well."""


class MixedLevels(InterpError, TypeError):
    """Two different value types meet at one level, so neither wraps the other."""


class RefusedStack(InterpError, TypeError):
    """This value type cannot be put around that payload; the other order works."""


class StripError(InterpError, TypeError):
    """A value was about to be turned into a plain number, losing what it carries."""


class UndecidedError(InterpError, ValueError):
    """A branch, index or hash was asked of a value that does not decide it."""


class ShapeError(InterpError, ValueError):
    """Shapes that do not fit: tangents, cotangents, outputs of a scalar function."""


class MutationError(InterpError, TypeError):
    """An in-place operation that could only lose what the value carries."""


class UnsupportedArgument(InterpError, TypeError):
    """A NumPy argument (``where=``, ``dtype=``, ...) that values do not take."""


class UnsupportedInput(InterpError, TypeError):
    """An input that cannot be lifted: object arrays, strings, complex numbers where reals are meant."""


class CompileError(InterpError):
    """A function, or a call of it, that has no native code: the message names file, line and construct."""


class UnsupportedOutput(InterpError, TypeError):
    """An output that can carry nothing: an array of objects, a string, a generator."""


class IntegrationError(InterpError, ArithmeticError):
    """A differential equation could not be integrated to the end: where, and what to change."""

    def __init__(self, message: str, t: float) -> None:
        super().__init__(message, t)

    def __str__(self) -> str:
        return f"at t = {self.args[1]:.6g}: {self.args[0]}"


class NotDifferentiable(InterpError, ArithmeticError):
    """A solution that is no differentiable function of the parameters: a multiple root, a failed or degenerate fit."""


class NaNError(InterpError, FloatingPointError):
    """Within `debug_nans`: an operation made a NaN of numbers that are none."""


class NoSource(InterpError, TypeError):
    """A function whose source is needed and cannot be read: built in C, made by ``exec``, changed since its import."""


class ForeignCall(StripError):
    """A call into code that would strip a value of what it carries, and that no rule is registered for."""


class PathError(InterpError, RuntimeError):
    """A branch that the input does not take could not be followed: it raised, or never ends."""
