#!/usr/bin/env bash
# clang-tidy over the framework and the plugins, double precision (single compiles the same lines).
#   tidy.sh SOURCE BUILD [SECONDS]
# Files changed last come first; after SECONDS no further file is begun, and the rest is counted.
# Plugins that this build leaves out have no command to look at them with.
set -euo pipefail
seconds=${3:-0}
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
mapfile -t files < <({ git log --format= --name-only; git ls-files; } | grep -E '^(framework|plugins)/.*\.cpp$' |
  awk '!seen[$0]++' | while read -r file; do if grep -qF "/$file\"" "$commands/compile_commands.json"; then printf '%s\n' "$file"; fi; done)
export commands deadline=$((seconds > 0 ? EPOCHSECONDS + seconds : 0))
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c '
  if ((deadline > 0 && EPOCHSECONDS > deadline)); then exit 0; fi
  printf x >>"$commands/looked"
  clang-tidy -p "$commands" --quiet "$1" 2>/dev/null' tidy
printf 'clang-tidy looked at %s of %s files\n' "$(wc -c <"$commands/looked")" "${#files[@]}"
