"""Other people's Numba code means the same with and without us."""

import subprocess
import sys

PROGRAMS = """
import numba, numpy as np, math, operator
from numba.extending import overload, overload_method, register_jitable
out = []
def say(f, *args):
    try: out.append(" ".join(repr(f(*args)).split()))
    except Exception as e: out.append(type(e).__name__)
@numba.njit
def a(n): return np.ones(n).sum()
@numba.njit
def b(x): return np.zeros_like(x) + np.clip(x, 0.0, 1.0)
@numba.njit
def c(x): return max(x, 1), min(x, 2.5), int(x), bool(x)
def plain(x): return x + 1
@numba.njit
def d(x): return plain(x)          # plain functions are no native code
def mine(x): return None
@overload(mine)
def _(x): return lambda x: x * 2
@numba.njit
def e(x): return mine(x)
@register_jitable
def g(x): return x * 3
@numba.njit
def h(x): return g(x)
@numba.vectorize
def i(x, y): return x + y
@numba.guvectorize(["void(float64[:], float64[:])"], "(n)->()")
def j(x, res): res[0] = x.sum()
@numba.njit(fastmath=True)
def k(x): return x / 3 + x / 3
@numba.njit
def l(x):
    y = x; y += 1; z = x[1:]; z *= 2; return x
@numba.njit
def m(x): return operator.add(x, 1), np.sin(x), math.lgamma(x), x % 2, x // 2
@numba.njit(parallel=False)
def n(x): return np.dot(x, x.T), np.linalg.solve(x, np.ones(2))
@numba.njit
def o(x): return [i * x for i in range(3)], {1: x}, (x, "s")
@numba.njit
def p(x): return np.empty_like(x).shape, np.ones_like(x), np.copy(x), np.full(2, x[0])
@numba.njit
def q(f, x): return f(x)
@numba.experimental.jitclass([("v", numba.float64)])
class R:
    def __init__(self, v): self.v = v
    def twice(self): return 2 * self.v
A = np.array([[2.0, 1.0], [0.5, 3.0]])
say(a, 3); say(b, np.array([-1.0, 0.5, 2.0])); say(c, 2.25); say(d, 1); say(e, 4); say(h, 2); say(i, 1.0, A); say(j, A)
say(k, 1.5); say(l, np.arange(4.0)); say(m, 2.5); say(n, A); say(o, 2); say(p, A[0]); say(q, h, 3); say(q, plain, 3)
say(lambda: R(2.0).twice()); say(m, "x"); say(b, 3)
print("\\n".join(out))
"""
US = "import interp; from interpretations import Dual, grad; interp.compile(lambda x: x * x)(Dual(1.0, 1.0));"


def run(code):
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_nothing_of_numbas_changes():
    alone, beside = run(PROGRAMS), run(US + PROGRAMS)
    assert len(alone) == 19
    assert beside == alone
