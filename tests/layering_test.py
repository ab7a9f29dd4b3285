#!/usr/bin/env python3
"""The layers of the tree: includes point one way only, and third-party libraries stay where
they belong. Usage: layering_test.py SOURCE_FOLDER"""
import pathlib
import re
import sys

LAYERS = ["core", "api", "io", "conformance", "run", "cli"]
# Boost.Math, Boost.Graph and Eigen are values, not systems: any layer may use them.
OUTSIDE = re.compile(r"^(boost/(?!math/|graph/)|yaml-cpp/|hdf5|H5|openssl/)")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1)


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in (".hpp", ".cpp"))


def layer_faults(source):
    for rank, layer in enumerate(LAYERS):
        for path in sources(source / "framework" / layer):
            for number, name in includes(path):
                found = re.match(r"gibbsite/(\w+)/", name)
                if found and found.group(1) in LAYERS and LAYERS.index(found.group(1)) > rank:
                    yield path, number, f"{layer} must not include {name}"
                if layer in ("core", "api") and OUTSIDE.match(name):
                    yield path, number, f"{layer} must not include {name}"
                if layer in ("conformance", "run", "cli") and re.match(r"yaml-cpp/|hdf5|H5|openssl/", name):
                    yield path, number, f"{name} belongs to io"
                if layer in ("conformance", "run", "cli") and name.endswith("_handle.hpp"):
                    yield path, number, f"{name} is private to io"


def plugin_faults(source):
    for path in sources(source / "plugins"):
        for number, name in includes(path):
            if name.startswith("gibbsite/") and name != "gibbsite/plugin.hpp":
                if not re.match(r"gibbsite/(core|api)/", name):
                    yield path, number, f"a plugin must not include {name}"
            elif "plugins/" in name or name.startswith(".") or (path.parent / name).exists():
                yield path, number, f"a plugin must not include another one's {name}"
            elif re.match(r"yaml-cpp/|openssl/|boost/(dll|serialization|program_options)", name):
                yield path, number, f"{name} belongs to io"


def main():
    source = pathlib.Path(sys.argv[1])
    assert len(sources(source / "framework")) > 50 and len(sources(source / "plugins")) > 10
    faults = [*layer_faults(source), *plugin_faults(source)]
    for path, number, text in faults:
        print(f"{path.relative_to(source)}:{number}: {text}")
    return 1 if faults else 0


sys.exit(main())
