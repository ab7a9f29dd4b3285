#!/usr/bin/env bash
# What planning, scheduling and looking at cells costs beside the cells themselves.
#   overhead.sh [CELLS] [PLANNED]
# runs CELLS trivial cells (default 200) by `gibbsite run --jobs 2` and the same engine processes by
# a bare `xargs -P2`, then plans PLANNED cells (default 10000) and looks at them. Prints ratios and
# milliseconds per cell; it judges nothing, for machines differ.
set -euo pipefail

build=${GIBBSITE_BUILD_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build}
gibbsite=$build/bin/gibbsite engine=$build/lib/gibbsite/gibbsite-engine-double
cells=${1:-200} planned=${2:-10000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >spec.yaml <<'SPEC'
gibbsite: 1
name: overhead
model: {name: bernoulli, units: 2}
sample: {chains: 1, warmup: 0, draws: 1}
SPEC

# seconds CODES COMMAND...: wall seconds of a command that may end with one of these codes
seconds() {
  local codes=$1 from to code=0
  shift
  from=$(date +%s.%N)
  "$@" >out 2>err || code=$?
  to=$(date +%s.%N)
  [[ " $codes " == *" $code "* ]] || { cat err >&2; exit 1; }
  awk -v a="$from" -v b="$to" 'BEGIN { printf "%.3f", b - a }'
}
say() { awk -v name="$1" -v total="$2" -v n="$3" 'BEGIN { printf "%-34s %8.2f s  %8.3f ms per cell\n", name, total, 1000 * total / n }'; }

run=$(seconds 0 "$gibbsite" run spec.yaml --set "grid.seed={from: 1, to: $cells}" --out grid --jobs 2 --threads 1)
cp -r grid bare
find bare/cells -name result.h5 -delete
ls -d bare/cells/* >folders
bare=$(seconds 0 xargs -a folders -P2 -I{} "$engine" run {} 1 2 0)
again=$(seconds 0 "$gibbsite" run spec.yaml --set "grid.seed={from: 1, to: $cells}" --out grid --jobs 2)
say "gibbsite run, 2 jobs" "$run" "$cells"
say "the same engines by xargs -P2" "$bare" "$cells"
say "gibbsite run, nothing to do" "$again" "$cells"
awk -v a="$run" -v b="$bare" 'BEGIN { printf "ratio of the first two: %.2f\n\n", a / b }'

plan=$(seconds 0 "$gibbsite" run spec.yaml --set "grid.seed={from: 1, to: $planned}" --out long --dry-run)
say "planning" "$plan" "$planned"
# One cell alone is run of the plan, so that there is a folder to look at.
seconds 0 "$gibbsite" run spec.yaml --set "grid.seed={from: 1, to: $planned}" --out long --only seed=1 >/dev/null
say "status, one cell done" "$(seconds 0 "$gibbsite" status long)" "$planned"
mkdir -p long/cells
done_cell=$(ls -d long/cells/*)
sed -n 's/^  - {id: "\{0,1\}\([0-9a-f]*\)"\{0,1\},.*/\1/p' long/plan.yaml | while read -r id; do
  [[ -d long/cells/$id ]] || { mkdir "long/cells/$id" && ln "$done_cell/result.h5" "$done_cell/status.yaml" "long/cells/$id"; }
done
say "status, every cell done, first look" "$(seconds 0 "$gibbsite" status long)" "$planned"
again=$(seconds 0 "$gibbsite" run spec.yaml --set "grid.seed={from: 1, to: $planned}" --out long)
say "run, nothing to do" "$again" "$planned"
say "status, every cell done" "$(seconds 0 "$gibbsite" status long)" "$planned"
