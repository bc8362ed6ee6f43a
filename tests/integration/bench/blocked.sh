#!/usr/bin/env bash
# bench_blocked: blocked.sh BUILD
# shellcheck disable=SC2317 # functions that are called through check
set -u
bench=$1/bin/bench_blocked
[ -x "$bench" ] || { echo "no $bench: skipped"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

check() { # DESCRIPTION COMMAND...
  local what=$1
  shift
  if ! "$@" >"$work/said" 2>&1; then
    echo "FAILED: $what"
    cat "$work/said" "$work/out"
    failures=$((failures + 1))
  fi
}
lines() { [ "$(grep -c "$2" "$work/out")" -eq "$1" ]; }   # COUNT PATTERN
at_least() { [ "$(grep -c "$2" "$work/out")" -ge "$1" ]; } # COUNT PATTERN
# Errors are the only numbers with exponents. Whole numbers of 8 bits are inexact by design.
exact() { ! grep -E '/[0-9] ' "$work/out" | grep -v ' int8 ' | grep -E '[0-9]e(-0[0-4]|\+)|nan|inf'; }
exits() { # STATUS ARGUMENT...
  local expected=$1 status=0
  shift
  "$bench" "$@" || status=$?
  [ "$status" -eq "$expected" ] || { echo "exit status $status instead of $expected"; return 1; }
}

"$bench" --network hybrid2 --size 40 --rounds 1 >"$work/out"
check "a network's convolutions are listed, with what merged kernels became" at_least 8 ' x[0-9]*$'
check "and summed up by instruction set" at_least 1 'ms for all convolutions on blocks$'
check "none of them is inexact" exact

"$bench" --shape 32,24,24,48,3 --rounds 1 --kernels portable >"$work/out"
check "a shape is tried by every algorithm: once directly" lines 1 '  direct '
check "and once in whole numbers" lines 1 '  int8 direct '
check "and with three sizes of tiles" lines 3 'winograd F([234]x[234],3x3)'
check "none of them is inexact" exact

check "an unknown network is refused" exits 1 --network alexnet
check "no convolution is refused" exits 1 --shape 32,24,24,48
check "a shape and a network together are refused" exits 2 --shape 1,2,3,4,5 --network hybrid2
check "an unknown option is refused" exits 2 --wrong 1
check "nothing to do is refused" exits 2

[ "$failures" -eq 0 ]
