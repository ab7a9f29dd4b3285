#!/usr/bin/env bash
# clang-tidy over the framework and the plugins, double precision (single compiles the same lines).
set -euo pipefail
cd "$1"
# The precompiled header is g++'s; clang reads the same headers itself.
commands=$(mktemp -d)
trap 'rm -rf "$commands"' EXIT
python3 - "$2/compile_commands.json" "$commands/compile_commands.json" <<'PY'
import json, re, sys
entries = []
for entry in json.load(open(sys.argv[1])):
    if "_single" in entry["command"] or "cmake_pch" in entry["file"] or "/tests/" in entry["file"]:
        continue
    command = re.sub(r"-include \S*cmake_pch\.hxx", "", entry["command"])
    command = re.sub(r"-Winvalid-pch|-Werror\b|-Wno-(maybe-uninitialized|restrict|stringop-overflow|stringop-overread)", "", command)
    entry["command"] = re.sub(r"^.*?ccache ", "", command)
    entries.append(entry)
json.dump(entries, open(sys.argv[2], "w"))
PY
git ls-files -z -- 'framework/*.cpp' 'plugins/*.cpp' |
  xargs -0 -n 4 -P "$(nproc)" clang-tidy -p "$commands" --quiet 2>/dev/null
