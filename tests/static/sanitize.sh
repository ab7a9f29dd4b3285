#!/usr/bin/env bash
# Builds the tests with a sanitizer and runs those it can say something about.
#   sanitize.sh SOURCE BUILD address|thread
# With CI set, addresses are looked at in core and api alone, with the modules that these tests speak
# of, to stay within its time.
set -euo pipefail
source=$1 build=$2 kind=$3
cmake -S "$source" -B "$build" -G Ninja -DGIBBSITE_SANITIZE="$kind" -DCMAKE_BUILD_TYPE=Release
targets=(test_core_double test_api_double)
modules=$(ninja -C "$build" -t targets all | sed -n 's/^\(\(model\|sampler\|gradient\|evaluation\|optimizer\|dataset\)_[a-z_]*_double\): phony.*/\1/p')
if [[ $kind == thread ]]; then
  targets=(test_core_double test_plugins_estimators_double)
  modules=$(grep -E '^(gradient|evaluation)_|^(model_rbm|model_ising|sampler_block_gibbs|sampler_gibbs)_' <<<"$modules")
elif [[ -n ${CI:-} ]]; then
  spoken=$(cd "$source/tests" && cat core/* api/* support/*.cpp | grep -oE '[a-z_]+' | sort -u)
  modules=$(while read -r module; do
    name=${module%_double}
    if grep -qx "${name#*_}" <<<"$spoken"; then printf '%s\n' "$module"; fi
  done <<<"$modules")
else
  targets+=(test_io_double test_run_double test_plugins_samplers_double test_plugins_datasets_double)
fi
# shellcheck disable=SC2086
ninja -C "$build" "${targets[@]}" $modules
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS=halt_on_error=1
export build kind
# As many programs at a time as there are processors; xargs fails where one of them does.
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c '
  options=(--test-suite-exclude=slow)
  # Statistical tests say nothing new here; threads are met in the estimators determinism tests.
  if [[ $kind == thread && $1 == test_plugins_estimators_double ]]; then options+=("--test-case=*thread*"); fi
  "$build/tests/$1" "${options[@]}"' run {}
