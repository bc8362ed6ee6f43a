#!/usr/bin/env bash
# tools/results.sh on made-up folders: results.sh SOURCE
set -u
source=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

# The page has this line, or has it not.
says() { grep -qF -- "$1" "$work/tree/docs/RESULTS.md" || { echo "FAILED: the page does not say: $1"; failures=$((failures + 1)); }; }
is() { [ "$2" = "$3" ] || { echo "FAILED: $1: $2, not $3"; failures=$((failures + 1)); }; }

mkdir -p "$work/tree/tools" "$work/tree/docs" "$work/tree/config/experiments" "$work/out/runs" "$work/begun/runs"
cp "$source/tools/results.sh" "$work/tree/tools/"
for name in one two; do
  printf '<experiment name="%s">\n  <title>Title &amp; %s</title>\n  <question>Is 1 &lt; 2?</question>\n</experiment>\n' $name $name \
    > "$work/tree/config/experiments/$name.xml"
done
# As medtl prints it: of the content, not of the bytes.
digest=0123456789abcdef

# A summary as medtl writes it: two tables with the same runs, of which the page counts one.
printf '{\n  "experiment": "one",\n  "title": "Title"\n}\n' > "$work/out/summary.json"
{
  printf '## Title & one\n\nIs 1 < 2?\n'
  for measure in 'macro AUC' accuracy; do
    printf '\n### %s\n\n| labelled | arm | runs | mean |\n|---|---|---|---|\n' "$measure"
    printf '| 50 | a | 5 of 5 | 0.5 |\n| 50 | b | 2 of 5 | 0.5 |\n'
  done
  # shellcheck disable=SC2016 # backquotes of Markdown
  printf '\nExperiment `one`, SHA-256 `%s`.\n' "$digest"
} > "$work/out/summary.md"
echo 'arm,seed' > "$work/out/results.csv"
mkdir -p "$work/out/plots" "$work/tree/docs/results"
echo 'a picture' > "$work/out/plots/macro_auc.png"
printf 'One is less than two.\nBy one.\n' > "$work/tree/docs/results/one.finding.md"

bash "$work/tree/tools/results.sh" "$work/out" "$work/begun" 2> "$work/said"
is "exit code" $? 0
grep -qF 'no summary yet, left out' "$work/said" || { echo "FAILED: nothing said of the folder without a summary"; failures=$((failures + 1)); }
says '| [Title & one](#one) | 7 of 10 | One is less than two. |'
says '| [Title & two](#two) | not yet run |  |'
says '**What it says.** One is less than two.'
says 'By one.'
says '(results/one.png)'
is "picture kept" "$(cat "$work/tree/docs/results/one.png")" 'a picture'
says 'Is 1 < 2?'
says 'Not yet run.'
# shellcheck disable=SC2016 # backquotes of Markdown
says 'Run by run: [`one.csv`](results/one.csv).'
is "figures kept" "$(cat "$work/tree/docs/results/one.csv")" 'arm,seed'
grep -q 'earlier version' "$work/tree/docs/RESULTS.md" && { echo "FAILED: takes the file for changed"; failures=$((failures + 1)); }

# Without OUT: from what is kept; a changed experiment is named as that.
echo '<!-- changed -->' >> "$work/tree/config/experiments/one.xml"
bash "$work/tree/tools/results.sh"
is "exit code" $? 0
says 'these figures are of its earlier version'
bash "$work/tree/tools/results.sh" "$work" 2> /dev/null
is "a folder of something else" $? 2

# The repository's own page is made of what is kept, and of nothing else.
mkdir -p "$work/own/docs" "$work/own/tools" "$work/own/config"
cp "$source/tools/results.sh" "$work/own/tools/"
cp -r "$source/config/experiments" "$work/own/config/"
cp -r "$source/docs/results" "$work/own/docs/"
bash "$work/own/tools/results.sh"
diff "$source/docs/RESULTS.md" "$work/own/docs/RESULTS.md" > "$work/difference" ||
  { echo "FAILED: docs/RESULTS.md is not what tools/results.sh makes:"; head "$work/difference"; failures=$((failures + 1)); }

[ $failures = 0 ] && echo "results.sh: all as it should be"
exit $((failures > 0))
