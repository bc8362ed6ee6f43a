#!/bin/bash
# The hosts with the real pipeline: the dlopen host (three lives of the plugin, several threads, the same
# bits) and the example host, whose reports dciodvfy must find without an error.
# usage: hosts.sh DCM_MEDTL PLUGIN.so DLOPEN_HOST EXAMPLE_HOST     Exit 77: something needed is missing.
set -euo pipefail
# shellcheck source=../../support/material.sh
. "$(dirname "$0")/../../support/material.sh"
dcm_medtl=$1 plugin=$2 dlopen_host=$3 example_host=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() { echo "hosts.sh: $*" >&2; exit 1; }

make_phantom "$dcm_medtl" "$folder/study"
echo "this is no DICOM file" >"$folder/study/notes.txt"

"$dlopen_host" "$plugin" "$folder/study"

mkdir "$folder/reports"
"$example_host" "$plugin" "$folder/reports" "$folder/study" >"$folder/table" || { cat "$folder/table"; fail "the example host exited with $?"; }
grep -q $'notes.txt\tignored\t' "$folder/table" || fail "the text file is not accounted for"
grep -q $'\tanalysed\t' "$folder/table" || fail "nothing was analysed"
set -- "$folder"/reports/*.dcm
[ -e "$1" ] || fail "no report was written"
[ "$(grep -c "^$folder/reports" "$folder/table")" = $# ] || fail "not every report is in the table"
if command -v dciodvfy >/dev/null; then
    for report in "$@"; do
        if dciodvfy -new "$report" 2>&1 | grep '^Error'; then
            fail "dciodvfy finds errors in a report"
        fi
    done
fi

# What cannot work says so, and with the documented exit codes.
code=0; "$example_host" "$plugin" >/dev/null 2>&1 || code=$?
[ $code = 2 ] || fail "without arguments: exit $code, not 2"
code=0; MEDTL_DATA_DIR=$folder/none "$example_host" "$plugin" "$folder" "$folder/study" 2>"$folder/err" || code=$?
[ $code = 3 ] && grep -q '^configuration: ' "$folder/err" || fail "without a data folder: exit $code: $(cat "$folder/err")"
code=0; "$example_host" "$plugin" "$folder/absent" "$folder/study" >/dev/null 2>&1 || code=$?
[ $code = 1 ] || fail "without a folder for the reports: exit $code, not 1"
echo "hosts.sh: $# reports"
