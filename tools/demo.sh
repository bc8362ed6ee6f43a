#!/usr/bin/env bash
# Build medtl and run its main job: Structured Reports for a study folder.
#   bash tools/demo.sh [STUDY_FOLDER] [-o OUT]
# Without STUDY_FOLDER the product's own phantom generator makes one: a four-view mammography exam and a
# dermoscopy study, in several transfer syntaxes. Reports land in OUT (default: out/demo).
# Installs missing Debian packages (needs root or sudo for that). Exit status: that of `dcm-medtl classify`.
set -eu
cd "$(dirname "$0")/.."

study='' out=out/demo
while [ $# -gt 0 ]; do
  case $1 in
    -h|--help) sed -n '2,6s/^# //p' "$0"; exit 0 ;;
    -o) [ $# -ge 2 ] || { echo "demo: -o needs a folder" >&2; exit 2; }; out=$2; shift 2 ;;
    -*) echo "demo: unknown option $1 (see --help)" >&2; exit 2 ;;
    *) [ -z "$study" ] || { echo "demo: one study folder, please" >&2; exit 2; }; study=$1; shift ;;
  esac
done
[ -z "$study" ] || [ -e "$study" ] || { echo "demo: $study: no such file or folder" >&2; exit 2; }

step() { printf '\n== %s\n' "$*"; }

step "packages"
bash tools/setup.sh build

step "build"
mkdir -p build
{ cmake --preset release -DMEDTL_TESTS=OFF -DMEDTL_BENCH=OFF && cmake --build --preset release; } >build/demo-build.log 2>&1 ||
  { tail -n 30 build/demo-build.log >&2; echo "demo: the build failed; whole log in build/demo-build.log" >&2; exit 3; }
build/bin/dcm-medtl --version

if [ -z "$study" ]; then
  study=out/phantom
  step "phantom study in $study"
  rm -rf "$study"
  build/bin/dcm-medtl phantom -o "$study"
fi

step "classify"
status=0
echo "\$ build/bin/dcm-medtl classify $study -o $out --json $out/result.json --csv $out/result.csv"
mkdir -p "$out"
build/bin/dcm-medtl classify "$study" -o "$out" --json "$out/result.json" --csv "$out/result.csv" || status=$?

report=$(find "$out" -name '*.dcm' -newer build/demo-build.log 2>/dev/null | sort | head -n 1)
if [ -n "$report" ]; then
  step "one of the reports: $report"
  dsrdump +Pn "$report" 2>/dev/null | head -n 60
fi
exit $status
