#!/usr/bin/env bash
# Keep what experiments measured under docs/results, and make the page of all experiments from what is kept there.
#   bash tools/results.sh [OUT...]        writes docs/RESULTS.md; OUT: folders of medtl run-experiment
# Of each OUT with a finished run, results.csv, summary.md and the plot of AUC become docs/results/NAME.csv, NAME.md and NAME.png. An
# experiment without them stands on the page as not yet run. What people say of an experiment's figures is docs/results/NAME.finding.md,
# written by hand; its first line stands in the table of all experiments. MEDTL_EXPERIMENTS names the folder of the experiments' files as they were
# run, where that is not config/experiments; one that differs today is named as that. Exit 0: done; 2: a folder that is none of run-experiment's.
set -euo pipefail
source_root=$(cd "$(dirname "$0")/.." && pwd)
kept=$source_root/docs/results
experiments=${MEDTL_EXPERIMENTS:-$source_root/config/experiments}
mkdir -p "$kept"

for out in "$@"; do
  [ -d "$out/runs" ] || { sed -n '2,7s/^# //p' "$0" >&2; echo "results.sh: $out: no folder of medtl run-experiment" >&2; exit 2; }
  [ -f "$out/summary.json" ] || { echo "results.sh: $out: no summary yet, left out (medtl run-experiment ... --summary)" >&2; continue; }
  name=$(sed -n 's/^  "experiment": "\(.*\)",$/\1/p' "$out/summary.json")
  cp "$out/results.csv" "$kept/$name.csv"
  cp "$out/summary.md" "$kept/$name.md"
  sha256sum < "$experiments/$name.xml" | cut -c1-64 > "$kept/$name.sha256"
  [ ! -f "$out/plots/macro_auc.png" ] || cp "$out/plots/macro_auc.png" "$kept/$name.png"
done

# "done of wanted" runs, added up over the first table of a summary.
runs_of() {
  awk -F'|' '/^### / { tables++ } tables == 1 && $4 ~ /[0-9]+ of [0-9]+/ { split($4, n, " "); done += n[1]; all += n[3] }
    END { print done " of " all }' "$1"
}
element() { sed -n "s:.*<$1>\(.*\)</$1>.*:\1:p" "$2" | head -n 1 | sed 's/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'; }

page() {
  cat <<'PAGE'
# Results

Every figure below was measured by the experiments under [`config/experiments`](../config/experiments) and stands, run by
run, in [`docs/results`](results). To measure again, with the public data sets in a folder DATA:

```
bash config/experiments/prepare-data.sh DATA EXP-DATA
medtl run-experiment config/experiments/NAME.xml --root EXP-DATA -o OUT/NAME --prepared PREPARED   # for each NAME below
bash tools/results.sh OUT/*
```

A run is repeated bit for bit with the same code and data on any number of threads. How images are dealt and what intervals
and p mean is in [RECIPES.md](RECIPES.md). Hours are of one processor. An experiment that is not complete shows how many of its
runs are done. A result that contradicts a publication is a result.

| experiment | runs that are done | in one sentence |
|---|---|---|
PAGE
  for file in "$source_root"/config/experiments/*.xml; do
    name=$(basename "$file" .xml)
    if [ -f "$kept/$name.md" ]; then done=$(runs_of "$kept/$name.md"); else done="not yet run"; fi
    echo "| [$(element title "$file")](#$name) | $done | $(head -qn 1 "$kept/$name.finding.md" 2>/dev/null || true) |"
  done
  for file in "$source_root"/config/experiments/*.xml; do
    name=$(basename "$file" .xml)
    printf '\n<a id="%s"></a>\n' "$name"
    if [ ! -f "$kept/$name.md" ]; then
      printf '## %s\n\n%s\n\nNot yet run.\n' "$(element title "$file")" "$(element question "$file")"
      continue
    fi
    head -n 1 "$kept/$name.md"
    if [ -f "$kept/$name.finding.md" ]; then printf '\n**What it says.** '; cat "$kept/$name.finding.md"; fi
    [ ! -f "$kept/$name.png" ] || printf '\n![AUC of each arm, with intervals](results/%s.png)\n' "$name"
    tail -n +2 "$kept/$name.md"
    [ "$(sha256sum < "$file" | cut -c1-64)" = "$(cat "$kept/$name.sha256")" ] ||
      printf '\nThe experiment'\''s file has changed since: these figures are of its earlier version.\n'
    # shellcheck disable=SC2016 # backquotes of Markdown
    printf '\nRun by run: [`%s.csv`](results/%s.csv).\n' "$name" "$name"
  done
}
page > "$source_root/docs/RESULTS.md.new"
mv "$source_root/docs/RESULTS.md.new" "$source_root/docs/RESULTS.md"
