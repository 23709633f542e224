"""How far the answer of a solver moves by rounding alone, measured on the solver itself.

Another BLAS, another libm or another processor adds the same terms in another order and rounds the same functions
elsewhere.  What that does to one solver on one problem no table says: a fit that stops early keeps 13 digits of a
number that has 6 right ones, the coefficients of separated data keep 4, and of a saturated model's deviance, 0 in
exact arithmetic, no digit is kept.  So the solver is asked the same question again, in other roundings (after Parker
1997, Monte Carlo Arithmetic; Chaitin-Chatelin and Fraysse 1996, Lectures on Finite Precision Computations, ch. 6):

-   the rows (and the columns, of a solver that does not mind) in another order: every sum in another order, every
    factorization along another way, of the very same data;
-   every number of the design and the offset moved by one last bit: every function at a neighbouring argument, the
    jitter that the tolerances of the gate are derived from (attainable.py);
-   another libm, of a solver whose functions can be replaced: every exp and log moved by one last bit.

From these answers follows what a stored answer may differ in without news:

-   its outcome (refusal, warnings, converged, whether the limit of iterations stopped it, rank, degrees of freedom,
    which quantities there are, which values are not finite) is that of now, or in whole that of one of the others;
-   its numbers are within K (sigma sqrt(n p) + u |value|) of the answer with that outcome, sigma the root mean
    square change over the answers that share it (over all of them where the outcome is not that of now): the formula
    of attainable.py, with the solver in place of the estimate;
-   its number of iterations is that of now, or of no consequence: these answers differ in it, or the deviance, whose
    change stops the solver, can't have the digits that this takes (its attainable error, from the stored proof).

Where there is no estimate nothing else is done: what tends to infinity is where the solver stopped, and the finite
part is finite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.json_numbers import restore
from conformance.mathematics.digits import agreement, worst
from conformance.mathematics.quantities import BY_COLUMN, BY_ROW, KEYS
from conformance.question.problem import Problem
from conformance.references.attainable import guard
from conformance.references.reference_change import Difference

Array = NDArray[np.float64]
Answer = Mapping[str, Any]  # of one variant, as JSON holds it
Ask = Callable[[Problem], Answer]
Rounding = Callable[[Problem, Ask, np.random.Generator], Answer]
U = 2.0**-53
SEED = 20240601
#: How many other roundings are asked; more of them only while something is not explained, for what happens seldom.
COUNTS = (8, 16, 32, 64)
_FACTS = ("refused", "unsupported", "warnings", "converged", "rank", "df_residual", "df_null")
_NUMBERS = tuple(key for key in KEYS if key not in (*_FACTS, "iterations", "trace"))


@dataclass
class Solver:
    """A solver and one problem, asked again in other roundings as often as it takes.

    ask        the answer to a problem
    roundings  the ways of asking in another rounding, taken by turns
    counts_differ  whether the deviance has so few digits that rounding decides after which iteration it stops; a
               function, for the stored proof that it takes is long to read
    """

    problem: Problem
    ask: Ask
    roundings: Sequence[Rounding]
    counts_differ: Callable[[], bool] = lambda: False
    _asked: list[Answer] = field(default_factory=list)
    _rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(SEED))

    def answers(self, count: int) -> list[Answer]:
        """The first ``count`` answers in other roundings; those that were asked before are kept."""
        while len(self._asked) < count:
            rounding = self.roundings[len(self._asked) % len(self.roundings)]
            self._asked.append(rounding(self.problem, self.ask, self._rng))
        return self._asked[:count]


def rows_in_another_order(problem: Problem, ask: Ask, rng: np.random.Generator) -> Answer:
    """The answer to the problem with its rows in another order, given back in the old one."""
    order = rng.permutation(problem.n)
    arrays = {name: getattr(problem, name) for name in ("X", "y", "weights", "offset", "successes")}
    rows: dict[str, Any] = {name: value[order] for name, value in arrays.items() if value is not None}
    return _sorted_back(ask(replace(problem, **rows, formula=None, data=None)), BY_ROW, order)


def rows_and_columns_in_another_order(problem: Problem, ask: Ask, rng: np.random.Generator) -> Answer:
    """The same with the columns in another order too, for a solver that takes the intercept's like any other."""
    order = rng.permutation(problem.p)
    start = None if problem.start is None else problem.start[order]
    names = tuple(problem.names[k] for k in order)
    other = replace(problem, X=problem.X[:, order], names=names, start=start, formula=None, data=None)
    answer = dict(_sorted_back(rows_in_another_order(other, ask, rng), (*BY_COLUMN, "covariance"), order))
    if "covariance" in answer:
        answer["covariance"] = [[row[place] for place in np.argsort(order)] for row in answer["covariance"]]
    return answer


def _sorted_back(answer: Answer, names: Sequence[str], order: NDArray[np.int64]) -> Answer:
    back = np.argsort(order)
    return {k: [v[place] for place in back] if k in names and v is not None else v for k, v in answer.items()}


def last_bits_moved(problem: Problem, ask: Ask, rng: np.random.Generator) -> Answer:
    """The answer where every number of the design and the offset is moved by one last bit up or down; 0 stays."""
    offset = None if problem.offset is None else moved_by_last_bits(problem.offset, rng)
    return ask(replace(problem, X=moved_by_last_bits(problem.X, rng), offset=offset, formula=None, data=None))


def moved_by_last_bits(values: Array, rng: np.random.Generator) -> Array:
    """``values`` one last bit up or down, by chance; 0 stays."""
    signs = rng.integers(0, 2, values.shape) * 2.0 - 1.0
    return np.where(values == 0, 0.0, values + signs * np.spacing(np.abs(values)))


def differences(stored: Answer, now: Answer, solver: Solver) -> tuple[Difference, ...]:
    """What differs between the stored answer and that of now, and what of it is news."""
    if stored == now:
        return ()
    found = _judged(stored, [now], solver)  # what one last bit explains needs no other answers
    for count in COUNTS:
        if not any(one.is_news for one in found):
            break
        found = _judged(stored, [now, *solver.answers(count)], solver)
    return found


def _judged(stored: Answer, answers: Sequence[Answer], solver: Solver) -> tuple[Difference, ...]:
    """The differences, judged by ``answers``, that of now the first."""
    now, peers = answers[0], alike(stored, answers)
    found = list(_facts(_outcome(stored, answers), _outcome(now, answers), is_news=not peers))
    peers = peers or alike(now, answers)  # what numbers there are is shown all the same
    counts = [answer.get("iterations") for answer in peers]
    if stored.get("iterations") != counts[0]:
        is_news = len(set(counts)) == 1 and not solver.counts_differ()
        found.append(Difference("iterations", _short(stored.get("iterations")), _short(counts[0]), is_news))
    beside = company(peers, answers)
    for name in _NUMBERS:
        if name in stored and name in peers[0]:
            found += _number(name, stored, beside, solver.problem)
    return tuple(found)


def alike(answer: Answer, answers: Sequence[Answer]) -> list[Answer]:
    """Those of ``answers`` with the outcome that ``answer`` has."""
    return [one for one in answers if _outcome(one, answers) == _outcome(answer, answers)]


def company(peers: Sequence[Answer], answers: Sequence[Answer]) -> list[Answer]:
    """The answers that numbers are judged by, the one that they are compared with first.

    Those with the same outcome, if it is that of now; else all of them, for where outcomes waver, so do numbers.
    """
    return [*peers] if peers[0] is answers[0] else [peers[0], *answers]


def _outcome(answer: Answer, answers: Sequence[Answer]) -> dict[str, Any]:
    """All that is no number: the facts, the quantities that there are, and which of their values are not finite.

    The limit of iterations is where those of ``answers`` stopped that did not converge.
    """
    limits = {one.get("iterations") for one in answers if one.get("converged") is False}
    facts: dict[str, Any] = {name: answer.get(name) for name in _FACTS}
    if "iterations" in answer:
        facts["stopped by the limit of iterations"] = answer["iterations"] in limits
    facts["quantities"] = sorted(name for name in answer if name in KEYS)
    for name in _NUMBERS:
        values = _values(answer.get(name))
        if not np.all(np.isfinite(values)):
            facts[f"not finite in {name}"] = [str(v) if not np.isfinite(v) else "" for v in values.ravel()]
        if values.size != 1:
            facts[f"length of {name}"] = values.shape
    return facts


def _facts(stored: dict[str, Any], now: dict[str, Any], *, is_news: bool) -> Iterator[Difference]:
    """The facts that differ, quantities one by one."""
    for name in dict.fromkeys([*stored, *now]):
        old: Any = stored.get(name)
        new: Any = now.get(name)
        if old == new:
            continue
        if name == "quantities":
            for quantity in sorted({*old} ^ {*new}):
                a, b = ("reported" if quantity in names else "not reported" for names in (old, new))
                yield Difference(quantity, a, b, is_news)
        else:
            yield Difference(name, _short(old), _short(new), is_news)


def _short(value: Any) -> str:
    text = "nothing" if value is None or value == [] else repr(value)
    return text if len(text) <= 150 else text[:147] + "..."


def _values(value: Any) -> Array:
    """As doubles; nothing for what is no number, which is then another length."""
    try:
        return np.asarray(restore(value) if value is not None else [], dtype=np.float64)
    except (TypeError, ValueError):
        return np.zeros(0)


def _number(name: str, stored: Answer, answers: Sequence[Answer], problem: Problem) -> Iterator[Difference]:
    """The worst place of a quantity that is not what is stored, beside what rounding leaves of its digits there."""
    old, new = _values(stored[name]), _values(answers[0][name])
    if old.shape != new.shape or np.array_equal(old, new, equal_nan=True):
        return
    with np.errstate(all="ignore"):
        reach = allowed(name, answers, problem)
        excess = np.where(old == new, 0.0, np.abs(old - new) / reach).ravel()
        excess = np.where(np.isnan(excess), 0.0, excess)  # not finite in both: the outcome has them
        at = int(np.argmax(excess))
        a, b, r = (values.ravel()[at] for values in (old, new, reach))
        digits, left = (worst(agreement(a + by, a, np.abs(a)))[0] for by in (b - a, r))
    place = f"{name}[{at}]" if old.size > 1 else name
    yield Difference(place, repr(float(a)), repr(float(b)), bool(excess[at] > 1.0), digits, left)


def allowed(name: str, answers: Sequence[Answer], problem: Problem) -> Array:
    """How far ``name`` may be from the first answer's by rounding: K (sigma sqrt(n p) + u |value|), elementwise.

    An answer that does not report it, or not of that length, has no part in sigma; nor has a value that is not finite.
    """
    center = _values(answers[0][name])
    others = [values for one in answers if (values := _values(one.get(name))).shape == center.shape]
    with np.errstate(all="ignore"):
        squares = np.square(np.array(others) - center)
        finite = np.isfinite(squares)
        sigma = np.sqrt(np.where(finite, squares, 0.0).sum(axis=0) / np.maximum(1, finite.sum(axis=0)))
        return np.asarray(guard(problem.n) * (sigma * np.sqrt(problem.n * problem.p) + U * np.abs(center)))
