"""GradBench's det and ode in JAX, for comparison: ``python -m benchmarks.gradbench_jax``. JAX is needed.

64-bit floats, one thread, jitted functions kept between calls, results waited for (`jax_programs`). The determinant is
the expansion in minors too, all minors of one size side by side; ode is a scan of Runge-Kutta steps over whole arrays.
"""

from typing import Any

from benchmarks.gradbench import inputs_of, listed, serve
from benchmarks.jax_programs import jax, jnp, lax


def determinant(a: Any, n: int) -> Any:
    def expanded(minors: Any, m: int) -> Any:
        """Determinants of (batch, m, m)."""
        if m == 1:
            return minors[:, 0, 0]
        kept = jnp.array([[k for k in range(m) if k != j] for j in range(m)])
        smaller = minors[:, 1:, :][:, :, kept].transpose(0, 2, 1, 3).reshape(-1, m - 1, m - 1)
        signs = jnp.array([(-1.0) ** j for j in range(m)])
        return jnp.sum(signs * minors[:, 0, :] * expanded(smaller, m - 1).reshape(-1, m), axis=1)

    return expanded(a.reshape(1, n, n), n)[0]


def runge_kutta(x: Any, s: int) -> Any:
    h = 2.0 / s

    def slope(y: Any) -> Any:
        return jnp.concatenate([x[:1], x[1:] * y[:-1]])

    def step(y: Any, _: Any) -> Any:
        k1 = slope(y)
        k2 = slope(y + h / 2.0 * k1)
        k3 = slope(y + h / 2.0 * k2)
        k4 = slope(y + h * k3)
        return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4), None

    return lax.scan(step, jnp.zeros_like(x), None, length=s)[0]


def _jitted(f: Any) -> Any:
    compiled = jax.jit(f, static_argnums=1)
    return lambda *args: jax.block_until_ready(compiled(*args))


def table_of_jax() -> Any:
    """As `benchmarks.gradbench.table_of_ours`."""
    return {
        ("det", "primal"): (inputs_of("A", "ell"), _jitted(determinant), float),
        ("det", "gradient"): (inputs_of("A", "ell"), _jitted(jax.grad(determinant)), listed),
        ("ode", "primal"): (inputs_of("x", "s"), _jitted(runge_kutta), listed),
        ("ode", "gradient"): (inputs_of("x", "s"), _jitted(jax.grad(lambda x, s: runge_kutta(x, s)[-1])), listed),
    }


if __name__ == "__main__":
    serve(table_of_jax(), "jax")
