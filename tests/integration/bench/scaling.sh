#!/usr/bin/env bash
# bench_scaling: scaling.sh BUILD
# Ten images are enough to see that all of them are accounted for, and that one and two threads give the same results.
set -u
bench=$1/bin/bench_scaling
[ -x "$bench" ] || { echo "no $bench: skipped"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

if ! "$bench" --images 10 --rounds 1 --threads 1,2 --folder "$work/scaling" >"$work/out" 2>&1; then
  echo "FAILED:"
  cat "$work/out"
  exit 1
fi
for threads in 1 2; do
  grep -Eq "^ *$threads +[0-9]+\.[0-9] +[0-9]" "$work/out" || { echo "FAILED: no line of $threads threads:"; cat "$work/out"; exit 1; }
done
