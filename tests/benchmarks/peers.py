#!/usr/bin/env python3
"""One peer doing the work of one row: peers.py PEER KIND SETTINGS_JSON RESULT_H5. Prints JSON: the
seconds of the work alone (no imports, no reading, a small run before), what it counted while working,
and a figure to hold against gibbsite's. Parameters are those that gibbsite stored in RESULT_H5.
Function KIND of with_PEER.py takes the settings and gives two: one does so many units of work and
returns what it counted, the other makes the figure (value, standard error). What the first one has
as `measured` takes the place of what is measured here (R knows its own seconds and draws)."""
import importlib
import json
import sys
import time
import types

import h5py
import numpy as np


def blas():
    """The linear algebra that is loaded: the reference one makes a peer some ten times slower."""
    loaded = {line.split("/")[-1].strip() for line in open("/proc/self/maps") if ".so" in line}
    for name in ("openblas", "mkl", "blis", "cblas", "blas"):
        found = sorted(f for f in loaded if name in f)
        if found:
            return found[0]
    return "none"


def main():
    peer, kind, settings, result = sys.argv[1:]
    module = importlib.import_module(peer)
    s = types.SimpleNamespace(**json.loads(settings))
    with h5py.File(result) as file:
        dtype = float if kind == "hmc" else np.float32
        for name, values in file["parameters"].items() if kind != "rbm" and "parameters" in file else ():
            setattr(s, name, np.ascontiguousarray(values[()], dtype))
    if peer == "torch":
        module.set_num_threads(s.threads)
        module.manual_seed(0)
    make = getattr(importlib.import_module(f"with_{peer}"), kind)
    make(s)[0](min(3, s.amount))
    run, figure = make(s)
    began = time.perf_counter()
    counts = run(s.amount)
    found = dict(seconds=time.perf_counter() - began, counts=counts, figure=figure())
    found |= getattr(run, "measured", {})
    print(json.dumps(dict(found, version=module.__version__, blas=blas())))


main()
