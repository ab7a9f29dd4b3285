"""The rows of the comparison: what gibbsite is asked to do, how much work that is by its own count,
and a number by which one sees that a peer did the same. Sizes are (full, quick)."""
import dataclasses
import gzip
import pathlib
import struct

import h5py
import numpy as np


@dataclasses.dataclass
class Row:
    name: str
    title: str
    unit: str  # of the rate
    amount: float  # units of work in a run
    spec: dict  # sections of the spec
    kind: str = ""  # which of the peers' functions, with `settings`
    settings: dict = dataclasses.field(default_factory=dict)
    gates: dict = dataclasses.field(default_factory=dict)  # peer: ratio to reach
    threads: int = 2
    effective: bool = False  # the amount is the effective draws of whoever made them


UVA = ["conv 16 5x5 stride 2 padding 4", "swish", "conv 32 3x3 stride 2 padding 1", "swish",
       "conv 64 3x3 stride 2 padding 1", "swish", "conv 64 3x3 stride 2 padding 1", "swish", "dense 64", "swish"]


def bits(folder, mnist, quick):
    """An IDX file of images, and what they are."""
    if mnist:
        for name in ("train-images-idx3-ubyte.gz", "train-images-idx3-ubyte"):
            if (pathlib.Path(mnist) / name).exists():
                return str((pathlib.Path(mnist) / name).resolve()), "MNIST"
        raise SystemExit(f"compare: {mnist}: holds no train-images-idx3-ubyte.gz")
    count, side = (200, 8) if quick else (60000, 28)
    pixels = np.random.default_rng(0).random((count, side * side)) < 0.13
    path = pathlib.Path(folder) / "random-idx3-ubyte"
    path.write_bytes(struct.pack(">4i", 0x803, count, side, side) + (255 * pixels.astype(np.uint8)).tobytes())
    return str(path), "random bits of MNIST's density, .13"


def regression(folder, quick):
    """A CSV file of normal features and a class that follows a logistic law, the class last."""
    count, features = (60, 4) if quick else (1000, 25)
    random = np.random.default_rng(1)
    X, w = random.standard_normal((count, features)), random.standard_normal(features)
    y = random.random(count) < 1 / (1 + np.exp(-X @ w))
    path = pathlib.Path(folder) / "regression.csv"
    np.savetxt(path, np.column_stack([X, y]), fmt=["%.17g"] * features + ["%d"], delimiter=",")
    return str(path)


def images(path):
    """The configurations of an IDX file, 0 and 1."""
    data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read()
    count, high, wide = struct.unpack(">3i", data[4:16])
    return (np.frombuffer(data, np.uint8, offset=16).reshape(count, high * wide) >= 128).astype(np.float32)


def rows(images_path, regression_path, quick, scale):
    pick = lambda full, small: small if quick else full
    much = lambda full, small: small if quick else max(1, round(full * scale))
    D, M, batch = pick(784, 64), pick(500, 32), pick(100, 20)
    chains, seed = pick(100, 16), 1
    single = {"precision": "single"}
    yield Row("start", "start-up of a trivial cell", "ms", pick(10, 2), threads=1, spec={
        "model": {"name": "gaussian", "units": 1}, "sample": {"chains": 1, "warmup": 0, "draws": 1}})
    for name, persistent in (("pcd", True), ("cd", False)):
        updates = much(1200, 5)
        yield Row(name, f"RBM {D}x{M}, {name.upper()}-1, batch {batch}", "samples/s", updates * batch,
                  spec={**single, "data": {"name": "idx", "images": images_path, "threshold": 0.5},
                        "model": {"name": "rbm", "hidden": M, "visible_bias": "zero"},
                        "train": {"gradient": {"name": "contrastive_divergence", "persistent": persistent,
                                               **({"chains": batch} if persistent else {})},
                                  "optimizer": {"name": "sgd", "step_size": 0.01},
                                  "batch": batch, "updates": updates}},
                  kind="rbm", settings={"images": images_path, "D": D, "M": M, "batch": batch, "amount": updates,
                                        "rate": 0.01, "persistent": persistent},
                  gates={"torch": 2.5, "sklearn": 4, "numpy": None} if persistent else {"torch": 2.5, "numpy": None})
    machine = {"name": "rbm", "visible": D, "hidden": M, "weight_scale": 0.05}
    steps = much(500, 20)
    yield Row("ais", f"AIS, RBM {D}x{M}, {chains} chains", "chain-temperatures/s", steps * chains, kind="ais",
              spec={**single, "model": machine, "evaluate": [
                  {"name": "annealed_importance_sampling", "temperatures": steps, "runs": chains}]},
              settings={"chains": chains, "amount": steps}, gates={"torch": 3, "numpy": 3})
    sweeps, many = much(100, 3), pick(1000, 40)
    yield Row("block_gibbs", f"block Gibbs, RBM {D}x{M}, {many} chains", "sweeps/s", sweeps, kind="block_gibbs",
              spec={**single, "model": machine, "sample": {
                  "sampler": "block_gibbs", "chains": many, "warmup": 0, "draws": sweeps}},
              settings={"chains": many, "amount": sweeps}, gates={"torch": 2.5, "numpy": 2.5})
    # A draw is recorded after every 500 sweeps: one sweep takes less time than writing down its bits.
    side, draws, thin = pick(128, 16), much(400, 20), pick(500, 10)
    yield Row("ising", f"Ising {side}x{side}, checkerboard Gibbs, 1 chain, 1 thread", "flips/ns",
              draws * thin * side**2 * 1e-9, kind="ising", threads=1,
              spec={**single, "model": {"name": "ising", "sides": [side], "coupling": 0.3},
                    "sample": {"sampler": {"name": "gibbs", "sweeps": thin}, "chains": 1, "warmup": 0, "draws": draws}},
              settings={"side": side, "coupling": 0.3, "amount": draws * thin}, gates={"numba": 30, "numpy": None})
    units, sweeps, some = pick(1000, 40), much(50, 3), pick(64, 32)
    yield Row("boltzmann", f"Boltzmann machine d = {units}, {some} chains, sequential Gibbs", "flips/ns",
              sweeps * units * some * 1e-9, kind="boltzmann",
              spec={**single, "model": {"name": "boltzmann_machine", "units": units, "weight_scale": 0.02},
                    "sample": {"sampler": "gibbs", "chains": some, "warmup": 0, "draws": sweeps}},
              settings={"chains": some, "amount": sweeps}, gates={"numpy": 6})
    # Trajectories of length 1 on frequencies of 1 to 2: at π and without jitter they would not mix.
    for some, gate in ((1, 5), (64, 1)):
        units, draws = pick(100, 10), much(4000 if some == 1 else 500, 200)
        yield Row(f"hmc_{some}", f"HMC, {units}-dim Gaussian, {some} chain{'s' * (some > 1)}, 10 leapfrog steps, float64",
                  "chain-leapfrogs/s", some * draws * 10, kind="hmc",
                  spec={"model": {"name": "gaussian", "units": units, "condition": 4, "rotated": True},
                        "sample": {"sampler": {"name": "hmc", "step_size": 0.1, "steps": 10, "jitter": 0},
                                   "chains": some, "warmup": 0, "draws": draws}},
                  settings={"chains": some, "amount": draws, "step": 0.1, "leaps": 10},
                  gates={"numpy": gate})
    logistic = {"model": {"name": "logistic_regression", "standardize": False, "intercept": False,
                          "dataset": {"name": "csv", "path": regression_path, "label_column": "last"}}}
    shape = pick("1000x25", "60x4")
    some, draws = pick(64, 16), much(200, 50)
    yield Row("logistic", f"HMC, logistic regression {shape}, {some} chains, 10 leapfrog steps, float64",
              "chain-leapfrogs/s", some * draws * 10, kind="hmc_logistic",
              spec={**logistic, "sample": {"sampler": {"name": "hmc", "step_size": 0.03, "steps": 10, "jitter": 0},
                                           "chains": some, "warmup": 0, "draws": draws}},
              settings={"data": regression_path, "chains": some, "amount": draws, "step": 0.03, "leaps": 10},
              gates={"numpy": 2.5})
    some, draws = 4, much(2000, 300)
    yield Row("nuts", f"NUTS, logistic regression {shape}, {some} chains", "effective draws/s", some * draws,
              kind="nuts", effective=True,
              spec={**logistic, "sample": {"sampler": "nuts", "chains": some, "warmup": draws // 2, "draws": draws}},
              settings={"data": regression_path, "chains": some, "warmup": draws // 2, "amount": draws},
              gates={})
    yield from langevin_rows(images_path, quick, much, pick, single)


def langevin_rows(images_path, quick, much, pick, single):
    swish = lambda sizes: [text for size in sizes for text in (f"dense {size}", "swish")]
    elu = lambda sizes: [text for size in sizes for text in (f"dense {size}", "elu")]
    units, hidden, wide = pick(784, 20), pick([512, 256], [8, 4]), pick([256, 256], [16, 16])
    plain, clamps = {"drift": 0.01, "noise": 0.005}, {"gradient_clamp": 0.03, "state_clamp": [-1, 1]}
    tutorial = {"drift": 10, "noise": 0.005, **clamps}
    layers = pick(UVA, ["conv 4 3x3 stride 2 padding 1", "swish", "dense 8", "swish"])
    side = pick(28, 8)
    convnet = {"name": "convnet", "shape": [1, side, side], "layers": layers, "reference_precision": 0}
    for name, title, model, shape, layers, classes, some, steps, law, gate in (
            ("langevin", f"MLP {'-'.join(map(str, [units, *hidden, 1]))}",
             {"name": "mlp", "units": units, "hidden": hidden, "reference_precision": 0},
             [units], swish(hidden), 0, pick(128, 32), much(200, 5), plain, 1.4),
            ("jem", f"digits JEM MLP {'-'.join(map(str, [64, *wide, 10]))}",
             {"name": "joint_energy", "classes": 10, "shape": [64], "layers": elu(wide), "reference_precision": 0},
             [64], elu(wide), 10, pick(64, 32), much(1000, 5), plain, 2.5),
            ("convnet", "UvA ConvNet", convnet, convnet["shape"], convnet["layers"], 0, pick(128, 32), much(60, 3),
             tutorial, 1.4)):
        yield Row(name, f"Langevin, {title}, {some} chains", "steps/s", steps, kind="langevin",
                  spec={**single, "model": model, "sample": {
                      "sampler": {"name": "ula", **law}, "chains": some, "warmup": 0, "draws": steps}},
                  settings={"chains": some, "amount": steps, "shape": shape, "layers": layers, "classes": classes, **law},
                  gates={"torch": gate})
    # Steps of Adam so small that the parameters stay as they are stored, where the peer starts.
    batch, updates, steps = pick(128, 5), much(40, 8), 1
    yield Row("convnet_train", f"training update, UvA ConvNet, batch {batch}, {steps} Langevin step", "updates/s",
              updates, kind="training",
              spec={**single, "data": {"name": "idx", "images": images_path, "threshold": 0.5, "limit": 40 * batch},
                    "model": convnet,
                    "train": {"gradient": {"name": "contrastive_divergence", "steps": steps, "start": "noise",
                                           "noise_range": [-1, 1], "sampler": {"name": "ula", **tutorial}},
                              "optimizer": {"name": "adam", "step_size": 1e-9}, "batch": batch, "updates": updates}},
              settings={"images": images_path, "batch": batch, "amount": updates, "steps": steps, "rate": 1e-9,
                        "shape": convnet["shape"], "layers": convnet["layers"], "classes": 0, **tutorial},
              gates={"torch": 1.4})


def counts(path):
    """The work that a result says was done."""
    with h5py.File(path) as file:
        found = {name: int(file["cost/" + name][()].sum()) for name in
                 ("site_updates", "gradient_evaluations", "parameter_gradient_evaluations")}
        for group in file.get("estimates", {}).values():
            found["chain_temperatures"] = len(group["run"]) * len(group["temperature"][1:])
            del found["site_updates"]  # of the weights too, which peers do not count
        if "posterior" in file:
            found["draws"] = int(np.prod(file["posterior/x"].shape[:2]))
    return found


def effective_draws(x):
    """Of the coordinate that has fewest, of draws (chains, draws, coordinates): N / τ with τ by
    Geyer's initial monotone sequence over all chains together (Gelman et al. 2013, section 11.5)."""
    x = np.asarray(x, float)
    chains, n, _ = x.shape
    centred = x - x.mean(1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(centred, 2 * n, axis=1)) ** 2
    covariance = (np.fft.irfft(spectrum, axis=1)[:, :n] / n).mean(0)
    within = covariance[0] * n / (n - 1)
    variance = covariance[0] + x.mean(1).var(0, ddof=1)
    correlation = 1 - (within - covariance * n / (n - 1)) / variance
    pairs = correlation[0 : n - n % 2 : 2] + correlation[1::2][: n // 2]
    pairs = np.minimum.accumulate(np.where(np.minimum.accumulate(pairs, axis=0) > 0, pairs, 0), axis=0)
    return float((chains * n / np.maximum(2 * pairs.sum(0) - 1, 1 / np.log10(chains * n))).min())


def amount(row, path):
    """What a run has made of the row's unit."""
    if not row.effective:
        return row.amount
    with h5py.File(path) as file:
        return effective_draws(file["posterior/x"][()])


def summary(energies):
    """Mean and standard error of energies: over chains where these are many, else over ten stretches."""
    energies = np.atleast_2d(np.asarray(energies, float))
    many = energies.shape[0] >= 16
    parts = energies[:, -1] if many else np.array([p.mean() for p in np.array_split(energies.mean(0), 10)])
    return float(parts.mean()), float(parts.std(ddof=1) / len(parts) ** 0.5)


def mean(values):
    """Of independent values, with its standard error."""
    return float(np.mean(values)), float(np.std(values, ddof=1) / len(values) ** 0.5)


def figure(row, path):
    """What a peer's own figure is held against: (value, standard error)."""
    with h5py.File(path) as file:
        if row.kind == "rbm":
            return reconstruction(row.settings, *(file["parameters/" + name][()] for name in "Wbc"))
        if row.kind == "ais":
            group = next(iter(file["estimates"].values()))
            return float(group["log_partition"][()]), float(group["standard_error"][()])
        if row.kind == "training":
            return mean(file["training/energy_gap"][()])
        energies = file["sample_stats/energy"][()]
        return summary(energies[:, energies.shape[1] // 2:])


def reconstruction(settings, W, b, c):
    """Mean squared error of reconstructed images; 10 % of it stand for a standard error of 2 %."""
    sigmoid = lambda z: 1 / (1 + np.exp(-z))
    x = images(settings["images"])[:1000]
    value = float(np.mean((x - sigmoid(b + sigmoid(c + x @ W) @ W.T)) ** 2))
    return value, 0.02 * value
