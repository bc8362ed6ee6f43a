#!/usr/bin/env bash
# Fuzz the DICOM targets by turns, for as long as is asked for.
#   bash tests/fuzz/dicom/run.sh FOLDER MINUTES [SEEDS]
# FOLDER takes the build, the grown corpora and what was found; SEEDS is a folder of small DICOM files to begin with.
# Needs Clang. Exits 1 where something was found; each find is named, and belongs into tests/fuzz/dicom/corpus with the
# correction. Prints, for each target, seconds, processor time, executions, the slowest input and peak memory; a round
# takes 24 minutes, and FOLDER/rounds.tsv has one line for each target and round. Run again to go on.
set -eu
[ $# -ge 2 ] || { sed -n '2,7s/^# //p' "$0"; exit 2; }
source=$(cd "$(dirname "$0")/../../.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd) minutes=$2 seeds=${3:-}
parts=(file codec archive normalise answer codestream)

cmake -G Ninja -S "$source" -B "$folder/build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang \
  -DCMAKE_CXX_COMPILER=clang++ -DMEDTL_FUZZ=ON -DMEDTL_SANITIZE=address,undefined -DMEDTL_BENCH=OFF >"$folder/configure.log"
cmake --build "$folder/build" --target "${parts[@]/#/fuzz_dicom_}" >"$folder/build.log"

export ASAN_OPTIONS=abort_on_error=1:detect_leaks=1
rounds=$folder/rounds.tsv
[ -s "$rounds" ] || printf 'round\ttarget\tseconds\tprocessor_seconds\texecutions\tslowest_seconds\tpeak_mb\n' >"$rounds"
stat() { sed -n "s/^stat::$2: *//p" "$1"; }

# fuzz ROUND PART SECONDS: a find ends libFuzzer, so it is begun again until the time is over.
fuzz() {
  local round=$1 part=$2 end=$((SECONDS + $3)) log=$folder/$2.log begin
  while begin=$SECONDS; [ $((end - begin)) -gt 5 ]; do
    TIMEFORMAT='%U %S'
    { time "$folder/build/bin/fuzz_dicom_$part" "$folder/corpus/$part" "$source/tests/fuzz/dicom/corpus/$part" -max_len=65536 -timeout=60 \
      -rss_limit_mb=3000 -malloc_limit_mb=600 -max_total_time=$((end - begin)) -print_final_stats=1 \
      -artifact_prefix="$folder/finds/$part-" >"$log" 2>&1 || true; } 2>"$folder/$part.time"
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$round" "$part" $((SECONDS - begin)) \
      "$(awk '{ print $1 + $2 }' "$folder/$part.time")" "$(stat "$log" number_of_executed_units)" \
      "$(stat "$log" slowest_unit_time_sec)" "$(stat "$log" peak_rss_mb)" >>"$rounds"
  done
}

# Of the seeds those that lead somewhere new are kept, so that each round begins with few.
mkdir -p "$folder/corpus/"{file,codec,archive,normalise,answer,codestream} "$folder/finds"
[ -z "$seeds" ] || "$folder/build/bin/fuzz_dicom_file" -merge=1 -max_len=65536 -timeout=60 -rss_limit_mb=3000 -malloc_limit_mb=600 \
  -artifact_prefix="$folder/finds/file-" "$folder/corpus/file" "$seeds" >"$folder/merge.log" 2>&1 || true
for ((round = 1, left = minutes * 60; left > 0; round++)); do
  now=$((left < 1440 ? left : 1440)) left=$((left - now))
  for part in "${parts[@]}"; do
    share=$((now / 10))                                           # whole files get half of the time
    [ "$part" != file ] || share=$((now / 2))
    fuzz $round "$part" $share
  done
done
awk -F'\t' 'NR > 1 { s[$2] += $3; c[$2] += $4; n[$2] += $5; if ($6 > t[$2]) t[$2] = $6; if ($7 > m[$2]) m[$2] = $7 }
  END { for (p in s) printf "%s: %d s, %d s of processor time, %d executions, slowest %d s, peak %d MB\n", p, s[p], c[p], n[p], t[p], m[p] }' "$rounds"
found=$(find "$folder/finds" -type f ! -name '*slow-unit*')
[ -z "$found" ] || { echo "found:"; echo "$found"; exit 1; }
