#!/usr/bin/env bash
# The page of results, made of the summaries that medtl run-experiment left; and a copy of every run's figures.
#   bash tools/results.sh OUT... > docs/RESULTS.md
# Copies each OUT/results.csv to docs/results/NAME.csv. Exit 0: done; 2: usage; 3: a folder without a summary.
set -euo pipefail
cd_to=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }

for out in "$@"; do
  [ -f "$out/summary.md" ] && [ -f "$out/results.csv" ] ||
    { echo "results.sh: $out: no summary.md; run medtl run-experiment ... -o $out --summary" >&2; exit 3; }
done

mkdir -p "$cd_to/docs/results"
cat <<'PAGE'
# Results

Every figure below was measured by the experiments under [`config/experiments`](../config/experiments) and stands, run by
run, in [`docs/results`](results). To measure again, with the public data sets in a folder DATA:

```
bash config/experiments/prepare-data.sh DATA EXP-DATA
medtl run-experiment config/experiments/NAME.xml --root EXP-DATA -o OUT/NAME     # for each NAME below
bash tools/results.sh OUT/* > docs/RESULTS.md
```

A run is repeated bit for bit with the same code and data on any number of threads. How images are dealt and what intervals
and p mean is in [RECIPES.md](RECIPES.md). A result that contradicts a publication is a result.

PAGE
for out in "$@"; do
  name=$(sed -n 's/^  "experiment": "\(.*\)",$/\1/p' "$out/summary.json")
  cp "$out/results.csv" "$cd_to/docs/results/$name.csv"
  cat "$out/summary.md"
  printf '\nRun by run: [`%s.csv`](results/%s.csv).\n\n' "$name" "$name"
done
