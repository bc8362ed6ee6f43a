#!/bin/bash
# verify finds out whether a report is what its images give, and what differs where it is not.
. "$(dirname "$0")/common.sh"

answers() { # SUBJECT ANSWER [WORDS]: a line of the answer
    grep -qE "^$1 +$2 .*${3:-}" "$work/out" || complain "$1 should say '$2 ${3:-}': $(cat "$work/out" "$work/err")"
}

mkdir -p "$work/in" "$work/more" "$work/changed"
sed -i 's/profile="tid1500"/profile="tid1500 air cad text"/' "$work/data/tasks/10-mammography.xml"
"$raw" "$work/in/one" study=1.2.1 sop=1.2.1.1 seed=1
"$raw" "$work/in/two" study=1.2.1 sop=1.2.1.2 seed=2
"$raw" "$work/in/other" study=1.2.2 sop=1.2.2.1 seed=3
run 0 classify "$work/in" -o "$work/reports" -q

# Everything agrees, in every profile, though the folder holds another study and the reports themselves.
for report in "$work"/reports/1.2.1/*.dcm; do
    run 0 verify "$report" "$work/in" "$work/reports"
    [ ! -s "$work/err" ] || complain "$report: $(cat "$work/err")"
    for subject in model configuration images probabilities content; do answers $subject agrees; done
    answers images agrees '2$'
    case $("$dcm_medtl" show "$report" | sed -n 's/^  kind *//p') in
    ComprehensiveSRStorage) tid1500=$report ;;
    MammographyCADSRStorage) cad=$report ;;
    BasicTextSRStorage) text=$report ;;
    esac
done
run 0 verify "$tid1500" "$work/in" --json
grep -q '"agrees": true' "$work/out" || complain "JSON: $(cat "$work/out")"

# With objects that explain it: they are made again, and are no images that the report is on.
grep -q '<evidence' "$work/data/tasks/10-mammography.xml" && complain "the task asks for evidence already"
sed 's|</task>|<evidence objects="outline secondary-capture" when="always"/></task>|' "$work/data/tasks/10-mammography.xml" >"$work/shown.xml"
run 0 classify "$work/in/one" -o "$work/shown" -q --config "$work/shown.xml"
for report in "$work"/shown/1.2.1/*.dcm; do
    "$dcm_medtl" show "$report" 2>/dev/null | grep -q 'Illustration of ROI' || continue
    run 0 verify "$report" "$work/in/one" --config "$work/shown.xml"
    answers images agrees '1$'
    answers content agrees
    shown=$report
done
[ -n "${shown:-}" ] || complain "no report with an illustration"

# Other images.
run 1 verify "$tid1500" "$work/in/one"
answers images differs '1 of the report.s 2 missing: 1\.2\.1\.2$'
answers model agrees
answers configuration agrees
answers content not-compared
"$raw" "$work/more/three" study=1.2.1 sop=1.2.1.3 seed=4
run 1 verify "$tid1500" "$work/in" "$work/more"
answers images differs '1 that the report does not know: 1\.2\.1\.3$'
"$raw" "$work/changed/one" study=1.2.1 sop=1.2.1.1 seed=9
run 1 verify "$tid1500" "$work/changed" "$work/in/two"
answers images agrees
answers probabilities differs ' of 6: 1\.2\.1\.1, .*: report [0-9.]+, recomputed [0-9.]+$'
mkdir "$work/cut"
head -c -1000 "$work/in/one" >"$work/cut/one"
run 1 verify "$cad" "$work/cut" "$work/in/two"
answers images differs '1 of the report.s 2 give no result now: 1\.2\.1\.1$'
one_line "$work/cut/one: "
run 3 verify "$tid1500" "$work/in/other"
one_line "$tid1500: no image of its study"

# Another model: one of other weights, one of another name only; another configuration; none.
cp -r "$work/data" "$work/retrained"
model=$work/retrained/models/mammography.safetensors
printf '\x00\x00\x80\x40' | dd of="$model" bs=1 seek=$(($(stat -c %s "$model") - 4)) conv=notrunc 2>/dev/null
MEDTL_DATA_DIR=$work/retrained run 1 verify "$tid1500" "$work/in"
answers model differs "here: sha256 $(sha256sum "$model" | cut -d' ' -f1)"
answers configuration agrees
answers images agrees
answers probabilities differs
sed 's/threshold="0.5"/threshold="0.4"/' "$work/data/tasks/10-mammography.xml" >"$work/new.xml"
run 1 verify "$tid1500" "$work/in" --config "$work/new.xml"
answers model agrees
answers configuration differs
answers probabilities agrees
run 1 verify "$tid1500" "$work/in" --config "$work/data/tasks/20-dermoscopy.xml"
answers configuration differs 'not configured here'
answers probabilities not-compared
sed -i 's/ cad//' "$work/new.xml"
run 1 verify "$cad" "$work/in" --config "$work/new.xml"
answers probabilities not-compared

# A report that was changed: in the decimal, in the exact value, in a sentence, in a code.
if command -v dcmodify >/dev/null && command -v python3 >/dev/null; then
    # change REPORT TYPE ATTRIBUTE VALUE: in the first item of that type that has a percentage, or of that name
    change() {
        cp "$1" "$work/changed.dcm"
        path=$("$dcm_medtl" show "$1" --json | python3 -c '
import json, sys
def walk(i):
    yield i
    for c in i.get("content", []): yield from walk(c)
for i in walk(json.load(sys.stdin)["content"]):
    if i["type"] == sys.argv[1] and (i.get("unit", {}).get("value") == "%" or " %" in i.get("value", "") or i["name"]["meaning"] == "Finding"):
        print(".".join("(0040,a730)[%d]" % (int(n) - 1) for n in i["position"].split(".")[1:]))
        break' "$2")
        dcmodify -q -nb -m "$path.$3=$4" "$work/changed.dcm" || complain "cannot change $path.$3"
    }
    change "$tid1500" NUM "(0040,a300)[0].(0040,a30a)" 12.34
    run 1 verify "$work/changed.dcm" "$work/in"
    answers model agrees
    answers images agrees
    answers probabilities differs '1 of 6: 1\.2\.1\.[12], .*: report 12\.34, recomputed [0-9.]+$'
    run 1 verify "$work/changed.dcm" "$work/in" --json
    grep -q '"agrees": false' "$work/out" || complain "JSON: $(cat "$work/out")"
    change "$tid1500" NUM "(0040,a300)[0].(0040,a161)" 12.34
    run 1 verify "$work/changed.dcm" "$work/in"
    answers probabilities differs '1 of '
    change "$cad" NUM "(0040,a300)[0].(0040,a30a)" 12.34
    run 1 verify "$work/changed.dcm" "$work/in"
    answers probabilities differs '1 of 2: 1\.2\.1\.[12], '
    change "$text" TEXT "(0040,a160)" "Exam: 1.00 %"
    run 1 verify "$work/changed.dcm" "$work/in"
    answers probabilities differs
    change "$tid1500" CODE "(0040,a168)[0].(0008,0104)" "Nothing at all"
    run 1 verify "$work/changed.dcm" "$work/in"
    answers probabilities agrees
    answers content differs 'says something else'
fi

# Which version made it is the report's own word: what is not compared for it does not agree.
sed 's/software: medtl 0/software: medtl 9/' "$tid1500" >"$work/other-version.dcm"
run 1 verify "$work/other-version.dcm" "$work/in"
answers probabilities agrees
answers content not-compared 'the report is of another version of medtl$'
run 1 verify "$work/other-version.dcm" "$work/in" --json
grep -q '"agrees": false' "$work/out" || complain "JSON: $(cat "$work/out")"

# What cannot be verified at all.
run 3 verify "$work/in/one" "$work/in"; one_line "$work/in/one: is not a Structured Report"
head -c 1500 "$tid1500" >"$work/cut.dcm"
run 3 verify "$work/cut.dcm" "$work/in"; one_line "$work/cut.dcm: "
run 3 verify "$work/absent.dcm" "$work/in"; one_line "$work/absent.dcm: "
run 2 verify "$tid1500"
run 2 verify
run 2 verify "$tid1500" "$work/in" --config "$work/absent.xml"; one_line "$work/absent.xml: "
run 0 verify --help
says 'usage: dcm-medtl verify'
finish
