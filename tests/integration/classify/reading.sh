#!/bin/bash
# Isolation changes nothing but what a bad file can do; limits, filters and archives do what they say.
. "$(dirname "$0")/common.sh"

results() { sed -e 's/"location": ".*"//' "$1"; }

run 0 phantom -o "$work/phantom"
run 0 classify "$work/phantom" -o "$work/here" --json "$work/here.json"
run 0 classify "$work/phantom" -o "$work/there" --json "$work/there.json" --isolate --timeout 100
cmp -s <(results "$work/here.json") <(results "$work/there.json") || complain "isolation changes results"

# ---- what is outlined: the breasts, where the task looks for one (side="left"), else the lesions; and with isolation the same
for report in "$work"/here/*/*.dcm; do
    cmp -s "$report" "$work/there/${report#"$work/here/"}" || complain "isolation changes $report"
    run 0 show "$report"
    if grep -q 'Cancer suspected' "$work/out"; then outlined='the breast'; else outlined='the region that is darker than the skin around it'; fi
    [ "$(grep -cE 'Image [0-9].* %.*\. Outlined: ' "$work/out")" -ge 1 ] || complain "$report does not say what is outlined"
    [ "$(grep -c 'Outlined: ' "$work/out")" = "$(grep -c "Outlined: $outlined\." "$work/out")" ] || complain "$report outlines something else than $outlined"
done

# ---- filters
run 0 classify "$work/phantom" -o "$work/mg" --where Modality=MG --where 'laterality=L'
says "2 analysed, 8 not taken"
says "left out by the filter on (Modality|laterality)"
run 0 classify "$work/phantom" -o "$work/none" --where 'Rows>5000'
[ "$(count_reports "$work/none")" = 0 ] || complain "a filter let something through"
run 0 classify "$work/phantom" -o "$work/some" --where '!PresentationIntentType' --where 'sop-class~*Photo*'
says "4 analysed"
run 2 classify "$work/phantom" -o "$work/none" --where Nonsense=1
one_line "'Nonsense' is no keyword"
run 2 classify "$work/phantom" -o "$work/none" --where 'Rows?3'
# A name in lower case is a derived fact or nothing: no file would ever fit, and nobody would be told.
for name in modality frames kinds; do
    run 2 classify "$work/phantom" -o "$work/none" --where "$name=MG"
    grep -q "'$name' is no keyword" "$work/err" || complain "$name is not refused: $(cat "$work/err")"
done
run 2 classify "$work/phantom" -o "$work/none" -q --where modality=MG
grep -q "none of sop-class, view, view-modifier, laterality, intent, kind; 'Modality' is one" "$work/err" || complain "no hint: $(cat "$work/err")"
for name in sop-class view view-modifier laterality intent kind dBdt; do # the last is a keyword
    run 0 classify "$work/phantom" -o "$work/derived" --where "!$name"
done

# ---- limits
run 1 classify "$work/phantom" -o "$work/limited" --limit frame-pixels=700000
grep -q "is above the limit of 700000 pixels" "$work/err" || complain "the limit is not named"
run 2 classify "$work/phantom" -o "$work/limited" --limit nothing=3

# ---- an archive, where there is something to make one with
if command -v python3 >/dev/null; then
    python3 -m zipfile -c "$work/phantom.zip" "$work/phantom/DICOM"
    for how in "" --isolate; do
        run 0 classify "$work/phantom.zip" -o "$work/zip$how" $how
        says "9 analysed" # the raw image gives way to the one for presentation
        diff -r "$work/here" "$work/zip$how" >/dev/null || complain "reports from the archive differ"
    done
fi
finish
