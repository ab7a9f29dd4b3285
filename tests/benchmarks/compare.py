#!/usr/bin/env python3
"""How fast is gibbsite against what users would run instead? Whole runs of `gibbsite run`, with
recording and checkpoints as they are by default, and each peer in turn on the same work, in rounds:
the machine's speed drifts, so that only the ratios within a round mean anything. A peer's time is
that of its loop alone. See README.md."""
import argparse
import collections
import datetime
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
START_LIMIT = 30  # milliseconds


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", help="names, separated by commas (default: all)")
    parser.add_argument("--peers", default="torch,sklearn,numba,numpy", help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1, help="factor of the amount of work")
    parser.add_argument("--quick", action="store_true", help="small problems: that it runs, not how fast")
    parser.add_argument("--threads", type=int, help="instead of each row's own number")
    parser.add_argument("--mnist", help="folder with MNIST's IDX files (default: random bits)")
    parser.add_argument("--program", default=str(HERE.parents[1] / "build/bin/gibbsite"))
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE",
                        help="for gibbsite alone, as `gibbsite run --set` takes it")
    parser.add_argument("-o", "--output", help="JSON of every measurement")
    return parser.parse_args()


def cpu_seconds():
    """Of the whole machine, and of what this program has started."""
    fields = [float(f) for f in open("/proc/stat").readline().split()[1:9]]
    times = os.times()
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK"), sum(times[:4])


def timed(command, environment=None):
    """Seconds, CPUs that others used meanwhile, and what was printed."""
    busy, own = cpu_seconds()
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    busy_after, own_after = cpu_seconds()
    others = max(0.0, (busy_after - busy - (own_after - own)) / seconds)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command[:4])} ... ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return seconds, others, done.stdout


def run_gibbsite(options, row, folder):
    """One whole run; the place of its result too."""
    spec = {"gibbsite": 1, "name": row.name, "seed": 1, **row.spec}
    path = pathlib.Path(folder) / f"{row.name}.yaml"
    path.write_text(json.dumps(spec))
    command = [options.program, "run", str(path), "--out", f"{folder}/{row.name}", "--fresh", "--jobs", "1",
               "--threads", str(row.threads)]
    for change in options.set:
        command += ["--set", change]
    seconds, others, _ = timed(command)
    result, = pathlib.Path(folder, row.name).glob("cells/*/result.h5")
    return {"seconds": seconds, "others": others}, result


def run_peer(peer, row, result):
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}  # spinning threads fight for the cores
    for name in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        environment[name + "_NUM_THREADS"] = str(row.threads)
    settings = json.dumps({**row.settings, "threads": row.threads})
    _, others, printed = timed([sys.executable, str(HERE / "peers.py"), peer, row.kind, settings, str(result)], environment)
    return {**json.loads(printed), "others": others}


def faults(row, peer, found, counts, own):
    """Sentences on what is not the same work."""
    for name, value in found["counts"].items():
        if counts.get(name) != value:
            yield f"{row.name}: {peer} made {value} {name.replace('_', ' ')}, gibbsite {counts.get(name)}"
    (value, error), (mine, my_error) = found["figure"], own
    if not abs(value - mine) <= 6 * math.hypot(error, my_error):
        yield f"{row.name}: {peer} came to {value:.6g} ± {error:.2g}, gibbsite to {mine:.6g} ± {my_error:.2g}"


def present(peers):
    """Those that can be imported; why not, for the others."""
    for peer in peers:
        found = subprocess.run([sys.executable, "-c", f"import {peer}"], capture_output=True, text=True, cwd=HERE)
        if found.returncode == 0:
            yield peer
        else:
            print(f"skipped: {peer}: {found.stderr.strip().splitlines()[-1]}", flush=True)


def measure(options, rows, peers, folder):
    """A record per row: every round's measurements, and what was not the same work."""
    import work

    records = {row.name: {"rounds": [], "faults": []} for row in rows}
    for number in range(options.rounds):
        for row in rows:
            mine = []
            for _ in range(int(row.amount) if row.unit == "ms" else 1):
                one, result = run_gibbsite(options, row, folder)
                mine.append(one)
            mine.sort(key=lambda one: one["seconds"])
            mine[len(mine) // 2]["amount"] = work.amount(row, result)
            measured = {"gibbsite": mine[len(mine) // 2]}
            if row.kind:
                counts, own = work.counts(result), work.figure(row, result)
            turn = [peer for peer in peers if peer in row.gates]
            for peer in turn if number % 2 == 0 else turn[::-1]:
                measured[peer] = {"amount": row.amount, **run_peer(peer, row, result)}
                records[row.name]["faults"] += faults(row, peer, measured[peer], counts, own)
            records[row.name]["rounds"].append(measured)
            say(number, row, measured)
    return records


def say(number, row, measured):
    parts = [f"{who} {one['seconds']:.3g} s" for who, one in measured.items()]
    print(f"round {number + 1}, {row.name}: " + ", ".join(parts), file=sys.stderr, flush=True)


def spread(values, form="{:.3g}"):
    low, middle, high = (form.format(v) for v in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low}-{high})" if len(values) > 1 else middle


def lines(rows, records, quick):
    """The table, row by row: cells of text."""
    yield ["work", "gibbsite", "peer", "its own", "ratio (range)", "gate", "", "others' CPUs"]
    for row in rows:
        rounds = records[row.name]["rounds"]
        seconds = [r["gibbsite"]["seconds"] for r in rounds]
        busy = "{:.1f}".format(statistics.median(one["others"] for r in rounds for one in r.values()))
        if row.unit == "ms":
            met = "reached" if 1000 * statistics.median(seconds) <= START_LIMIT else "BELOW"
            gate = ["", ""] if quick else [f"{START_LIMIT} ms", met]
            yield [row.title, spread([1000 * s for s in seconds]) + " ms", "", "", "", *gate, busy]
            continue
        label = row.title
        peers = [peer for peer in rounds[0] if peer != "gibbsite"]
        rates = lambda who: [r[who]["amount"] / r[who]["seconds"] for r in rounds]
        rate = f"{statistics.median(rates('gibbsite')):.3g} {row.unit}"
        for peer in peers:
            ratios = [mine / theirs for mine, theirs in zip(rates("gibbsite"), rates(peer))]
            gate = None if quick else row.gates[peer]
            met = "" if gate is None else "reached" if statistics.median(ratios) >= gate else "BELOW"
            records[row.name].setdefault("ratios", {})[peer] = ratios
            yield [label, rate, peer, f"{statistics.median(rates(peer)):.3g}", spread(ratios, "{:.2f}"),
                   "" if gate is None else f"{gate}", met, busy]
            label = rate = busy = ""
        if not peers:
            yield [label, rate, "none", "", "", "", "", busy]


def print_table(table):
    widths = [max(len(line[k]) for line in table) for k in range(len(table[0]))]
    for number, line in enumerate(table):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def machine():
    model = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"processor": model[0] if model else platform.machine(), "cores": os.cpu_count(),
            "memory": f"{memory:.0f} GiB", "load": os.getloadavg()[0]}


def main():
    options = arguments()
    import work

    with tempfile.TemporaryDirectory(prefix="gibbsite-compare-") as folder:
        images, source = work.bits(folder, options.mnist, options.quick)
        rows = list(work.rows(images, work.regression(folder, options.quick), options.quick, options.scale))
        wanted = options.rows.split(",") if options.rows else [row.name for row in rows]
        unknown = set(wanted) - {row.name for row in rows}
        if unknown:
            raise SystemExit(f"compare: no row {', '.join(sorted(unknown))}; known: {', '.join(r.name for r in rows)}")
        rows = [row for row in rows if row.name in wanted]
        for row in rows:
            row.threads = options.threads or row.threads
        needed = collections.Counter(peer for row in rows for peer in row.gates)
        peers = list(present([peer for peer in options.peers.split(",") if needed[peer]]))
        try:
            records = measure(options, rows, peers, folder)
        except RuntimeError as fault:
            raise SystemExit(f"compare: {fault}")
    table = list(lines(rows, records, options.quick))
    about = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "machine": machine(),
             "program": subprocess.run([options.program, "--version"], capture_output=True, text=True).stdout.strip(),
             "data": source, "rounds": options.rounds, "scale": options.scale, "quick": options.quick,
             "set": options.set}
    versions = {f"{peer} {one['version']} ({one['blas']})" for record in records.values()
                for measured in record["rounds"] for peer, one in measured.items() if peer != "gibbsite"}
    print_table(table)
    print(f"\n{about['date']}; {about['machine']}; data: {source}; peers: {', '.join(sorted(versions)) or 'none'}")
    if not options.quick and any("libblas.so" in version for version in versions):
        print("NOT COMPARABLE: peers use the reference BLAS, which is many times slower than libopenblas0-pthread")
    wrong = [fault for record in records.values() for fault in record["faults"]]
    for fault in wrong:
        print(f"NOT THE SAME WORK: {fault}")
    if options.output:
        pathlib.Path(options.output).write_text(json.dumps({**about, "rows": records}, indent=1))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
