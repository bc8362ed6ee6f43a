# Sourced by the tests beside it: DCM_MEDTL TINY_DATA RAW_DICOM_FILES SOURCE_DIR.
set -uo pipefail
dcm_medtl=$1 tiny_data=$2 raw=$3 source_dir=$4
work=$(mktemp -d)
failures=0
trap 'cleanup' EXIT
cleanup() { rm -rf "$work"; }

complain() { echo "FAILED: $*" >&2; failures=$((failures + 1)); }

# A data folder with the default tasks and tiny models.
"$tiny_data" "$source_dir/config/tasks" "$work/data" || exit 1
export MEDTL_DATA_DIR=$work/data

# run EXIT_CODE COMMAND...: stdout and stderr land in $work/out and $work/err.
run() {
    local expected=$1 code=0
    shift
    "$dcm_medtl" "$@" >"$work/out" 2>"$work/err" || code=$?
    [ "$code" = "$expected" ] || complain "exit $code, not $expected: dcm-medtl $*: $(cat "$work/err")"
}

# One line on standard error, and it holds all these words.
one_line() {
    local word
    [ "$(wc -l <"$work/err")" = 1 ] || complain "not one line: $(cat "$work/err")"
    for word in "$@"; do
        grep -qF -- "$word" "$work/err" || complain "no '$word' in: $(cat "$work/err")"
    done
}

says() { grep -qE -- "$1" "$work/out" || complain "no '$1' in: $(cat "$work/out")"; }
count_reports() { find "$1" -name '*.dcm' 2>/dev/null | wc -l; }
finish() { [ "$failures" = 0 ] || exit 1; }
