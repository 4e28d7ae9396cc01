"""Programs over what Python offers, as data: each takes an array of three numbers and returns one number.

They use what conversion is for: `math`, fresh arrays that values are stored into, conversions, callees of all kinds.
"""

import collections
import contextlib
import copy
import dataclasses
import functools
import itertools
import math
import operator
import statistics
from typing import NamedTuple

import numpy as np

PROGRAMS = {}


def program(f):
    PROGRAMS[f.__name__] = f
    return f


COUNT = 0
SCALE = 2.0


def helper(t, k=2, *, shift=0.5):
    return math.exp(-t / k) + shift


@program
def branches(x):
    if x[0] > 0.2:
        y = math.sin(x[0])
    elif x[0] < -1:
        y = 0.0
    else:
        y = x[1]
    return y * 2 if (not x[1] < 0 and x[2] > 0) or y == 3 else y - x[2]


@program
def conditional_expression_and_chain(x):
    a = math.cos(x[0]) if 0 < x[0] < x[1] < 10 else x[2]
    return a * x[1]


@program
def while_break_else(x):
    t, n = float(x[0]), 0
    while t < 20:
        t = t * 1.7 + math.sqrt(x[1])
        n += 1
        if n > 30:
            break
    else:
        t = t + x[2]
    return t


@program
def for_continue_else(x):
    s = 0.0
    for i, t in enumerate(x):
        if i == 1:
            continue
        s += math.atan(t) * i
    else:
        s *= x[1]
    return s


@program
def early_return_in_a_loop(x):
    for t in x:
        if t > 1:
            return math.log(t) * x[0]
    return x[0]


@program
def try_except_else_finally(x):
    log = []
    try:
        y = math.sqrt(x[0] - 10)
    except ValueError:
        y = math.sqrt(x[0])
    else:
        y = 100.0
    finally:
        log.append(1)
    try:
        math.exp(1000 * x[1])
    except OverflowError as error:
        y = y * x[1] + len(str(error)) * 0
    return y * len(log)


@program
def raise_and_reraise(x):
    class Stop(Exception):
        pass

    try:
        try:
            raise Stop(math.tan(x[0] / 4))
        except Stop as stop:
            raise ValueError from stop
    except ValueError as error:
        return error.__cause__.args[0] + x[1]


@program
def with_statement(x):
    @contextlib.contextmanager
    def scaled(by):
        yield math.log1p(by)

    with scaled(x[0]) as a, contextlib.suppress(ZeroDivisionError):
        return a * x[1]


@program
def match_statement(x):
    def area(shape):
        match shape:
            case ("circle", r):
                return math.pi * math.pow(r, 2)
            case {"side": a}:
                return a * a
            case [a, *rest] if len(rest) > 1:
                return math.fsum([a, *rest])
            case _:
                return 0.0

    return area(("circle", x[0])) + area({"side": x[1]}) * area([x[0], x[1], x[2]])


@program
def comprehensions(x):
    squares = [math.pow(t, 2) for t in x if t > 0]
    table = {i: math.sinh(t) for i, t in enumerate(x)}
    lazy = sum(math.cosh(t) * s for t in x for s in squares)
    shapes = {len(squares), 3}
    return lazy + table[1] * len(shapes)


@program
def generators(x):
    def walk(values):
        total = 0.0
        for t in values:
            total += math.tanh(t)
            got = yield total
            assert got is None

    def both(values):
        yield from walk(values)
        yield from reversed(values)

    return sum(both(list(x)))


@program
def lambdas_on_one_line(x):
    f, g = lambda t: math.sin(t), lambda t: math.cos(t)
    return f(x[0]) * g(x[1])


@program
def closures_and_nonlocal(x):
    total = 0.0

    def add(t):
        nonlocal total
        total = total + math.asinh(t)
        return add

    add(x[0])(x[1])(x[2])
    return total * x[0]


@program
def globals_read_and_written(x):
    global COUNT
    COUNT += 1
    return math.erf(x[0]) * SCALE + x[1]


@program
def arguments_of_all_kinds(x):
    def f(a, /, b, *rest, c=2.0, **more):
        return a * b + math.hypot(*rest) * c + more.get("d", 0.0)

    return f(x[0], x[1], x[1], x[2], c=math.exp(x[0]), **{"d": x[2]}) + helper(x[0], shift=x[1])


@program
def walrus_del_assert_and_print(x):
    if (y := math.expm1(x[0])) > -5:
        z = y * y
    del y
    assert z >= 0, f"negative: {z}"
    text = f"{z:.3f} {z!r} {z}" + "%.3f" % z + f"{z:.2e}"
    return z * (1 if text else 0) + x[1] * x[2]


@program
def augmented_assignments(x):
    a = np.ones(3)
    a += x
    a *= math.e
    a[1] **= 2
    a[:2] -= x[1:]
    a /= 1 + x[0] ** 2
    return a @ x


class Account:
    rate = 0.1

    def __init__(self, start):
        self.balance = float(start)
        self.history = [self.balance]
        self.__hidden = math.log(start)

    def pay(self, amount):
        self.balance += math.fabs(amount)
        self.history.append(self.balance)
        return self

    @property
    def growth(self):
        return math.exp(self.rate) * self.balance + self.__hidden

    @functools.cached_property
    def first(self):
        return math.sqrt(self.history[0])

    @classmethod
    def opened(cls, x):
        return cls(math.cosh(x))

    @staticmethod
    def fee(t):
        return math.atan2(t, 2.0)

    def __call__(self, t):
        return math.copysign(t, -1.0)


class Savings(Account):
    def __init__(self, start, bonus):
        super().__init__(start)
        self.bonus = math.degrees(bonus) / 90

    def pay(self, amount):
        return super().pay(amount * self.bonus)


@program
def classes_outside(x):
    account = Account(x[0]).pay(x[1])
    return account.growth * account.first + Account.fee(x[2]) + Account.opened(x[1]).balance + account(x[2])


@program
def inheritance(x):
    savings = Savings(x[0], x[1]).pay(x[2])
    return savings.growth + savings.history[0]


@dataclasses.dataclass
class Point:
    x: float
    y: float
    radius: float = dataclasses.field(init=False)

    def __post_init__(self):
        self.radius = math.hypot(self.x, self.y)

    def moved(self, by):
        return dataclasses.replace(self, x=self.x + math.sin(by))


class Pair(NamedTuple):
    a: float
    b: float

    def product(self):
        return math.ldexp(self.a, 2) * self.b


@program
def dataclasses_and_tuples(x):
    p = Point(x[0], x[1]).moved(x[2])
    return p.radius * p.x + Pair(x[0], x[2])._replace(a=p.y).product()


@program
def classes_inside(x):
    class Node:
        __slots__ = ("left", "value")

        def __init__(self, value, left=None):
            self.value, self.left = math.sin(value), left

        def __add__(self, other):
            return Node(self.value + other.value)

        @property
        def total(self):
            return math.exp(self.value) + (self.left.total if self.left else 0)

    @dataclasses.dataclass(frozen=True)
    class Cell:
        v: float

        def __post_init__(self):
            object.__setattr__(self, "v", math.cos(self.v))

    return (Node(x[0]) + Node(x[1], Node(x[2]))).total * Node(x[0], Node(x[2])).total + Cell(x[1]).v


@program
def recursion(x):
    def ackermann_like(n, t):
        return math.sin(t) if n == 0 else ackermann_like(n - 1, t * x[1]) + t

    return ackermann_like(4, x[0]) + even(5, x[2])


def even(n, t):
    return t if n == 0 else math.cos(odd(n - 1, t))


def odd(n, t):
    return t if n == 0 else even(n - 1, t) * 2


def power_sum(n, t):
    return 0.0 if n == 0 else math.pow(t, n) + power_sum(n - 1, t)


def function(t):
    return math.sin(t)


@program
def names_of_their_own(x):
    return power_sum(4, x[0]) + (lambda t: function(t) * math.cos(t))(x[1]) + _by_lambda(3, x[2])


_by_lambda = lambda n, t: t if n == 0 else math.exp(_by_lambda(n - 1, t)) / 4  # noqa: E731


def logged(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return f(*args, **kwargs) + 1

    return wrapper


def times(by):
    def decorate(f):
        return lambda *args: math.radians(by) * f(*args)

    return decorate


@logged
@times(90.0)
def decorated(t):
    return math.sin(t) * t


@functools.lru_cache
def cached(t):
    return math.exp(t)


@functools.singledispatch
def dispatched(t):
    return 0.0


@dispatched.register
def _(t: float):
    return math.cbrt(t) if hasattr(math, "cbrt") else t ** (1 / 3)


@program
def decorators_and_caches(x):
    @logged
    def inner(t):
        return math.sin(t)

    return decorated(x[0]) * inner(x[1]) + cached(x[2]) + cached(1.0) + dispatched(x[0]) * dispatched("a")


@program
def functools_and_itertools(x):
    power = functools.partial(math.pow, x[0])
    product = functools.reduce(lambda a, b: a * math.exp(b), x, 1.0)
    running = list(itertools.accumulate(x, lambda a, b: a + math.sin(b)))
    pairs = sum(a * math.cos(b) for a, b in itertools.combinations(x, 2))
    return power(2) + product + running[-1] + pairs + math.prod(list(x))


@program
def operators_as_functions(x):
    get = operator.itemgetter(1)
    a = operator.add(operator.mul(x[0], get(x)), operator.truediv(x[2], 3))
    return operator.methodcaller("sum")(x) * a + operator.neg(operator.pow(x[0], 2))


@program
def builtin_functions(x):
    ordered = sorted(x, key=lambda t: math.sin(3 * t), reverse=True)
    largest, smallest = max(x, key=lambda t: -t * t), min(x)
    a = abs(-x[0]) + sum(x) + pow(x[1], 2) + round(x[2])
    q, r = divmod(x[1], 0.4)
    mapped = list(map(lambda t: math.log(t), filter(lambda t: t > 0.1, x)))
    zipped = sum(s * t for s, t in zip(x, mapped, strict=True))
    return ordered[0] * largest + smallest + a + r * x[0] + q + zipped + mapped[-1]


@program
def questions_about_types(x):
    y = 0.0
    if isinstance(x, np.ndarray) and isinstance(x[0], float) and isinstance(x[0], (int, np.floating)):
        y = y + math.sin(x[0])
    if type(x) is np.ndarray and np.isscalar(x[1]) and np.ndim(x[1]) == 0 and not isinstance(x[1], (int, str)):
        y = y + x[1] * 2
    if type(x[0] * 1.0) in (float, np.float64) and callable(math.sin) and not callable(x[0]):
        y = y + x[2]
    return y


@program
def conversions(x):
    table = [1.0, 2.0, 4.0]
    a = float(x[0]) + np.float64(x[1]) * table[int(x[0])] + np.asarray(x[2]) + x[1].item()
    b = np.asarray(x)[0] + np.array(x, dtype=float)[1] + sum(x.tolist()) + math.floor(x[2]) + bool(x[0])
    return a * b


@program
def stacked_lists(x):
    a = np.array([x[0], 1.0, x[1]])
    b = np.array([[x[0], x[1]], [x[2], 0.0]])
    c = np.asarray([math.sin(t) for t in x])
    return (
        a @ c + np.sum([x[0], x[1] * 2]) + np.linalg.det(b) + np.mean((x[1], x[2])) + np.dot([x[0], 2.0], [1.0, x[1]])
    )


@program
def stores_in_fresh_arrays(x):
    n = len(x)
    a, b = np.zeros(n), np.empty((n, 2))
    grid, eye = np.linspace(0, 1, n), np.eye(n)
    for i in range(n):
        a[i] = math.sin(x[i])
        b[i] = x[i], 2.0
        eye[i, -1] = x[i] * grid[i]
    full = np.full(2, x[0])
    full[1] = x[2]
    like = np.zeros_like(x)
    like[:] = x[::-1]
    like[like > 0.6] = x[0] ** 2
    return a @ eye @ like + b.sum() * full.prod()


@program
def views_of_fresh_arrays(x):
    a = np.zeros((2, 3))
    row, flat, turned, tail = a[0], a.reshape(-1), a.T, a[:, 1:]
    row[0] = x[0]
    flat[5] = x[1]
    turned[2, 0] = x[2]
    tail[...] *= 2
    a[1, 0] = row[0] * flat[5]
    row[1:] += tail[1]
    for r in a:
        r[1] = x[0]
    return (flat * np.arange(6.0)).sum() + turned[0, 1] * a.sum(axis=0)[1]


@program
def functions_that_store(x):
    a, b = np.zeros(3), np.ones(3)
    np.sin(x, out=a)
    np.add(a, b, out=b)
    np.copyto(a, x * 2)
    m = np.zeros((3, 3))
    np.fill_diagonal(m, x)
    np.add.at(m, ([0, 0], [1, 1]), x[:2])
    c = np.zeros(3)
    c.fill(x[0])
    c[[0, 2]] = x[1:]
    d = np.array([3.0, 2.0, 1.0])
    d[:2] = x[:2]
    d.sort()
    e = np.zeros(4)
    e.flat[1:3] = x[1:]
    return a @ b + (m @ c).sum() + d @ x + e.sum() * x[0]


@program
def copies(x):
    a = copy.copy(x)
    b = copy.deepcopy([x, x[0]])
    a[0] = math.sin(a[1])
    return a @ b[0] + b[1]


@program
def statistics_of_values(x):
    sample = [t * t for t in x]
    spread = statistics.stdev(sample) * statistics.pvariance(sample) + statistics.median(sample)
    means = statistics.mean(sample) * statistics.geometric_mean(sample) + statistics.harmonic_mean(sample)
    return spread * means + statistics.correlation(sample, [1.0, 2.0, 4.0]) + statistics.fmean(t for t in x)


@program
def numpy_functions_written_in_python(x):
    joined = np.concatenate([np.zeros(2), [x[0]], np.array([x[1], 2.0])])
    grown = np.append(joined, x[2])
    inside = np.isclose(x[0], 0.7, atol=1) and np.allclose([x[1]], [1.0], atol=1)
    return np.polyval([x[0], 2.0, x[1]], x[2]) * inside + np.trapezoid(grown, dx=0.5) + np.hstack([x[0], grown]).sum()


@program
def rows_and_outputs_by_position(x):
    a, b = np.zeros((2, 3)), np.zeros(3)
    for row in a:
        row[1] = x[0]
        row += x
    np.multiply(x, x[0], b)
    spread = np.linspace(x[0], x[1], 4) @ np.arange(0.0, x[2] + 1, 0.4)
    c = 2 * np.eye(3)
    c[0, 1] = x[1]
    return (a @ c @ b).sum() + spread


@program
def containers(x):
    queue = collections.deque([x[0], x[1]])
    queue.append(math.exp(x[2]))
    found = collections.defaultdict(list)
    for i, t in enumerate(queue):
        found[i % 2].append(t)
    stack = [(0.0, "a"), (x[1], "b")]
    stack.insert(0, (x[0], "c"))
    value, _ = stack.pop()
    (first, *_), last = found[0], queue[-1]
    return value * first + last * sum(found[1])


@program
def a_local_import(x):
    import math as m
    from math import sin

    return sin(x[0]) * m.cos(x[1]) + m.modf(x[2] * 3)[0] + m.frexp(x[1])[0] + m.dist((x[0], x[1]), (x[2], 0.0))


def integrate(f, a, b, n=8):
    h = (b - a) / n
    return h * sum(f(a + (i + 0.5) * h) for i in range(n))


@program
def functions_as_arguments(x):
    def outer(f):
        return lambda t: f(f(t))

    table = {"sin": math.sin, "own": lambda t: math.exp(-t)}
    return integrate(lambda t: math.sin(t * x[0]), 0.0, x[1]) + outer(table["sin"])(x[2]) + table["own"](x[0])


@program
def runge_kutta_in_a_buffer(x):
    def rhs(t, y):
        dy = np.zeros(2)
        dy[0] = y[1]
        dy[1] = -x[0] * math.sin(y[0]) - x[1] * y[1]
        return dy

    y = np.array([x[2], 0.0])
    h = 0.1
    for k in range(10):
        k1 = rhs(k * h, y)
        k2 = rhs(k * h + h / 2, y + h / 2 * k1)
        y = y + h * k2
    return y[0] + y.sum()


@program
def cholesky_in_place(x):
    a = np.array([[4 + x[0], x[1], 0.5], [x[1], 5 + x[2], 1.0], [0.5, 1.0, 3.0]])
    n = a.shape[0]
    low = np.zeros_like(a)
    for i in range(n):
        for j in range(i + 1):
            s = a[i, j] - sum(low[i, k] * low[j, k] for k in range(j))
            low[i, j] = math.sqrt(s) if i == j else s / low[j, j]
    return math.fsum(math.log(low[i, i]) for i in range(n)) * 2


@program
def third_party_python(x):
    from scipy.special import softmax

    return softmax(x)[0] * x[1]


class Vector:
    """A class of the user's whose special methods call `math`; they also name the class itself."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(math.hypot(self.x, other.x), self.y + other.y)

    def __mul__(self, k):
        return NotImplemented if isinstance(k, Vector) else Vector(self.x * k, math.sin(self.y) * k)

    def __sub__(self, t):
        return Vector(self.x - math.expm1(t), self.y)

    def __rmul__(self, k):
        return self * math.exp(k)

    def __iadd__(self, other):
        self.x += math.tanh(other.x)
        return self

    def __next__(self):
        if self.x > 2:
            raise StopIteration
        self.x = self.x + math.cosh(self.y)
        return self.x

    def __neg__(self):
        return Vector(-self.x, math.cos(self.y))

    def __lt__(self, other):
        return math.sin(self.x) < math.sin(other.x)

    def __getitem__(self, i):
        return (math.tan(self.x), self.y)[i]

    def __iter__(self):
        yield math.sqrt(self.x)
        yield self.y

    def __enter__(self):
        return math.log(self.y)

    def __exit__(self, *raised):
        self.y = math.sinh(self.y)
        return False


class Countdown(Vector):
    def __init__(self, of):
        super().__init__(of.x, of.y)

    def __iter__(self):
        return self


@program
def special_methods(x):
    a, b = Vector(x[0], x[1]), Vector(x[1], x[2])
    c = 2.0 * (a + b) * 3.0
    with a as entered:
        total = entered + c.x * c.y
    total += sum(t for t in b) if a < b else 0.0
    for t in c:
        total = total + t
    c += a
    c -= 1.0
    k = 2.0
    k *= x[0]
    for t in Countdown(a):
        total += t * k + c.x
    return total + a[0] * (-b).y + a.y
