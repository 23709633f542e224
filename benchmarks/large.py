import sys, time, resource

sys.path[:0] = ["/work/scratch", "/work/main", "/work/scratch/proof/tests"]
from proof.certify import prove
from proof import as_json, verify
from loading import *
import cProfile, pstats

n = int(sys.argv[1])
rng = np.random.default_rng(1)
X = np.column_stack([np.ones(n), rng.standard_normal((n, 19))])
b = rng.standard_normal(20) * 0.3
y = (rng.random(n) < 1 / (1 + np.exp(-X @ b))).astype(float)
P = Problem(X, y, "binomial", sys.argv[2] if len(sys.argv) > 2 else "logit", intercept=True)
pr = cProfile.Profile()
t = time.time()
if len(sys.argv) > 3:
    pr.enable()
r = prove(P, rowwise=len(sys.argv) > 4)
if len(sys.argv) > 3:
    pr.disable()
print(
    n,
    time.time() - t,
    "cpu",
    time.process_time(),
    r.precision_bits,
    {k: v for k, v in as_json(r)["digits"].items()},
    resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
)
if len(sys.argv) > 3:
    pstats.Stats(pr).sort_stats("cumtime").print_stats(28)
