#!/bin/bash
# A large tree of public test files, as odd as they come: the run ends, and every file has its one outcome.
. "$(dirname "$0")/common.sh"

tree=${MEDTL_TEST_DATA:-$source_dir/../shared/data}/dicom
if [ ! -d "$tree" ]; then
    echo "no test data at $tree (MEDTL_TEST_DATA can name its folder): skipped"
    exit 77
fi
"$dcm_medtl" classify "$tree" -o "$work/reports" --json "$work/r.json" --csv "$work/r.csv" >"$work/out" 2>"$work/err"
code=$?
[ "$code" = 0 ] || [ "$code" = 1 ] || complain "exit $code: $(tail -3 "$work/err")"
files=$(find "$tree" -type f | wc -l)
[ "$(grep -c '"path":' "$work/r.json")" = "$files" ] || complain "$(grep -c '"path":' "$work/r.json") objects, $files files"
[ "$(grep '"path":' "$work/r.json" | sort | uniq -d | wc -l)" = 0 ] || complain "a file is there twice"
failed=$(grep -c '"outcome": "failed"' "$work/r.json")
[ "$(wc -l <"$work/err")" = "$failed" ] || complain "$failed files failed, $(wc -l <"$work/err") lines say so"
grep -vE '^dcm-medtl: /.*: .+' "$work/err" && complain "a failure without file or reason"
grep -q '"cancelled": 0' "$work/r.json" || complain "something was left out"
[ "$(count_reports "$work/reports")" -ge 4 ] || complain "only $(count_reports "$work/reports") reports"

# Real mammograms in several transfer syntaxes are analysed.
for name in GH133.dcm MG_Explicit_Little.dcm MG1_J2KI; do
    grep -A1 "/mammography/$name\"" "$work/r.json" | grep -q '"outcome": "analysed"' || complain "$name is not analysed"
done
finish
