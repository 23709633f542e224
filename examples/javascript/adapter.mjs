// A small GLM fitter in plain JavaScript, as an implementation under test: it speaks the JSON Lines protocol of
// glm-conformance (docs/protocol.md) on standard input and output.  Node only, no packages.
//
//     glm-conformance gate --command "node adapter.mjs"

import { createInterface } from "node:readline";

const EPS = Number.EPSILON;
const sum = (values) => values.reduce((a, b) => a + b, 0);
const dot = (a, b) => a.reduce((s, v, i) => s + v * b[i], 0);
const norm = (values) => Math.sqrt(dot(values, values));

// ------------------------------------------------------------------ links and families

// Each link has mu, its complement nu = 1 - mu without cancellation, and d mu / d eta.
const LINKS = {
  identity: { fun: (mu) => mu, mu: (e) => e, nu: (e) => 1 - e, slope: () => 1, has: () => true },
  log: { fun: Math.log, mu: Math.exp, nu: (e) => -Math.expm1(e), slope: Math.exp, has: () => true },
  logit: {
    fun: (mu) => Math.log(mu / (1 - mu)),
    mu: (e) => 1 / (1 + Math.exp(-e)),
    nu: (e) => 1 / (1 + Math.exp(e)),
    slope: (e) => 1 / (1 + Math.exp(-e)) / (1 + Math.exp(e)),
    has: () => true,
  },
  inverse: { fun: (mu) => 1 / mu, mu: (e) => 1 / e, nu: (e) => (e - 1) / e, slope: (e) => -1 / (e * e), has: (e) => e !== 0 },
};

// y log(y / mu) - (y - mu), with the residual r = y - mu given; by its series where the two terms would cancel.
function excess(y, mu, r) {
  if (y === 0) return mu;
  const t = r / mu;
  const v = t / (2 + t);
  if (Math.abs(v) >= 0.1) return y * Math.log(y / mu) - r;
  let series = 0;
  for (let j = 11; j >= 1; j--) series = (series + 1 / (2 * j + 1)) * v * v;
  return mu * (t * v + 2 * (1 + t) * v * series);
}

const FAMILIES = {
  gaussian: {
    links: ["identity", "log", "inverse"],
    variance: () => 1,
    deviance: (y, mu) => (y - mu) ** 2,
    response: () => true,
    mean: () => true,
  },
  binomial: {
    links: ["logit", "log", "identity"],
    variance: (mu, nu) => mu * nu,
    deviance: (y, mu, nu) => {
      const r = y * nu - (1 - y) * mu;
      return 2 * (excess(y, mu, r) + excess(1 - y, nu, -r));
    },
    response: (y) => y >= 0 && y <= 1,
    mean: (mu, nu) => mu > 0 && nu > 0,
    dispersion: 1,
  },
  poisson: {
    links: ["log", "identity"],
    variance: (mu) => mu,
    deviance: (y, mu) => 2 * excess(y, mu, y - mu),
    response: (y) => y >= 0,
    mean: (mu) => mu > 0,
    dispersion: 1,
  },
  gamma: {
    links: ["inverse", "log", "identity"],
    variance: (mu) => mu * mu,
    deviance: (y, mu) => 2 * excess(1, y / mu, 1 - y / mu), // (y - mu)/mu - log(y/mu)
    response: (y) => y > 0,
    mean: (mu) => mu > 0,
  },
};

// ------------------------------------------------------------------ linear algebra

// Householder QR of A (n rows of p numbers) with b as one more column: the triangle R and Q'b.
function qr(A, b) {
  const n = A.length;
  const p = A[0].length;
  const M = A.map((row, i) => [...row, b[i]]);
  for (let j = 0; j < Math.min(n, p); j++) {
    let largest = 0;
    for (let i = j; i < n; i++) largest = Math.max(largest, Math.abs(M[i][j]));
    if (largest === 0) continue;
    const v = new Float64Array(n - j);
    for (let i = j; i < n; i++) v[i - j] = M[i][j] / largest;
    v[0] += v[0] < 0 ? -norm(v) : norm(v);
    const length2 = dot(v, v);
    for (let k = j; k <= p; k++) {
      let s = 0;
      for (let i = j; i < n; i++) s += v[i - j] * M[i][k];
      s *= 2 / length2;
      for (let i = j; i < n; i++) M[i][k] -= s * v[i - j];
    }
  }
  const R = Array.from({ length: p }, (_, i) => Array.from({ length: p }, (_, j) => (i < n && j >= i ? M[i][j] : 0)));
  return { R, Qb: Array.from({ length: p }, (_, i) => (i < n ? M[i][p] : 0)) };
}

function solveUpper(R, b) {
  const x = [...b];
  for (let i = x.length - 1; i >= 0; i--) {
    for (let j = i + 1; j < x.length; j++) x[i] -= R[i][j] * x[j];
    x[i] /= R[i][i];
  }
  return x;
}

function solveLower(R, b) { // R' x = b
  const x = [...b];
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < i; j++) x[i] -= R[j][i] * x[j];
    x[i] /= R[i][i];
  }
  return x;
}

// The columns that no earlier ones span: of dependent columns the later is aliased, as in R.
function independentColumns(X) {
  const basis = [];
  const kept = [];
  for (let j = 0; j < X[0].length; j++) {
    let v = X.map((row) => row[j]);
    const length = norm(v) || 1;
    v = v.map((value) => value / length);
    for (let twice = 0; twice < 2; twice++) {
      for (const u of basis) {
        const s = dot(u, v);
        v = v.map((value, i) => value - s * u[i]);
      }
    }
    const rest = norm(v);
    if (rest > 1e-11) {
      basis.push(v.map((value) => value / rest));
      kept.push(j);
    }
  }
  return kept;
}

// ------------------------------------------------------------------ iteratively reweighted least squares

// Whether some linear predictors have no mean in this family.
const isLimited = (family, link) =>
  family !== FAMILIES.gaussian && link !== LINKS.logit && !(link === LINKS.log && family !== FAMILIES.binomial);

// All that a step needs to know at beta; null where a mean is outside its domain.
function rowsAt(model, beta) {
  const { family, link, X, y, w, offset } = model;
  const rows = X.map((x, i) => {
    const eta = dot(x, beta) + offset[i];
    const [mu, nu, slope] = [link.mu(eta), link.nu(eta), link.slope(eta)];
    const V = family.variance(mu, nu);
    const residual = family === FAMILIES.binomial ? y[i] * nu - (1 - y[i]) * mu : y[i] - mu;
    const W = (w[i] * slope * slope) / V;
    const r = slope !== 0 ? residual / slope : y[i] > 0.5 ? 1 / mu : -1 / nu; // its limit, where a mean is 0 or 1
    const live = slope !== 0 && V > 0 && Number.isFinite(W) && Number.isFinite(r);
    return { eta, mu, nu, slope, V, residual, root: live ? Math.sqrt(W) : 0, r: live ? r : 0, working: r };
  });
  const limited = isLimited(family, link);
  const fine = (row) => Number.isFinite(row.eta) && link.has(row.eta) && (!limited || family.mean(row.mu, row.nu));
  if (!rows.every(fine)) return null;
  const deviance = sum(rows.map((row, i) => w[i] * family.deviance(y[i], row.mu, row.nu)));
  return Number.isFinite(deviance) ? { rows, deviance } : null;
}

// The step of one weighted least squares problem, min || sqrt(W) (X step - r) ||, and its length in standard errors.
function stepAt(model, now) {
  const { R, Qb } = qr(model.X.map((x, i) => x.map((v) => v * now.rows[i].root)), now.rows.map((row) => row.root * row.r));
  const scatter = norm(now.rows.map((row) => row.root * row.r)); // large where a mean is nearly impossible
  const rounding = 1e-9 * (model.family.dispersion ? Math.min(scatter, Math.sqrt(now.rows.length)) : scatter) + 1e-13 * norm(now.rows.map((row) => row.root * row.eta));
  return { R, step: solveUpper(R, Qb), length: norm(Qb), settled: norm(Qb) <= rounding };
}

// Whether the likelihood rises for ever along `move` = X step: then there is no estimate (Albert and Anderson 1984).
function recedes({ family, link, y }, move) {
  const large = Math.max(...move.map(Math.abs));
  if (!(large > 1e-3)) return false;
  const [up, down] = [move.map((m) => m > 1e-9 * large), move.map((m) => m < -1e-9 * large)];
  if (family === FAMILIES.binomial && link === LINKS.logit) {
    return y.every((v, i) => (v === 1 ? !down[i] : v === 0 ? !up[i] : !up[i] && !down[i]));
  }
  if (family === FAMILIES.poisson && link === LINKS.log) {
    return y.every((v, i) => (v === 0 ? !up[i] : !up[i] && !down[i]));
  }
  return false;
}

function startOf(model) {
  const { family, link, X, y, w, offset } = model;
  const average = dot(w, y) / sum(w);
  const mean = Number.isFinite(link.fun(average)) && family.mean(average, 1 - average) ? average : 0.5; // all y are at an end
  const towards = y.map((v) => ((v + mean) / 2 > 0 || link === LINKS.identity ? (v + mean) / 2 : mean));
  const constant = y.map(() => mean);
  for (const [mu, weighted] of [[towards, true], [constant, true], [constant, false]]) {
    const eta = mu.map(link.fun);
    const root = eta.map((e, i) => (weighted ? Math.sqrt((w[i] * link.slope(e) ** 2) / family.variance(mu[i], 1 - mu[i])) : 1));
    const { R, Qb } = qr(X.map((x, i) => x.map((v) => v * root[i])), eta.map((e, i) => root[i] * (e - offset[i])));
    const beta = solveUpper(R, Qb);
    if (rowsAt(model, beta)) return beta;
  }
  // an offset may carry means out of the domain, whose eta is positive: a constant that outweighs it carries them back
  const constantEta = link.fun(mean) + 2 * Math.max(...offset.map(Math.abs));
  const { R, Qb } = qr(X, X.map(() => constantEta));
  const beta = solveUpper(R, Qb);
  if (rowsAt(model, beta)) return beta;
  throw new Error("no start was found with every mean inside the family's domain");
}

function solve(model, start, limit) {
  const { family, link } = model;
  let beta = start ?? startOf(model);
  let now = rowsAt(model, beta);
  if (!now) throw new Error("the start gives a mean outside the family's domain");
  let at = stepAt(model, now);
  let iterations = start ? 0 : 1; // the start from the data is a least squares step itself
  let trouble = "";
  while (!at.settled && !trouble) {
    if (iterations >= limit) {
      trouble = `no convergence in ${limit} iterations`;
      break;
    }
    let next = null;
    let step = at.step;
    for (let halvings = 0; halvings < 40 && !next; halvings++) {
      const there = rowsAt(model, beta.map((b, j) => b + step[j]));
      if (there && there.deviance <= now.deviance * (1 + 8 * EPS)) next = there;
      else step = step.map((s) => s / 2);
    }
    if (!next) {
      trouble = "no step improves the fit, though the score is not zero: the maximum may be on the boundary";
      break;
    }
    beta = beta.map((b, j) => b + step[j]);
    if (recedes(model, model.X.map((x) => dot(x, step)))) trouble = "separation: some coefficients have no finite estimate";
    [now, at] = [next, stepAt(model, next)];
    iterations += 1;
    if (!at.step.every(Number.isFinite)) trouble ||= "the weights underflow: some coefficients may have no finite estimate";
  }
  for (let more = 0; more < 5 && !trouble; more++) { // the last digits
    const there = rowsAt(model, beta.map((b, j) => b + at.step[j]));
    const then = there && stepAt(model, there);
    if (!then || !(then.length < at.length)) break;
    [beta, now, at] = [beta.map((b, j) => b + at.step[j]), there, then];
  }
  const room = now.rows.map((row) => (family === FAMILIES.binomial ? Math.min(row.mu, row.nu) : row.mu));
  if (isLimited(family, link) && Math.min(...room) <= 1e-12 * Math.max(...now.rows.map((row) => row.mu))) {
    trouble ||= "a mean is at the end of its range: the maximum may be on the boundary";
  }
  return { beta, now, R: at.R, iterations, trouble };
}

// ------------------------------------------------------------------ the answer

class Unsupported extends Error {}

function fit(request) {
  const family = Object.hasOwn(FAMILIES, request.family) ? FAMILIES[request.family] : null;
  if (!family) throw new Unsupported(`no family ${request.family}; there are ${Object.keys(FAMILIES).join(", ")}`);
  if (!family.links.includes(request.link)) {
    throw new Unsupported(`no link ${request.link} for ${request.family}; there are ${family.links.join(", ")}`);
  }
  const link = LINKS[request.link];
  const { X, y } = request;
  const n = y.length;
  const p = request.names.length;
  const weights = request.weights ?? Array(n).fill(1);
  const offset = request.offset ?? Array(n).fill(0);
  for (const [name, values] of Object.entries({ X: X.flat(), y, weights, offset, start: request.start ?? [] })) {
    if (!values.every((v) => typeof v === "number")) throw new Error(`${name} holds NaN or infinity`); // they come as strings
  }
  for (const [name, values, length] of [["X", X, n], ["weights", weights, n], ["offset", offset, n], ["start", request.start ?? request.names, p]]) {
    if (values.length !== length) throw new Error(`${name} has length ${values.length}; expected ${length}`);
  }
  if (weights.some((w) => w < 0)) throw new Error("weights holds a negative number");
  const used = [...y.keys()].filter((i) => weights[i] > 0);
  const outside = used.find((i) => !family.response(y[i]));
  if (outside !== undefined) throw new Error(`y[${outside}] = ${y[outside]} is impossible for the ${request.family} family`);

  const pick = (values) => used.map((i) => values[i]);
  const columns = independentColumns(pick(X));
  const model = { family, link, X: pick(X).map((x) => columns.map((j) => x[j])), y: pick(y), w: pick(weights), offset: pick(offset) };
  const { beta, now, R, iterations, trouble } = solve(model, request.start && columns.map((j) => request.start[j]), request.max_iterations ?? 500);

  const place = (j) => columns.indexOf(j);
  const all = rowsAt({ ...model, X: X.map((x) => columns.map((j) => x[j])), y, w: weights, offset }, beta);
  const rows = (f) => (all ? all.rows.map(f) : null);
  const df = used.length - columns.length;
  const pearson = sum(now.rows.map((row, i) => (model.w[i] * row.residual * row.residual) / row.V));
  const dispersion = family.dispersion ?? (df > 0 ? pearson / df : NaN);
  const inverse = columns.map((_, j) => solveUpper(R, columns.map((_, k) => (k === j ? 1 : 0)))); // columns of R^-1
  const unscaled = (j, k) => sum(inverse.map((column) => column[j] * column[k]));
  const covariance = [...Array(p).keys()].map((j) =>
    [...Array(p).keys()].map((k) => (place(j) < 0 || place(k) < 0 ? NaN : dispersion * unscaled(place(j), place(k)))));
  return {
    coefficients: [...Array(p).keys()].map((j) => (place(j) < 0 ? NaN : beta[place(j)])),
    standard_errors: covariance.map((row, j) => Math.sqrt(row[j])),
    covariance,
    dispersion,
    deviance: now.deviance,
    null_deviance: nullDeviance(model, request),
    df_residual: df,
    df_null: used.length - (request.intercept ? 1 : 0),
    rank: columns.length,
    fitted_values: rows((row) => row.mu),
    linear_predictors: rows((row) => row.eta),
    response_residuals: rows((row) => row.residual),
    pearson_residuals: rows((row, i) => (row.residual === 0 ? 0 : row.residual * Math.sqrt(weights[i] / row.V))),
    deviance_residuals: rows((row, i) =>
      Math.sign(row.residual) * Math.sqrt(Math.max(0, weights[i] * family.deviance(y[i], row.mu, row.nu)))),
    working_residuals: rows((row) => row.working),
    leverages: rows((row, i) => {
      const h = solveLower(R, columns.map((j) => row.root * X[i][j]));
      return dot(h, h);
    }),
    converged: !trouble,
    iterations,
    warnings: trouble ? [trouble] : [],
  };
}

function nullDeviance(model, request) {
  const alone = { ...model, X: model.y.map(() => [1]) };
  if (!request.intercept) return rowsAt(alone, [0])?.deviance ?? null;
  if (request.offset) {
    const found = solve(alone, null, 500);
    return found.trouble ? null : found.now.deviance;
  }
  const mean = dot(model.w, model.y) / sum(model.w);
  return sum(model.y.map((v, i) => model.w[i] * model.family.deviance(v, mean, 1 - mean)));
}

// ------------------------------------------------------------------ the protocol

const CONVENTIONS = {}; // every convention is R's
const introduction = { name: "irls.mjs (examples/javascript)", version: "1.0", language: `JavaScript, Node ${process.version}`, conventions: CONVENTIONS };

// JSON has no NaN and no infinity: they are strings.
const plain = (_, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value);
const say = (message) => process.stdout.write(`${JSON.stringify(message, plain)}\n`);

function answer(request) {
  try {
    return fit(request);
  } catch (error) {
    return error instanceof Unsupported ? { unsupported: error.message } : { refused: error.message };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (request.cmd === "start") say(introduction);
  else if (request.cmd === "fit") say({ id: request.id, ...answer(request) });
  else if (request.cmd === "stop") break;
}
