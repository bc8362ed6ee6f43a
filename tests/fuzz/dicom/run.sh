#!/usr/bin/env bash
# Fuzz the DICOM targets one after the other, for as long as is asked for.
#   bash tests/fuzz/dicom/run.sh FOLDER MINUTES [SEEDS]
# FOLDER takes the build, the grown corpora and what was found; SEEDS is a folder of small DICOM files to begin with.
# Needs Clang. Exits 1 where something was found; each find is named, and belongs into tests/fuzz/dicom/corpus with the
# correction. CPU time counts, not time on the clock: say both when you report.
set -eu
[ $# -ge 2 ] || { sed -n '2,6s/^# //p' "$0"; exit 2; }
source=$(cd "$(dirname "$0")/../../.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd) minutes=$2 seeds=${3:-}
parts=(file codec archive normalise answer)

cmake -G Ninja -S "$source" -B "$folder/build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang \
  -DCMAKE_CXX_COMPILER=clang++ -DMEDTL_FUZZ=ON -DMEDTL_SANITIZE=address,undefined -DMEDTL_BENCH=OFF >"$folder/configure.log"
cmake --build "$folder/build" --target "${parts[@]/#/fuzz_dicom_}" >"$folder/build.log"

export ASAN_OPTIONS=abort_on_error=1:detect_leaks=1
for part in "${parts[@]}"; do
  more=("$source/tests/fuzz/dicom/corpus/$part")
  [ "$part" != file ] || [ -z "$seeds" ] || more+=("$seeds")
  share=$((minutes * 60 / 8))                                   # whole files get half of the time
  [ "$part" != file ] || share=$((minutes * 60 / 2))
  mkdir -p "$folder/corpus/$part" "$folder/finds"
  begin=$SECONDS
  "$folder/build/bin/fuzz_dicom_$part" "$folder/corpus/$part" "${more[@]}" -max_len=65536 -timeout=60 \
    -rss_limit_mb=3000 -malloc_limit_mb=600 -max_total_time=$share -print_final_stats=1 \
    -artifact_prefix="$folder/finds/$part-" >"$folder/$part.log" 2>&1 || true
  echo "$part: $((SECONDS - begin)) s, $(grep -o 'number_of_executed_units: .*' "$folder/$part.log" || echo 'ended early')"
done
found=$(find "$folder/finds" -type f ! -name '*slow-unit*')
[ -z "$found" ] || { echo "found:"; echo "$found"; exit 1; }
