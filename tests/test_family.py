"""Laws of the families and links, over the whole table; the tails against mpmath."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from scipy import stats

from conformance.mathematics import deviance
from conformance.mathematics.family import PAIRS, Family, family_of, tweedie
from conformance.mathematics.link import LINKS, Interval, Link, link_of
from conformance.mathematics.response import Response
from conformance.proof import Uniqueness
from conformance.proof.concavity import uniqueness
from conformance.proof.model import Family as Proven

ETAS = (-800.0, -40.0, -37.0, -8.3, -1.0, -1e-9, 1e-9, 0.3, 1.0, 5.0, 8.3, 37.0, 40.0, 800.0)
#: Each link with the etas of its domain: both tails, or the one that it has.
WITHIN = [(link, eta) for link in LINKS.values() for eta in ETAS if link.etas.contains(np.array([eta]))[0]]
FAMILIES = [
    *(family_of(name) for name in PAIRS if name not in ("negative_binomial", "tweedie")),
    *(family_of("negative_binomial", theta=theta) for theta in (0.5, 2.0, 1e6)),
    *(family_of("tweedie", power=power) for power in (1.0, 1.2, 1.5, 1.9, 2.0, 3.0)),
]
MEANS = {"binomial": (0.01, 0.3, 0.5, 0.99), "gaussian": (-2.0, 0.1, 3.0)}

#: V(t) of each family, and its parameter: not the library's own.
VARIANCES = {
    ("gaussian", None): lambda t: mpmath.mpf(1),
    ("binomial", None): lambda t: t * (1 - t),
    ("poisson", None): lambda t: t,
    ("gamma", None): lambda t: t**2,
    ("inverse_gaussian", None): lambda t: t**3,
    ("negative_binomial", 0.5): lambda t: t + t**2 / 0.5,
    ("negative_binomial", 1e6): lambda t: t + t**2 / 10**6,
    ("tweedie", 1.25): lambda t: t**1.25,
    ("tweedie", 1.5): lambda t: t**1.5,
    ("tweedie", 2.5): lambda t: t**2.5,
}


def exact_mean(link: str, eta: float) -> tuple[mpmath.mpf, mpmath.mpf, mpmath.mpf]:
    """mu, 1 - mu and d mu / d eta to far more digits than a double has."""
    x = mpmath.mpf(eta)
    with mpmath.workdps(800):
        match link:
            case "logit":
                mu = 1 / (1 + mpmath.exp(-x))
                return mu, 1 / (1 + mpmath.exp(x)), mu * (1 / (1 + mpmath.exp(x)))
            case "probit":
                return mpmath.ncdf(x), mpmath.ncdf(-x), mpmath.npdf(x)
            case "cauchit":
                mu = mpmath.mpf(1) / 2 + mpmath.atan(x) / mpmath.pi
                return mu, 1 - mu, 1 / (mpmath.pi * (1 + x * x))
            case "cloglog":
                nu = mpmath.exp(-mpmath.exp(x))
                return -mpmath.expm1(-mpmath.exp(x)), nu, mpmath.exp(x) * nu
            case "log":
                return mpmath.exp(x), -mpmath.expm1(x), mpmath.exp(x)
            case "identity":
                return x, 1 - x, mpmath.mpf(1)
            case "inverse":
                return 1 / x, 1 - 1 / x, -1 / x**2
            case "inverse_squared":
                return 1 / mpmath.sqrt(x), 1 - 1 / mpmath.sqrt(x), -1 / (2 * x * mpmath.sqrt(x))
            case _:
                return x * x, 1 - x * x, 2 * x


def close(got: float, want: mpmath.mpf, digits: float = 13.0) -> bool:
    """Equal to ``digits``, or both beyond the range of doubles."""
    if abs(want) < mpmath.mpf(2) ** -1000:  # a subnormal has lost digits, and 0 is what a double makes of less
        return abs(got) <= 2.0**-1000
    if abs(want) > mpmath.mpf(2) ** 1023:
        return bool(np.isinf(got))
    return bool(abs(mpmath.mpf(got) - want) <= abs(want) * mpmath.mpf(10) ** -digits)


@pytest.mark.parametrize(("link", "eta"), WITHIN, ids=lambda one: one.name if isinstance(one, Link) else str(one))
def test_mu_and_its_complement_and_its_slope_keep_their_digits_in_both_tails(link: Link, eta: float) -> None:
    exact = exact_mean(link.name, eta)
    # the argument of exp(-eta^2/2) is rounded, which costs eta^2/2 last places
    digits = 13.0 - max(0.0, np.log10(max(1.0, eta * eta / 2))) if link.name == "probit" else 12.5
    for function, want in zip((link.linkinv, link.complement, link.mu_eta), exact, strict=True):
        got = float(function(np.array([eta]))[0])
        assert not np.isnan(got)
        if function is link.complement and link.name in ("inverse_squared",):
            assert abs(got - float(want)) <= 1e-15 * max(1.0, abs(float(want)))  # no family needs its tail
            continue
        assert close(got, want, digits), (got, want)


@pytest.mark.parametrize("eta", [-1e150, -1e20, -1e8, 1e8, 1e20])
def test_the_heavy_tail_of_the_cauchit_link_keeps_its_digits_far_out(eta: float) -> None:
    test_mu_and_its_complement_and_its_slope_keep_their_digits_in_both_tails(link_of("cauchit"), eta)


@pytest.mark.parametrize("link", [link for link in LINKS.values() if link.left], ids=lambda link: link.name)
@pytest.mark.parametrize("eta", ETAS)
def test_the_ratios_of_mean_to_slope_are_right_where_both_underflow(link: Link, eta: float) -> None:
    mu, nu, slope = exact_mean(link.name, eta)
    assert link.left is not None
    assert link.right is not None
    with mpmath.workdps(800):
        for function, want in ((link.left, mu / slope), (link.right, nu / slope)):
            assert close(float(function(np.array([eta]))[0]), want, 12.0)


@pytest.mark.parametrize("link", LINKS.values(), ids=lambda link: link.name)
def test_linkfun_inverts_linkinv(link: Link) -> None:
    mu = np.array([1e-30, 1e-12, 0.001, 0.2, 0.5, 0.7, 0.999])
    np.testing.assert_allclose(link.linkinv(link.linkfun(mu)), mu, rtol=1e-13)


@pytest.mark.parametrize("link", LINKS.values(), ids=lambda link: link.name)
def test_mu_eta_is_the_derivative_of_linkinv(link: Link) -> None:
    eta = np.array([0.2, 0.9, 1.7])
    h = 1e-6
    np.testing.assert_allclose((link.linkinv(eta + h) - link.linkinv(eta - h)) / (2 * h), link.mu_eta(eta), rtol=1e-8)


@pytest.mark.parametrize("link", LINKS.values(), ids=lambda link: link.name)
def test_mu_eta2_is_the_derivative_of_mu_eta(link: Link) -> None:
    eta = np.array([0.2, 0.9, 1.7])
    h = 1e-6
    slope = (link.mu_eta(eta + h) - link.mu_eta(eta - h)) / (2 * h)
    np.testing.assert_allclose(slope, link.mu_eta2(eta), rtol=1e-8, atol=1e-10)


def test_an_interval_is_written_with_the_bracket_of_each_end() -> None:
    assert str(Interval(0.0, 1.0)) == "(0, 1)"
    assert str(Interval(0.0, 1.0, low_closed=True)) == "[0, 1)"
    assert str(Interval(0.0, 1.0, high_closed=True)) == "(0, 1]"


def _means(family: Family) -> np.ndarray:
    return np.array(MEANS.get(family.name, (0.05, 1.0, 7.5)))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_unit_deviance_is_zero_at_the_mean_and_positive_elsewhere(family: Family) -> None:
    y = _means(family)
    mu = y[:, None] * np.ones(len(y))
    d = family.unit_deviance(np.broadcast_to(y, mu.shape), mu, 1.0 - mu)
    assert np.all(np.abs(np.diag(d)) <= (1e-14 if family.name == "tweedie" else 1e-15))  # its powers cancel
    assert np.all(d[~np.eye(len(y), dtype=bool)] > 0)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_the_variance_slope_is_the_derivative_of_the_variance(family: Family) -> None:
    mu, h = _means(family), 1e-6
    slope = (family.variance(mu + h, 1 - mu - h) - family.variance(mu - h, 1 - mu + h)) / (2 * h)
    np.testing.assert_allclose(family.variance_slope(mu, 1 - mu), slope, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_log_likelihood_is_concave_with_just_the_links_that_say_so(family: Family) -> None:
    low, high = max(family.responses.low, -50.0), min(family.responses.high, 50.0)
    etas = [*np.linspace(-9.0, 9.0, 181), 3e3, 3e6]  # a negative binomial is nearly Poisson where mu < theta
    y, eta = (grid.ravel() for grid in np.meshgrid(np.linspace(low, high, 41)[1:], etas))
    for name in PAIRS[family.name]:
        link = link_of(name)
        kept = link.etas.contains(eta) & family.means.contains(link.linkinv(eta))
        n = int(kept.sum())
        response = Response(y[kept], np.ones(n), np.zeros(n), np.ones(n, dtype=bool), family, link)
        observed = response.at(eta[kept]).observed_weights
        rounding = 1e-9 * link.mu_eta(eta[kept]) ** 2 + 1e-14
        assert bool(np.all(observed >= -rounding)) == (name in family.concave), name


@pytest.mark.parametrize(("name", "link"), [(name, link) for name, links in PAIRS.items() for link in links])
def test_the_fitter_and_the_proof_agree_on_what_is_concave(name: str, link: str) -> None:
    theta, power = (2.0 if name == "negative_binomial" else None), (1.5 if name == "tweedie" else None)
    proven = uniqueness(Proven(name, link, theta, power)).kind
    assert (proven is Uniqueness.GLOBAL) == (link in family_of(name, theta, power).concave)


@pytest.mark.parametrize("power", [1.1, 1.5, 1.9, 2.5, 3.5])
@pytest.mark.parametrize("ratio", [1e-30, 1e-17, 1e-9, 0.3, 0.6, 1.001, 3.0, 1e9, 1e30])
def test_the_tweedie_deviance_keeps_its_digits_however_far_the_mean_is(power: float, ratio: float) -> None:
    y, mu = np.array([7.0]), np.array([7.0 / ratio])
    with mpmath.workdps(60):
        a, b, m = mpmath.mpf(power) - 1, 2 - mpmath.mpf(power), mpmath.mpf(float(mu[0]))
        want = 2 * (7 * (m**-a - mpmath.mpf(7) ** -a) / a + (m**b - mpmath.mpf(7) ** b) / b)
    assert close(float(tweedie(power).unit_deviance(y, mu, 1 - mu)[0]), want, 11.0)


@pytest.mark.parametrize("off", [1e-12, -1e-9, 1e-5, -0.03, 0.1, -0.17, 0.2, -0.22, 0.28, -0.4, 0.55])
@pytest.mark.parametrize(
    ("name", "parameter", "y"),
    [(*family, y) for family in VARIANCES for y in (7e-6, 0.625, 7.0, 7e6) if y < 1 or family[0] != "binomial"],
)
def test_the_unit_deviance_is_the_integral_of_the_score_to_all_digits_however_near_the_mean_is(
    name: str, parameter: float | None, y: float, off: float
) -> None:
    """d(y, mu) = 2 int_mu^y (y - t) / V(t) dt (McCullagh and Nelder 1989, eq. 9.3)."""
    key = {"negative_binomial": "theta", "tweedie": "power"}.get(name)
    family = family_of(name, **({key: parameter} if key else {}))
    mu = y * (1.0 + off)
    with mpmath.workdps(40):
        a, b, variance = mpmath.mpf(y), mpmath.mpf(mu), VARIANCES[name, parameter]
        want = 2 * (a - b) ** 2 * mpmath.quad(lambda s: s / variance(a + s * (b - a)), [0, 1])
    got = family.unit_deviance(np.array([y]), np.array([mu]), np.array([1.0 - mu]))[0]
    lost = max(0.0, -math.log10(abs(off)) - 1.0) if name == "binomial" else 0.0  # the products in its residual round
    assert close(float(got), want, 14.0 - lost)


def test_the_inverse_gaussian_deviance_is_right_where_the_square_of_the_mean_overflows() -> None:
    y, mu = np.array([4.0]), np.array([1e200])
    assert family_of("inverse_gaussian").unit_deviance(y, mu, 1 - mu)[0] == 0.25


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_the_deviance_falls_at_twice_the_residual_over_the_variance(family: Family) -> None:
    """d d(y, mu) / d mu = -2 (y - mu) / V(mu) (McCullagh and Nelder 1989, eq. 9.4)."""
    y, mu, h = _means(family)[:1], _means(family)[1:], 1e-6
    y = np.broadcast_to(y, mu.shape)
    slope = (family.unit_deviance(y, mu + h, 1 - mu - h) - family.unit_deviance(y, mu - h, 1 - mu + h)) / (2 * h)
    np.testing.assert_allclose(slope, -2 * (y - mu) / family.variance(mu, 1 - mu), rtol=1e-6)


@pytest.mark.parametrize("family", [f for f in FAMILIES if f.name != "tweedie"], ids=lambda f: f.name)
def test_the_log_likelihood_falls_by_half_the_scaled_deviance(family: Family) -> None:
    """l(y; y) - l(mu; y) = w d / (2 phi), constants and all."""
    mu = _means(family)
    y = np.round(mu * 10) / 10 if family.name == "binomial" else np.maximum(np.round(mu), 1.0)
    y, w, phi = np.clip(y, 0.1, 0.9) if family.name == "binomial" else y, np.full_like(mu, 10.0), 0.7
    phi = family.known_dispersion or phi
    gap = family.log_likelihood(y, y, 1 - y, w, phi) - family.log_likelihood(y, mu, 1 - mu, w, phi)
    np.testing.assert_allclose(gap, w * family.unit_deviance(y, mu, 1 - mu) / (2 * phi), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("power", [1.0, 2.0, 3.0])
def test_tweedie_at_a_whole_power_is_the_poisson_the_gamma_and_the_inverse_gaussian(power: float) -> None:
    other = family_of({1.0: "poisson", 2.0: "gamma", 3.0: "inverse_gaussian"}[power])
    y, mu = np.array([0.3, 1.0, 4.0]), np.array([0.5, 2.0, 3.0])
    tweedie = family_of("tweedie", power=power)
    np.testing.assert_allclose(tweedie.variance(mu, 1 - mu), other.variance(mu, 1 - mu), rtol=1e-15)
    np.testing.assert_array_equal(tweedie.unit_deviance(y, mu, 1 - mu), other.unit_deviance(y, mu, 1 - mu))
    near = family_of("tweedie", power=power + 1e-7)
    np.testing.assert_allclose(near.unit_deviance(y, mu, 1 - mu), other.unit_deviance(y, mu, 1 - mu), rtol=1e-5)


def test_tweedie_of_power_0_is_the_gaussian() -> None:
    y, mu = np.array([-0.3, 1.0, 4.0]), np.array([0.5, -2.0, 3.0])
    tweedie, gaussian = family_of("tweedie", power=0.0), family_of("gaussian")
    np.testing.assert_array_equal(tweedie.variance(mu, 1 - mu), gaussian.variance(mu, 1 - mu))
    np.testing.assert_array_equal(tweedie.unit_deviance(y, mu, 1 - mu), gaussian.unit_deviance(y, mu, 1 - mu))
    assert (tweedie.means, tweedie.responses) == (gaussian.means, gaussian.responses)


def test_negative_binomial_with_a_large_theta_is_nearly_poisson() -> None:
    y, mu = np.array([0.0, 1.0, 4.0]), np.array([0.5, 2.0, 3.0])
    nb, poisson = family_of("negative_binomial", theta=1e9), family_of("poisson")
    np.testing.assert_allclose(nb.unit_deviance(y, mu, 1 - mu), poisson.unit_deviance(y, mu, 1 - mu), rtol=1e-6)


@pytest.mark.parametrize(
    ("y", "mu"), [(0.0, 1e-12), (1e-12, 1.1e-12), (1.0, 1 - 2**-40), (0.5, 0.5 + 1e-9), (0.3, 0.9)]
)
def test_the_binomial_deviance_keeps_its_digits_for_rare_events_and_close_fits(y: float, mu: float) -> None:
    with mpmath.workdps(60):
        a, b = mpmath.mpf(y), mpmath.mpf(mu)
        want = 2 * ((a * mpmath.log(a / b) if a else 0) + ((1 - a) * mpmath.log((1 - a) / (1 - b)) if a != 1 else 0))
    got = family_of("binomial").unit_deviance(np.array([y]), np.array([mu]), np.array([1.0 - mu]))[0]
    assert close(float(got), want, 6.0 if y == 0.5 else 9.0)


@pytest.mark.parametrize("name", ["gaussian", "binomial", "poisson", "gamma", "inverse_gaussian", "negative_binomial"])
def test_the_log_likelihood_is_the_log_of_a_density_that_sums_to_one(name: str) -> None:
    family = family_of(name, theta=1.5 if name == "negative_binomial" else None)
    if name == "binomial":
        y, w, mu = np.arange(8) / 7.0, np.full(8, 7.0), np.full(8, 0.3)
        total = np.sum(np.exp(family.log_likelihood(y, mu, 1 - mu, w, 1.0)))
    elif name in ("poisson", "negative_binomial"):
        y = np.arange(400.0)
        mu = np.full_like(y, 3.2)
        total = np.sum(np.exp(family.log_likelihood(y, mu, 1 - mu, np.ones_like(y), 1.0)))
    else:
        low, high = (-30.0, 30.0) if name == "gaussian" else (1e-9, 60.0)
        y = np.linspace(low, high, 600_001)
        mu = np.full_like(y, 2.0)
        total = np.trapezoid(np.exp(family.log_likelihood(y, mu, 1 - mu, np.ones_like(y), 0.4)), y)
    assert abs(total - 1.0) < 1e-6


@pytest.mark.parametrize("w", [1.0, 2.0, 2.4, 2.6, 7.3, 1e6])
@pytest.mark.parametrize("y", [0.0, 0.19, 0.4, 1 / 3, 0.77, 1.0])
def test_the_binomial_log_likelihood_is_of_whole_successes_and_trials_as_in_r(w: float, y: float) -> None:
    mu, m, k = np.array([0.3]), round(w), round(w * y)
    found = family_of("binomial").log_likelihood(np.array([y]), mu, 1.0 - mu, np.array([w]), 1.0)
    np.testing.assert_allclose(found, stats.binom.logpmf(k, m, mu), rtol=1e-9)


@pytest.mark.parametrize("theta", [0.01, 0.5, 1.0, 40.0, 1e4, 1e9, 1e12])
def test_the_negative_binomial_log_likelihood_loses_no_digits_to_log_gammas(theta: float) -> None:
    y, mu = np.array([0.0, 1.0, 3.0, 900.0, 1e9]), np.array([2.5, 0.7, 3.5, 1000.0, 1.1e9])
    found = family_of("negative_binomial", theta=theta).log_likelihood(y, mu, 1.0 - mu, np.ones(5), 1.0)
    with mpmath.workdps(60):
        t, g = mpmath.mpf(theta), mpmath.loggamma
        for k, m, got in zip(map(mpmath.mpf, y), map(mpmath.mpf, mu), found, strict=True):
            want = g(t + k) - g(t) - g(k + 1) - t * mpmath.log1p(m / t) + k * mpmath.log(m / (m + t))
            assert close(float(got), want, 14.0)


@pytest.mark.parametrize("n", [0.01, 1.0, 3.5, 15.0, 16.0, 17.3, 25.0, 400.0, 1e9])
def test_the_error_of_stirlings_formula_has_the_digits_that_a_log_likelihood_can_show(n: float) -> None:
    with mpmath.workdps(50):
        m = mpmath.mpf(n)
        want = mpmath.loggamma(m + 1) - (m + 0.5) * mpmath.log(m) + m - mpmath.log(2 * mpmath.pi) / 2
    by_gammas = 1e-14  # up to 15 it is a difference of numbers near 40
    assert abs(float(deviance._stirling_error(np.array([n]))[0]) - want) < (by_gammas if n <= 15 else 3e-16)


@pytest.mark.parametrize("wrong", [{"power": -1.0}, {"power": np.nan}, {"power": 0.5}, {"power": np.inf}])
def test_a_tweedie_power_of_no_distribution_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="0 or at least 1"):
        family_of("tweedie", **wrong)


@pytest.mark.parametrize("theta", [None, 0.0, -1.0, np.nan, np.inf])
def test_a_negative_binomial_without_a_finite_shape_is_refused(theta: float | None) -> None:
    with pytest.raises(ValueError, match="theta > 0"):
        family_of("negative_binomial", theta=theta)
