"""Includes point left only: core <- api <- io <- run <- cli; plugins see core and api alone."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
layers = ["core", "api", "io", "run", "cli"]
sdk = {"core", "api", "plugin.hpp", "version.hpp"}
foreign = re.compile(r'#include [<"](boost|yaml-cpp|hdf5|openssl|H5)')
include = re.compile(r'#include [<"]gibbsite/([^/>"]+)[^>"]*[>"]')
faults = []


def sources(folder):
    return [path for path in sorted((root / folder).rglob("*")) if path.suffix in (".cpp", ".hpp")]


count = 0
for rank, layer in enumerate(layers):
    for path in sources(f"framework/{layer}"):
        text = path.read_text()
        for used in include.findall(text):
            count += 1
            if used in layers and layers.index(used) > rank:
                faults.append(f"{path.relative_to(root)}: {layer} includes {used}")
        if layer in ("core", "api") and path.suffix == ".hpp" and foreign.search(text):
            faults.append(f"{path.relative_to(root)}: an SDK header includes a third-party library")
for path in sources("plugins"):
    text = path.read_text()
    for used in include.findall(text):
        count += 1
        if used not in sdk:
            faults.append(f"{path.relative_to(root)}: a plugin includes {used}")
    for quoted in re.findall(r'#include "([^"]+)"', text):
        if not quoted.startswith("gibbsite/"):
            faults.append(f"{path.relative_to(root)}: a plugin includes {quoted}")

print("\n".join(faults))
assert count > 100, "the check saw too few includes to mean anything"
sys.exit(1 if faults else 0)
