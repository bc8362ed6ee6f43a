#!/bin/bash
# Labels come out of reports as they were said: a person's before an algorithm's, contradictions named, groups whole.
# usage: labels.sh MEDTL DCM_MEDTL TINY_DATA SOURCE_DIR
set -uo pipefail
medtl=$1 dcm_medtl=$2 tiny_data=$3 source_dir=$4
work=$(mktemp -d)
failures=0
trap 'rm -rf "$work"' EXIT

/usr/bin/python3 -c 'import pydicom' 2>/dev/null || { echo "skipped: no pydicom to make a clinician's reports with"; exit 77; }
complain() { echo "FAILED: $*" >&2; failures=$((failures + 1)); }
use() { # NAME...: these of the reports that were made, and no others
    rm -f "$work"/clinic/*
    for name in "$@"; do cp "$work/made/$name.dcm" "$work/clinic/"; done
}
run() { # EXIT_CODE ARGUMENTS...
    local expected=$1 got=0
    shift
    "$medtl" "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" = "$expected" ] || complain "exit $got, not $expected: medtl $*: $(cat "$work/err" "$work/out")"
}
says() { grep -qE -- "$1" "$work/out" || complain "no '$1' in: $(cat "$work/out")"; }
label() { # TABLE FILE CLASS BY
    grep -qE "^$2,$3,[0-9]+,[0-4],$4," "$1" || complain "$2 should be $3 by $4: $(cat "$1")"
}
rows() { tail -n +2 "$1" | wc -l; }

"$tiny_data" "$source_dir/config/tasks" "$work/data" || exit 1
export MEDTL_DATA_DIR=$work/data
"$dcm_medtl" phantom -o "$work/in" >/dev/null || exit 1
breast=$work/in/DICOM/PA000001/ST000001 skin=$work/in/DICOM/PA000002/ST000001
one=$skin/SE000001/IM000001 two=$skin/SE000001/IM000002

mkdir -p "$work/clinic" "$work/made"
/usr/bin/python3 "$source_dir/tests/integration/labels/make_reports.py" <<LINES || complain "cannot make reports"
tid1500 $work/made/two.dcm 1.2.9.1 $one $two findings=nv,bcc
tid1500 $work/made/other.dcm 1.2.9.2 $one findings=mel
tid1500 $work/made/later.dcm 1.2.9.2 $one findings=mel replaces=1.2.9.1
tid1500 $work/made/denied.dcm 1.2.9.1 $one findings=mel absent=1
tid1500 $work/made/partial.dcm 1.2.9.2 $one findings=mel completion=PARTIAL
words $work/made/words.dcm 1.2.9.3 $two text=Melanoma
assessment $work/made/left.dcm 1.2.9.1 $(echo "$breast"/SE000001/IM00000?) category=4A side=left
assessment $work/made/exam.dcm 1.2.9.1 $(echo "$breast"/SE000001/IM00000?) category=1
cad $work/made/cad.dcm 1.2.9.1 $breast/SE000001/IM000001 $breast/SE000001/IM000002
tid1500 $work/made/three.dcm 1.2.9.1 $one $two $skin/SE000002/IM000001 findings=nv,bcc,nv
LINES

# A clinician's TID 1500 over two of five photographs; the others have no label.
use two
run 0 labels "$skin" "$work/clinic" -o "$work/a.csv" --left-out "$work/left.csv" --task dermoscopy
label "$work/a.csv" "$one" nv person
label "$work/a.csv" "$two" bcc person
[ "$(rows "$work/a.csv")" = 2 ] || complain "not two labels: $(cat "$work/a.csv")"
[ "$(rows "$work/left.csv")" = 3 ] || complain "not three left out: $(cat "$work/left.csv")"
[ "$(cut -d, -f3,4 "$work/a.csv" | tail -n +2 | sort -u | wc -l)" = 1 ] || complain "one patient, two groups or folds"
grep -qiE 'rita|phantom\^|DERM' "$work/a.csv" && complain "the table names somebody: $(cat "$work/a.csv")"

# medtl's own reports: not taken unasked; asked, a person's goes before, and that is said.
"$dcm_medtl" classify "$skin" -o "$work/reports" -q || complain "classify"
run 3 labels "$skin" "$work/reports" -o "$work/b.csv" --task dermoscopy
[ ! -e "$work/b.csv" ] || complain "a table without labels was written"
says '5 images left out: only an algorithm says'
run 0 labels "$skin" "$work/reports" "$work/clinic" -o "$work/b.csv" --task dermoscopy --algorithm-reports
label "$work/b.csv" "$one" nv person
[ "$(grep -c ,algorithm, "$work/b.csv")" = 3 ] || complain "not three by the algorithm: $(cat "$work/b.csv")"
grep -q 'warning: 3 labels are the word of an algorithm' "$work/err" || complain "no warning: $(cat "$work/err")"

# What contradicts is left out, unless one class is preferred or the later report takes the other's place.
use two other
run 0 labels "$skin" "$work/clinic" -o "$work/c.csv" --task dermoscopy
[ "$(rows "$work/c.csv")" = 1 ] || complain "a contradiction was decided: $(cat "$work/c.csv")"
says '1 images left out: reports say several classes'
run 0 labels "$skin" "$work/clinic" -o "$work/c.csv" --task dermoscopy --prefer mel,bcc
label "$work/c.csv" "$one" mel person
run 2 labels "$skin" "$work/clinic" -o "$work/c.csv" --task dermoscopy --prefer melanoma
use two later
run 0 labels "$skin" "$work/clinic" -o "$work/c.csv" --task dermoscopy
label "$work/c.csv" "$one" mel person
says 'another report took its place'

# What is denied, or not complete, is no label; words are, where a row says so.
use denied partial words
run 3 labels "$skin" "$work/clinic" -o "$work/d.csv" --task dermoscopy
says 'is not complete'
printf 'value,scheme,class\nmelanoma,TEXT,mel\n' >"$work/words.csv"
run 0 labels "$skin" "$work/clinic" -o "$work/d.csv" --task dermoscopy --label-codes "$work/words.csv"
label "$work/d.csv" "$two" mel person
[ "$(rows "$work/d.csv")" = 1 ] || complain "what was denied became a label"

# An assessment of an exam is of all its images, or of those of its side; 4A counts as 4.
printf 'value,scheme,class\n1,BI-RADS,no-cancer\n4,BI-RADS,cancer\n' >"$work/bi-rads.csv"
use left
run 0 labels "$breast" "$work/clinic" -o "$work/e.csv" --task mammography --label-codes "$work/bi-rads.csv"
[ "$(grep -c ,cancer, "$work/e.csv")" = 2 ] || complain "not the two left views: $(cat "$work/e.csv")"
use exam
run 0 labels "$breast" "$work/clinic" -o "$work/e.csv" --task mammography --label-codes "$work/bi-rads.csv"
[ "$(grep -c ,no-cancer, "$work/e.csv")" = 4 ] || complain "not the four views: $(cat "$work/e.csv")"
run 3 labels "$breast" "$work/clinic" -o "$work/f.csv" --task mammography
says '1 findings are no class: 1 - Negative \(397140005, SCT\)'

# A CAD report refers to its images by position, and is an algorithm's.
use cad
printf 'value,scheme,class\n129788004,SCT,cancer\n' >"$work/mass.csv"
run 0 labels "$breast" "$work/clinic" -o "$work/g.csv" --task mammography --label-codes "$work/mass.csv" --algorithm-reports
label "$work/g.csv" "$breast/SE000001/IM000002" cancer algorithm
[ "$(rows "$work/g.csv")" = 1 ] || complain "CAD: $(cat "$work/g.csv")"

# Damage is named; copies and images in archives are no second labels.
head -c 900 "$work/clinic/cad.dcm" >"$work/clinic/cut.dcm"
cp "$breast/SE000001/IM000002" "$work/clinic/copy.dcm"
run 1 labels "$breast" "$work/clinic" -o "$work/g.csv" --task mammography --label-codes "$work/mass.csv" --algorithm-reports
grep -q "not used: $work/clinic/cut.dcm" "$work/err" || complain "damage is not named: $(cat "$work/err")"
[ "$(rows "$work/g.csv")" = 1 ] || complain "a copy became a label: $(cat "$work/g.csv")"

# Real reports: read where they are.
golden=${MEDTL_TEST_GOLDEN:-$source_dir/../shared/golden}
if [ -d "$golden" ]; then
    run 0 labels "$golden" -o "$work/h.csv" --task dermoscopy --algorithm-reports
    grep -q '/xc.dcm,mel,' "$work/h.csv" || complain "$(cat "$work/h.csv")"
    run 0 labels "$golden" -o "$work/h.csv" --task mammography --algorithm-reports --label-codes "$work/bi-rads.csv"
    [ "$(grep -c ',cancer,' "$work/h.csv")" = 4 ] || complain "$(cat "$work/h.csv")"
else
    echo "no sample reports in $golden: left out"
fi

# Training on them: the table lies in the run folder, and resuming finds it the same.
use three
mkdir "$work/set" && cp -r "$skin" "$work/clinic" "$work/set"
train() { run "$1" finetune --labels-from-sr "$work/set" --task dermoscopy --architecture hybrid2 --width 2 --epochs 1 \
    --batch 2 --allow-empty-classes --leaks ignore --threads 1 -o "$work/run" "${@:2}"; }
train 0
[ "$(rows "$work/run/labels.csv")" = 3 ] || complain "run folder: $(ls "$work/run")"
[ -s "$work/run/model.safetensors" ] || complain "no model: $(ls "$work/run")"
train 0 --resume
cp "$work/run/labels.csv" "$work/kept.csv"
use two
rm "$work/set/clinic/"* && cp "$work"/clinic/* "$work/set/clinic"
train 2 --resume
cmp -s "$work/run/labels.csv" "$work/kept.csv" || complain "a refused run replaced the table of the model"
train 0 --find-lr --find-steps 10
cmp -s "$work/run/labels.csv" "$work/kept.csv" || complain "--find-lr replaced the table of the model"
train 0 --force
[ "$(rows "$work/run/labels.csv")" = 2 ] || complain "the new model's table: $(cat "$work/run/labels.csv")"
ls "$work/run" | grep new && complain "drafts are left: $(ls "$work/run")"
run 0 inspect "$work/run/model.safetensors"
says '"table": "labels.csv"'
train 2 --data "$work/a.csv"
run 2 labels "$skin"
run 2 labels "$skin" -o "$work/x.csv"
run 0 labels --help
[ "$failures" = 0 ] || exit 1
