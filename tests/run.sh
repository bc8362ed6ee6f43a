#!/usr/bin/env bash
# Build and run the whole test suite.
#   bash tests/run.sh [--quick | --all] [-R REGEX]
#     --quick    release build only (without the sanitizers and the second compiler)
#     --all      under the sanitizers, too, the slow tests and those that wait for a server or judge files: minutes more
#     -R REGEX   only tests whose name matches
# Installs missing Debian packages (needs root or sudo for that). Exit 0: everything passed.
set -eu
cd "$(dirname "$0")/.."

quick=0 select=() without=(-LE "^(orthanc|conformance|structure|slow)$")
while [ $# -gt 0 ]; do
  case $1 in
    -h|--help) sed -n '2,7s/^# //p' "$0"; exit 0 ;;
    --quick) quick=1; shift ;;
    --all) without=(); shift ;;
    -R) [ $# -ge 2 ] || { echo "run.sh: -R needs a pattern" >&2; exit 2; }; select=(-R "$2"); shift 2 ;;
    *) echo "run.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
done
started=$SECONDS
jobs=$(nproc)
tests=$((jobs + 1)) # some of them wait for a server most of the time
step() { printf '\n== %s  [%d s]\n' "$*" $((SECONDS - started)); }

build() { # PRESET [cmake options]
  local preset=$1 log=build/$1.log
  shift
  mkdir -p build
  { cmake --preset "$preset" -DMEDTL_TESTS=ON -DMEDTL_BENCH=ON -DMEDTL_WARNINGS_AS_ERRORS=ON "$@" &&
    cmake --build --preset "$preset" -j "$jobs"; } >"$log" 2>&1 ||
    { tail -n 40 "$log" >&2; echo "run.sh: the $preset build failed; whole log in $log" >&2; exit 1; }
}

step "packages"
bash tools/setup.sh test

step "release build (GCC, warnings are errors)"
build release
step "release tests"
ctest --test-dir build --output-on-failure -j "$tests" --no-tests=error "${select[@]}"

if [ $quick = 0 ]; then
  step "Clang build (warnings are errors)"
  # Its warnings need neither the optimiser nor what a debugger reads.
  build clang -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-O0 -DCMAKE_CXX_FLAGS_DEBUG=-O0
  step "AddressSanitizer and UndefinedBehaviorSanitizer build"
  build asan-ubsan
  step "the suite under AddressSanitizer and UndefinedBehaviorSanitizer"
  ctest --test-dir build/asan-ubsan --output-on-failure -j "$tests" --no-tests=error "${without[@]}" "${select[@]}"
fi
step "all passed"
