import sys, time, json, collections, traceback, warnings

sys.path[:0] = ["/work/scratch", "/work/main", "/work/scratch/proof/tests"]
warnings.simplefilter("ignore")
from proof import *
from proof.model import PAIRS
from loading import *

rng = np.random.default_rng(int(sys.argv[1]))
end = time.time() + float(sys.argv[2])
count = collections.Counter()
slow = []
reasons = collections.Counter()
k = 0
while time.time() < end:
    k += 1
    fam = list(PAIRS)[rng.integers(len(PAIRS))]
    link = sorted(PAIRS[fam])[rng.integers(len(PAIRS[fam]))]
    if fam == "tweedie":
        link = "log"
    n = int(rng.integers(2, 15))
    p = int(rng.integers(1, 4))
    X = np.column_stack(
        [np.ones(n)]
        + [rng.integers(-3, 4, n) / 2.0 if rng.random() < 0.5 else rng.standard_normal(n) for _ in range(p - 1)]
    )
    m = None
    kk = None
    if fam == "gaussian":
        y = np.abs(rng.standard_normal(n)) + 0.1 if link != "identity" else rng.standard_normal(n)
    elif fam == "binomial":
        y = rng.integers(0, 2, n) * 1.0
        if rng.random() < 0.5:
            m = rng.integers(1, 6, n) * 1.0
            kk = np.floor(rng.random(n) * (m + 1))
            y = kk / m
    elif fam in ("poisson", "negative_binomial"):
        y = rng.poisson(2, n) * 1.0
    elif fam == "tweedie":
        y = np.where(rng.random(n) < 0.3, 0, rng.gamma(2, 1, n))
    else:
        y = rng.gamma(2, 1, n) + 0.01
    off = rng.standard_normal(n) * 0.3 if rng.random() < 0.2 and link in ("log", "logit", "probit") else None
    P = Problem(
        X,
        y,
        fam,
        link,
        weights=m,
        successes=kk,
        offset=off,
        theta=1.5,
        power=float(rng.choice([1.1, 1.5, 1.9])),
        intercept=True,
    )
    t = time.time()
    try:
        r = prove(P)
        o = r.outcome
    except (Undecided,) as e:
        o = "undecided"
        reasons[(fam, link, str(e)[:60])] += 1
    except Exception as e:
        o = "CRASH"
        traceback.print_exc()
        np.savez(f"/work/scratch/proof/dev/crash{k}.npz", X=X, y=y)
        print(fam, link, m, kk, off)
    dt = time.time() - t
    if o == "undecided":
        np.savez(
            f"/work/scratch/proof/dev/und_{fam}_{link}_{k}.npz",
            X=X,
            y=y,
            m=m if m is not None else np.nan,
            kk=kk if kk is not None else np.nan,
            off=off if off is not None else np.nan,
            power=P.power,
        )
    if dt > 0.5:
        slow.append((round(dt, 2), fam, link, o, n, p))
    count[o] += 1
    if o not in ("undecided", "CRASH"):
        v = verify(P, json.loads(json.dumps(as_json(r), allow_nan=False)))
        if v:
            print("VERIFY", fam, link, o, v[:2])
print(k, dict(count))
print(sorted(slow)[-8:])
for a, b in reasons.most_common(40):
    print(b, a)
