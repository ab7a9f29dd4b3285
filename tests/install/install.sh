#!/usr/bin/env bash
# An installed Gibbsite checks the quickstart and runs a sampler that was built out of tree.
#   install.sh SOURCE BUILD
set -euo pipefail
source=$1 build=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cmake --install "$build" --prefix "$scratch/prefix" >"$scratch/log" || { cat "$scratch/log"; exit 1; }
gibbsite=$scratch/prefix/bin/gibbsite
cp "$source/experiments/quickstart.yaml" "$scratch"
cd "$scratch"  # nothing below may lean on the source tree
"$gibbsite" check quickstart.yaml

cp -r "$source/tests/install/plugin" mine
cmake -S mine -B mine/build -DCMAKE_PREFIX_PATH="$scratch/prefix" -DCMAKE_BUILD_TYPE=Release >"$scratch/log" ||
  { cat "$scratch/log"; exit 1; }
cmake --build mine/build
"$gibbsite" run mine/spec.yaml --out results
/usr/bin/python3 - results/cells/*/result.h5 <<'PY'
import sys
import h5py
import numpy as np

with h5py.File(sys.argv[1]) as file:
    x = file["posterior/x"][..., 0]
    assert x.shape == (8, 2000), x.shape
    acceptance = np.mean(np.diff(x, axis=1) != 0)
assert 0.3 < acceptance < 0.9, acceptance
# Chains start from the model and are independent: t with 7 degrees of freedom, P(|t| > 8) = 1e-4.
for name, sample in {"E[x] = 0": x, "E[x^2] = 1": x**2 - 1}.items():
    means = sample.mean(axis=1)
    t = means.mean() / (means.std(ddof=1) / np.sqrt(len(means)))
    assert abs(t) < 8, (name, t)
PY
