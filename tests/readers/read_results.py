#!/usr/bin/env python3
"""Opens a run folder with the readers that scientists use, none of them ours.
Usage: read_results.py RUN_FOLDER. Prints `skipped: ...` for what is not installed."""
import pathlib
import subprocess
import sys

import h5py
import numpy as np
import xarray


def groups_with_datasets(file):
    """Paths of the groups that hold datasets."""
    found = []

    def visit(path, item):
        if isinstance(item, h5py.Group) and any(isinstance(v, h5py.Dataset) for v in item.values()):
            found.append(path)

    with h5py.File(file) as open_file:
        open_file.visititems(visit)
    return found


def plain(values):
    """Bytes to text, so that readers that decode and those that do not agree."""
    values = np.asarray(values)
    if values.dtype == object:
        return np.array([v.decode() if isinstance(v, bytes) else v for v in values.ravel()])
    return values


def check_group(file, group, engine):
    with xarray.open_dataset(file, group=group, engine=engine) as data, h5py.File(file) as raw:
        names = {n for n, v in raw[group].items() if isinstance(v, h5py.Dataset)}
        assert names == set(data.variables), (group, engine, names ^ set(data.variables))
        for name in names:
            stored, seen = raw[group][name], data[name]
            assert stored.shape == seen.shape, (group, name, engine)
            boolean = stored.attrs.get("dtype") in ("bool", b"bool")
            if boolean:
                assert stored.dtype == np.int8 and seen.dtype == bool, (group, name, seen.dtype)
            elif stored.dtype != object:
                assert seen.dtype == stored.dtype, (group, name, seen.dtype, stored.dtype)
            np.testing.assert_array_equal(plain(seen.values), plain(stored[()]))
        return {name: data[name].dims for name in names}


def check_file(file, engines):
    dims = {}
    for group in groups_with_datasets(file):
        answers = [check_group(file, group, engine) for engine in engines]
        assert all(a == answers[0] for a in answers), (group, answers)
        dims[group] = answers[0]
    with h5py.File(file) as raw:
        assert not [n for n, v in raw.items() if isinstance(v, h5py.Dataset)], "datasets at the root"
    return dims


def check_result(file, engines):
    dims = check_file(file, engines)
    with h5py.File(file) as raw:
        root = dict(raw.attrs)
        for name in ("name", "cell", "spec", "status", "seed", "precision", "energy_sign", "temperature",
                     "gradient_direction", "creation_library", "inference_library", "git_commit",
                     "plugins", "compiler", "compiler_flags", "cpu_features", "host", "threads",
                     "started", "seconds", "gibbsite_format"):
            assert name in root, name
        assert root["status"] == "complete" and file.parent.name == root["cell"]
        posterior = raw["posterior/x"]
        assert posterior.dtype == np.uint8 and posterior.attrs.get("dtype") is None
        assert set(np.unique(posterior)) <= {0, 1}
        np.testing.assert_allclose(raw["sample_stats/lp"][()], -raw["sample_stats/energy"][()])
    assert dims["posterior"]["x"] == ("chain", "draw", "x_dim")
    assert dims["sample_stats"]["energy"] == ("chain", "draw")
    assert all(d == ("update",) for d in dims["training"].values())
    assert {"energy_gap", "gradient_norm", "parameter_norm", "learning_rate", "mean_chain_age", "max_chain_age", "seconds"} <= set(dims["training"])
    assert any(g.startswith("estimates/") for g in dims) and any(g.startswith("gradients/") for g in dims)
    assert "cost" in dims
    return dims


def check_arviz(file):
    try:
        import arviz
    except ImportError:
        print("skipped: python3 has no module arviz")
        return
    data = arviz.from_netcdf(str(file))
    assert {"posterior", "sample_stats"} <= set(data.groups())
    arviz.summary(data)


def check_grid(folder, engines):
    for engine in engines:
        with xarray.open_dataset(folder / "grid.h5", group="cells", engine=engine) as data:
            table = data.to_dataframe()
            assert len(table) == len(list((folder / "cells").iterdir())), engine
            assert set(table["status"]) == {"complete"}
            for path in table["file"]:
                assert (folder / path).exists()
            assert "model.name" in table or "seed" in table
            assert np.isfinite(table["seconds"]).all()


def check_tools(file):
    for tool in (["ncdump", "-h"], ["h5dump", "-H"]):
        try:
            ran = subprocess.run([*tool, str(file)], capture_output=True, text=True)
        except FileNotFoundError:
            print("skipped: no program", tool[0])
            continue
        assert ran.returncode == 0 and "posterior" in ran.stdout, (tool, ran.stderr)


def main():
    folder = pathlib.Path(sys.argv[1])
    engines = ["netcdf4", "h5netcdf"]
    for engine, module in (("netcdf4", "netCDF4"), ("h5netcdf", "h5netcdf")):
        try:
            __import__(module)
        except ImportError:
            print("skipped: python3 has no module", module)
            engines.remove(engine)
    parameters = {}
    for file in sorted(folder.glob("cells/*/result.h5")):
        dims = check_result(file, engines)
        parameters.update(dims["parameters"])
        check_tools(file)
        check_arviz(file)
    check_grid(folder, engines)
    shapes = {name: parameters[name] for name in ("W", "b", "c") if name in parameters}
    assert shapes in (
        {"W": ("visible", "hidden"), "b": ("visible",), "c": ("hidden",)},
        {"W": ("unit", "unit"), "b": ("unit",)},
    ), shapes


main()
