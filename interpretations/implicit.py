"""`custom_root`: a solution differentiated by what it solves, whatever found it. And `stop_gradient`."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from interp import control, tree
from interp.control.foreign import Sealed, values_in
from interp.errors import ShapeError, UnsupportedInput
from interp.interpretation import replaced_natively
from interp.numerics import implicit
from interp.value import encloses, primal, shape_of
from interp.vocabulary import concatenate, reshape, stack
from interp.vocabulary import control as steering
from interp.vocabulary.creation import as_operand
from interpretations.derivatives import jvp

Function = Callable[..., Any]


@replaced_natively("interpretations.compile.derivatives.stopped")
def stop_gradient(x: Any) -> Any:
    """The numbers of ``x``, a number, array, value or container of them, with derivative zero in every mode and order.

    Error bars and enclosures stay: ``interp.primal`` takes everything away.
    """
    return tree.map(steering.stop_gradient, x)


def custom_root(
    f: Function, initial_guess: Any, solve: Function, tangent_solve: Function | None = None, has_aux: bool = False
) -> Any:
    """The root that ``solve`` finds of ``f``, differentiated by the implicit function theorem, as in JAX.

    ``f``: a function of one argument, of the structure of ``initial_guess``, that returns as many numbers, and closes
    over what the root depends on. ``solve(f, initial_guess) -> root`` sees plain numbers alone, and may be any solver
    (with ``has_aux`` it returns ``(root, aux)``, and so does this). ``tangent_solve(g, y)``: x with g(x) = y for a
    linear function g of the structure of the root; by default by its matrix.

    The number returned is the solver's. Derivatives of every order and mode are those of the root next to it. Raises
    `NotDifferentiable` where that has none: a multiple root, a singular Jacobian.
    """
    guess = tree.map(primal, initial_guess)
    leaves, rebuild = tree.flatten(guess)
    shapes = [shape_of(leaf) for leaf in leaves]
    sizes = [int(np.prod(shape, dtype=int)) for shape in shapes]

    plainly = Sealed(lambda x: tree.map(primal, control.run(f, (x,), {})))
    solved = solve(plainly, guess)
    solution, aux = solved if has_aux else (solved, None)
    found = tree.flatten(tree.map(primal, solution))[0]
    if [shape_of(x) for x in found] != shapes:
        raise ShapeError(f"solve returned a root of shapes {[shape_of(x) for x in found]} for a guess of {shapes}")
    if any(map(encloses, values_in(f))):
        raise UnsupportedInput(
            "custom_root of a function that closes over intervals: Newton's iteration encloses no root. Use "
            "interpretations.enclose, or pass primal(...) of them"
        )

    def flat(parts: list[Any]) -> Any:
        return concatenate([reshape(x, (-1,)) if shape_of(x) else stack([x]) for x in map(as_operand, parts)])

    def apart(x: Any) -> Any:
        if len(shapes) == 1:
            return rebuild([x.reshape(shapes[0]) if shapes[0] else x[0]])
        bounds = np.cumsum([0, *sizes])
        parts = [x[i:j] for i, j in itertools.pairwise(bounds)]
        return rebuild([p.reshape(s) if s else p[0] for p, s in zip(parts, shapes, strict=True)])

    def residual(x: Any) -> Any:
        return flat(tree.flatten(control.run(f, (apart(x),), {}))[0])

    solve_linear = None
    if tangent_solve is not None:

        def solve_linear(point: Any, r: Any) -> Any:
            def slope(t: Any) -> Any:
                return jvp(f, (apart(point),), (t,))[1]

            return flat(tree.flatten(tangent_solve(slope, apart(r)))[0])

    root = apart(implicit.root(residual, flat(found), "custom_root", solve_linear))
    return (root, aux) if has_aux else root
