"""The random problems of a seed, and smaller ones that still fail: all that is asked of Hypothesis.

Hypothesis draws small integers and shrinks them (MacIver and Hatfield-Dodds 2019, doi:10.21105/joss.01891).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Flaky
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

from conformance.question.random_problems import RandomProblem, problems

SHRINKS = 400  # so many smaller problems are tried for a failure


class _Plain(HypothesisProvider):
    """Hypothesis's draws less the constants that it picks from loaded modules: a seed means the same everywhere."""

    def _maybe_draw_constant(self, *args: Any, **kwargs: Any) -> None:
        return None


AVAILABLE_PROVIDERS["glm-conformance"] = f"{__name__}._Plain"


class _Fails(Exception):
    """Tells Hypothesis that a problem fails."""


class _Enough(BaseException):
    """Ends the shrinking: Hypothesis stops for no Exception."""


@dataclass(frozen=True)
class Stream:
    """The problems that a seed draws, always the same and in the same order."""

    seed: int
    count: int
    pairs: Sequence[tuple[str, str]]

    def drawn(self) -> list[RandomProblem]:
        """All of them."""
        found: list[RandomProblem] = []
        self._visit(found.append, (Phase.generate,))
        return found

    def shrunk(
        self, first: RandomProblem, fails: Callable[[RandomProblem], bool], tries: int = SHRINKS
    ) -> RandomProblem:
        """A smaller problem than ``first``, of the stream, that still ``fails``; at most ``tries`` are looked at."""
        smallest, known, reached = first, {first.id: True}, False

        def look(drawn: RandomProblem) -> None:
            nonlocal smallest, reached
            reached = reached or drawn.id == first.id
            if not reached:
                return
            if drawn.id not in known:
                if len(known) > tries:
                    raise _Enough
                known[drawn.id] = fails(drawn)
            if known[drawn.id]:
                smallest = drawn  # Hypothesis ends with the smallest
                raise _Fails

        with suppress(_Fails, _Enough, Flaky):
            self._visit(look, (Phase.generate, Phase.shrink))
        return smallest

    def _visit(self, look: Callable[[RandomProblem], None], phases: tuple[Phase, ...]) -> None:
        @seed(self.seed)
        @settings(
            max_examples=self.count,
            database=None,
            deadline=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
            report_multiple_bugs=False,
            print_blob=False,
            backend="glm-conformance",
        )
        @given(problems(self.pairs))
        def visit(drawn: RandomProblem) -> None:
            look(drawn)

        visit()
