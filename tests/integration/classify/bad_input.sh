#!/bin/bash
# Whatever is wrong gets one line that names the file and the reason, the batch goes on, and nothing half-written
# remains.
. "$(dirname "$0")/common.sh"

# bad NAME WORD...: one failed file beside a good one: exit 1, one line, the good one is reported all the same.
bad() {
    local name=$1
    shift
    "$raw" "$work/in/good" study=1.9 sop=1.9.1
    rm -rf "$work/reports"
    run 1 classify "$work/in" -o "$work/reports" --json "$work/r.json"
    one_line "$work/in/$name: " "$@"
    [ "$(count_reports "$work/reports/1.9")" = 1 ] || complain "$name: the good study is not reported"
    [ "$(grep -c '"path":' "$work/r.json")" = 2 ] || complain "$name: not both files in the JSON"
    rm -rf "$work/in"
    mkdir "$work/in"
}
mkdir "$work/in"

"$raw" "$work/whole"
size=$(stat -c %s "$work/whole")
head -c 300 "$work/whole" >"$work/in/cut-in-header";            bad cut-in-header
head -c $((size - 1000)) "$work/whole" >"$work/in/cut-in-pixels"; bad cut-in-pixels
"$raw" "$work/in/no-pixels" pixels=no;                          bad no-pixels "Pixel Data (7FE0,0010)"
[ "$(count_reports "$work/reports")" = 2 ] || complain "no report says that the image of its study failed"
"$raw" "$work/in/no-such-syntax" syntax=1.2.3.4.5;              bad no-such-syntax "transfer syntax 1.2.3.4.5"
"$raw" "$work/in/video" syntax=1.2.840.10008.1.2.4.102;         bad video "transfer syntax 1.2.840.10008.1.2.4.102"
"$raw" "$work/in/huge" rows=65535 columns=65535 pixel-bytes=64; bad huge
"$raw" "$work/in/many-frames" frames=1 rows=65535 columns=3 pixel-bytes=9; bad many-frames
"$raw" "$work/in/no-study" study=;                              bad no-study "(0020,000D)"
"$raw" "$work/in/study-uid" study=../../etc;                    bad study-uid "(0020,000D)"
"$raw" "$work/in/series-uid" series=1..2;                       bad series-uid "(0020,000E)"
"$raw" "$work/in/not-a-jpeg" syntax=1.2.840.10008.1.2.4.70;     bad not-a-jpeg
"$raw" "$work/in/not-rle" syntax=1.2.840.10008.1.2.5;           bad not-rle
"$raw" "$work/in/not-j2k" syntax=1.2.840.10008.1.2.4.90;        bad not-j2k
"$raw" "$work/in/not-jls" syntax=1.2.840.10008.1.2.4.80;        bad not-jls
find "$work" -path '*etc*' | grep -q . && complain "a UID led out of the folder"

# Nothing to do with DICOM is no failure; it is accounted for.
: >"$work/in/empty"
head -c 4096 /dev/urandom | tr -d D >"$work/in/noise"
run 0 classify "$work/in" -o "$work/reports" --json "$work/r.json"
one_line "no DICOM file"
[ "$(grep -c '"outcome": "ignored"' "$work/r.json")" = 2 ] || complain "what is not DICOM is not in the JSON"
run 1 classify "$work/absent" -o "$work/reports"
one_line "$work/absent: "

# The command line.
run 2 classify;                                                  grep -q 'PATH' "$work/err" || complain "no PATH"
run 2 classify "$work/in";                                       grep -q -- '-o OUT' "$work/err" || complain "no -o"
run 2 classify "$work/in" -o "$work/x" --threads many;           one_line "--threads" "many"
run 2 classify "$work/in" -o "$work/x" --no-such-option;         grep -q -- '--no-such-option' "$work/err" || complain "option"
run 2 classify "$work/in" -o;                                    grep -q -- '-o needs a value' "$work/err" || complain "value"
run 2 nonsense
run 2
for command in "" classify inspect tasks show verify; do
    run 0 $command --help
    says 'usage: dcm-medtl'
done
run 0 --version
says '^dcm-medtl [0-9]+\.[0-9]+\.[0-9]+$'

# Tasks and models.
"$raw" "$work/in/good"
sed 's/crop="[a-z]*"/crop="brest"/' "$work/data/tasks/10-mammography.xml" >"$work/wrong.xml"
line=$(grep -n 'crop="brest"' "$work/wrong.xml" | cut -d: -f1)
run 2 classify "$work/in" -o "$work/x" --config "$work/wrong.xml"; one_line "$work/wrong.xml:$line: " "crop"
run 2 tasks --config "$work/wrong.xml";                            one_line "$work/wrong.xml:$line: "
sed 's/attribute="Modality"/attribute="modality"/' "$work/data/tasks/10-mammography.xml" >"$work/wrong.xml"
run 2 tasks --config "$work/wrong.xml";                            one_line "$work/wrong.xml:" "attribute 'attribute'"
for name in Kind Modalitty; do # fits the schema, and only the dictionary knows that it is none
    sed "0,/attribute=\"[A-Z][A-Za-z]*\"/s//attribute=\"$name\"/" "$work/data/tasks/20-dermoscopy.xml" >"$work/wrong.xml"
    line=$(grep -n "attribute=\"$name\"" "$work/wrong.xml" | cut -d: -f1)
    run 2 tasks --config "$work/wrong.xml";                            one_line "$work/wrong.xml:$line: '$name' is no keyword"
    run 2 tasks --config "$work/data/tasks/10-mammography.xml" --config "$work/wrong.xml" --json; one_line "$work/wrong.xml:$line: "
    run 2 inspect "$work/in/good" --config "$work/wrong.xml";          one_line "$work/wrong.xml:$line: '$name' is no keyword"
    run 2 classify "$work/in" -o "$work/x" --config "$work/wrong.xml"; one_line "$work/wrong.xml:$line: '$name' is no keyword"
done
echo '<task' >"$work/wrong.xml"
run 2 classify "$work/in" -o "$work/x" --config "$work/wrong.xml"; one_line "$work/wrong.xml:"
run 2 classify "$work/in" -o "$work/x" --config "$work/absent.xml"; one_line "$work/absent.xml: "
cp -r "$work/data" "$work/other"
model=$work/other/models/mammography.safetensors
cp "$work/data/models/dermoscopy.safetensors" "$model"
MEDTL_DATA_DIR=$work/other run 2 classify "$work/in" -o "$work/x"; one_line "$model: " "the model reads 3 x"
head -c 100 "$work/data/models/mammography.safetensors" >"$model"
MEDTL_DATA_DIR=$work/other run 2 classify "$work/in" -o "$work/x"; one_line "$model: "
echo "no model" >"$model"
MEDTL_DATA_DIR=$work/other run 2 classify "$work/in" -o "$work/x"; one_line "$model: "
rm "$model"
MEDTL_DATA_DIR=$work/other run 2 classify "$work/in" -o "$work/x"; one_line "$model: " "No such file"
MEDTL_DATA_DIR=$work/other run 2 tasks;                            one_line "$model: "
MEDTL_DATA_DIR=$work/absent run 2 classify "$work/in" -o "$work/x"; one_line "$work/absent: " "MEDTL_DATA_DIR"
DCMDICTPATH=$work/absent.dic run 3 classify "$work/in" -o "$work/x"
one_line "data dictionary is not loaded"
DCMDICTPATH=$work/absent.dic run 3 tasks
one_line "data dictionary is not loaded"

# Places that cannot be written.
: >"$work/file"
run 3 classify "$work/in" -o "$work/file/reports";  one_line "$work/file/reports: "
run 3 classify "$work/in" -o "$work/x" --json "$work/absent/r.json"; one_line "$work/absent/r.json: "
run 3 classify "$work/in" -o "$work/x" --csv "$work";                one_line "$work: "
if [ -w /dev/full ]; then
    run 1 classify "$work/in" -o "$work/x" -q --json /dev/full
    one_line "/dev/full: " "No space left"
    [ -c /dev/full ] || complain "/dev/full was replaced"
    # Whatever prints says that nobody got it, once.
    full() { # EXIT_CODE COMMAND...
        local expected=$1 code=0
        shift
        "$dcm_medtl" "$@" >/dev/full 2>"$work/err" || code=$?
        [ "$code" = "$expected" ] || complain "exit $code, not $expected, where standard output is full: $*"
        grep -qE "^dcm-medtl: cannot write the output: (No space left on device|not all of it was taken)" "$work/err" || complain "$*: $(cat "$work/err")"
    }
    full 3 --version;                                  one_line "No space left on device"
    full 3 --help;                                     one_line
    full 3 wrap --help;                                one_line
    full 3 tasks;                                      one_line
    full 3 tasks --json;                               one_line
    full 3 classify "$work/in" -o "$work/x";           one_line
    full 3 classify "$work/in" -o "$work/x" --json -;  one_line
    full 3 inspect "$work/in/good";                    one_line
    full 3 show "$work"/x/*/*.dcm;                     one_line
    full 3 verify "$work"/x/*/*.dcm "$work/in";        one_line
    full 3 phantom -o "$work/phantom";                 one_line
    full 3 deidentify "$work/in" -o "$work/y"
    full 1 classify "$work/in" "$work/absent" -o "$work/x" # the worse code stays: 1 names what failed
fi
if [ "$(id -u)" != 0 ]; then
    mkdir "$work/locked" && chmod 555 "$work/locked"
    run 3 classify "$work/in" -o "$work/locked"; one_line "$work/locked: "
fi

# A full disk: the report's failure is named, no part of it remains, and the JSON elsewhere is complete.
mkdir "$work/small"
if mount -t tmpfs -o size=4k tmpfs "$work/small" 2>/dev/null; then
    cleanup() { umount "$work/small"; rm -rf "$work"; }
    run 1 classify "$work/in" -o "$work/small" --json "$work/r.json"
    one_line "no mammography report" "No space left"
    [ "$(find "$work/small" -type f | wc -l)" = 0 ] || complain "half-written: $(find "$work/small" -type f)"
    grep -q '"reports-failed": 1' "$work/r.json" || complain "the failed report is not in the JSON"
else
    echo "(no small file system can be mounted here: the full disk is not tried)"
fi
finish
