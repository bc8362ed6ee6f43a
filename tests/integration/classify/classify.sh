#!/bin/bash
# The main walk: a folder of studies in, reports, table, JSON and CSV out; resuming; threads; one study folder
# for each study, nothing else.
. "$(dirname "$0")/common.sh"

mkdir -p "$work/in/deep/er"
"$raw" "$work/in/one" study=1.2.1 sop=1.2.1.1 seed=1
"$raw" "$work/in/deep/two.dcm" study=1.2.1 sop=1.2.1.2 seed=2
"$raw" "$work/in/deep/er/IM000003" study=1.2.2 sop=1.2.2.1 samples=3 modality=DMS sop-class=1.2.840.10008.5.1.4.1.1.77.1.7
"$raw" "$work/in/ct" study=1.2.3 sop=1.2.3.1 modality=CT sop-class=1.2.840.10008.5.1.4.1.1.2
echo "a text" >"$work/in/read me,\"first\".txt"

run 0 classify "$work/in" -o "$work/reports" --json "$work/r.json" --csv "$work/r.csv"
[ ! -s "$work/err" ] || complain "a clean run writes to stderr: $(cat "$work/err")"
[ "$(count_reports "$work/reports")" = 2 ] || complain "not 2 reports"
[ "$(ls "$work/reports")" = $'1.2.1\n1.2.2' ] || complain "folders: $(ls "$work/reports")"
[ "$(find "$work/reports" -type f ! -name '*.dcm' | wc -l)" = 0 ] || complain "something else lies there"
says '^Study 1\.2\.1, mammography: report .*/1\.2\.1/2\.25\.[0-9]+\.dcm$'
says '^5 files: 3 analysed, 1 not taken, 1 ignored\. 2 reports written to '
says 'not-taken +.*/ct: mammography: .*; dermoscopy: '

# Each report is a Structured Report in its study, under its own UID.
for report in "$work"/reports/*/*.dcm; do
    if command -v dcmdump >/dev/null; then
        dump=$(dcmdump "$report")
        grep -q '(0020,000d) UI \['"$(basename "$(dirname "$report")")"'\]' <<<"$dump" || complain "$report: another study"
        grep -q '(0008,0018) UI \['"$(basename "$report" .dcm)"'\]' <<<"$dump" || complain "$report: another UID"
        grep -q '(0008,0060) CS \[SR\]' <<<"$dump" || complain "$report: no SR"
    fi
done

# JSON and CSV name every file once.
[ "$(grep -c '"path":' "$work/r.json")" = 5 ] || complain "JSON: $(grep -c '"path":' "$work/r.json") objects"
[ "$(wc -l <"$work/r.csv")" = 6 ] || complain "CSV: $(wc -l <"$work/r.csv") lines"
head -1 "$work/r.csv" | grep -q ',mammography.no-cancer,mammography.cancer,dermoscopy.akiec,' || complain "CSV: $(head -1 "$work/r.csv")"
grep -q 'read me,""first"".txt",ignored,' "$work/r.csv" || complain "CSV quotes: $(tail -1 "$work/r.csv")"
if command -v python3 >/dev/null; then
    python3 - "$work/r.json" "$work/r.csv" <<'PY' || complain "JSON or CSV is not what others read"
import csv, json, sys
results = json.load(open(sys.argv[1]))
rows = list(csv.DictReader(open(sys.argv[2])))
assert [o["path"] for o in results["objects"]] == [r["file"] for r in rows]
for o, r in zip(results["objects"], rows):
    assert o["outcome"] == r["outcome"]
    for label, p in o.get("probabilities", {}).items():
        assert abs(p - float(r[o["task"] + "." + label])) < 1e-6
    if o["outcome"] == "analysed":
        assert abs(sum(o["probabilities"].values()) - 1) < 1e-6 and o["finding"] == r["finding"]
PY
fi

# A second run replaces and does not pile up; resuming does nothing; a new image makes the study new.
run 0 classify "$work/in" -o "$work/reports" -q
[ "$(count_reports "$work/reports")" = 2 ] || complain "a second run piles up"
[ ! -s "$work/out" ] || complain "quiet is not: $(cat "$work/out")"
before=$(stat -c %y "$work"/reports/*/*.dcm)
run 0 classify "$work/in" -o "$work/reports" --resume
says '0 analysed, 3 reported already'
[ "$before" = "$(stat -c %y "$work"/reports/*/*.dcm)" ] || complain "resuming touched a report"
"$raw" "$work/in/new" study=1.2.1 sop=1.2.1.9 seed=3
run 0 classify "$work/in" -o "$work/reports" --resume
says '3 analysed, 1 reported already'
[ "$(count_reports "$work/reports")" = 3 ] || complain "no new report of the grown study"

# Reports among the input are left alone; a report folder inside the input does not feed itself.
run 0 classify "$work/in" "$work/reports" -o "$work/again" --json -
[ "$(grep -c '"reason": "a report that medtl wrote"' "$work/out")" = 3 ] || complain "own reports: $(grep -c 'medtl wrote' "$work/out")"

# Threads change nothing but time.
run 0 classify "$work/in" -o "$work/t1" --threads 1 --csv "$work/t1.csv"
run 0 classify "$work/in" -o "$work/t3" --threads 3 --csv "$work/t3.csv"
cmp -s "$work/t1.csv" "$work/t3.csv" || complain "threads change results"
diff <(cd "$work/t1" && find . | sort) <(cd "$work/t3" && find . | sort) >/dev/null || complain "threads change reports"

# Stopped half-way: what is complete is there, what is not was not begun, and the JSON tells which is which.
mkdir "$work/many"
for i in $(seq 80); do
    "$raw" "$work/many/$i" study=1.7.$i sop=1.7.$i.1 seed="$i"
done
"$dcm_medtl" classify "$work/many" -o "$work/stopped" --threads 1 --json "$work/stopped.json" >/dev/null 2>"$work/err" &
pid=$!
while [ "$(count_reports "$work/stopped")" = 0 ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
kill -TERM $pid 2>/dev/null
wait $pid
code=$?
reports=$(count_reports "$work/stopped")
if [ "$reports" -lt 80 ]; then
    [ $code = 1 ] || complain "stopped: exit $code"
    one_line "the run was stopped"
fi
[ "$(grep -c '"outcome": "analysed"' "$work/stopped.json")" = "$reports" ] || complain "stopped: $reports reports"
[ "$(grep -c '"path":' "$work/stopped.json")" = 80 ] || complain "stopped: not every file in the JSON"
[ "$(find "$work/stopped" -type f ! -name '*.dcm' | wc -l)" = 0 ] || complain "stopped: something half-written remains"

# The report of another configuration names the one whose place it takes; a rerun of the first gives its bytes again.
if command -v dcmdump >/dev/null; then
    "$raw" "$work/alone" study=1.2.9 sop=1.2.9.1
    sed 's/threshold="0.5"/threshold="0.4"/' "$work/data/tasks/10-mammography.xml" >"$work/new.xml"
    run 0 classify "$work/alone" -o "$work/line"
    first=$(echo "$work"/line/1.2.9/*.dcm)
    sum=$(sha256sum <"$first")
    run 0 classify "$work/alone" -o "$work/line" --config "$work/new.xml"
    for report in "$work"/line/1.2.9/*.dcm; do
        [ "$report" = "$first" ] || second=$report
    done
    grep -q "$(basename "$first" .dcm)" <<<"$(dcmdump +P PredecessorDocumentsSequence "$second")" || complain "no predecessor named"
    run 0 classify "$work/alone" -o "$work/line"
    [ "$sum" = "$(sha256sum <"$first")" ] || complain "a rerun gives other bytes"
fi

# Several profiles: a line for each, the images once.
sed 's/profile="tid1500"/profile="tid1500 air cad text"/' "$work/data/tasks/10-mammography.xml" >"$work/four.xml"
run 0 classify "$work/in/one" -o "$work/four" --config "$work/four.xml"
[ "$(count_reports "$work/four")" = 4 ] || complain "not four reports"
says '^Study 1\.2\.1, mammography as cad: report '
[ "$(grep -c "$work/in/one" "$work/out")" = 1 ] || complain "images more than once in the table"

# A task of one's own.
sed 's/name="mammography"/name="ct"/; s/<one-of attribute="SOPClassUID">/<one-of attribute="Modality"><value>CT<\/value><\/one-of><one-of attribute="SOPClassUID">/' \
    "$work/data/tasks/10-mammography.xml" >"$work/own.xml"
run 0 classify "$work/in/ct" -o "$work/own" --config "$work/own.xml"
says 'Study 1.2.3, ct: report'
finish
