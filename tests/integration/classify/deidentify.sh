#!/bin/bash
# deidentify leaves nothing of the patient in images and reports, and leaves them whole and valid.
. "$(dirname "$0")/common.sh"

"$dcm_medtl" phantom -o "$work/in" >/dev/null || exit 1
run 0 classify "$work/in" -o "$work/reports" -q --csv "$work/a.csv"
objects=$(($(find "$work/in" -type f ! -name README.TXT | wc -l) + $(count_reports "$work/reports")))

# A key is made, for its owner alone; with it a rerun gives the same bytes, without it others.
run 0 deidentify "$work/in" "$work/reports" -o "$work/once" --key "$work/key" --json "$work/list.json"
says "^$objects objects written"
[ "$(stat -c '%a %s' "$work/key")" = "600 32" ] || complain "key: $(stat -c '%a %s' "$work/key")"
run 0 deidentify "$work/in" "$work/reports" -o "$work/again" --key "$work/key" -q
diff -r "$work/once" "$work/again" >/dev/null || complain "a rerun with the same key differs"
run 0 deidentify "$work/in" "$work/reports" -o "$work/other" -q
[ "$(ls "$work/once")" != "$(ls "$work/other")" ] || complain "another key gives the same UIDs"
[ "$(count_reports "$work/once")" = "$objects" ] || complain "not $objects files"

# No value that identifies is anywhere in the bytes, nor in the names of files.
if command -v dcmdump >/dev/null; then
    find "$work/in" "$work/reports" -type f ! -name README.TXT -exec dcmdump -q +L {} \; 2>/dev/null |
        sed -nE 's/^ *\((0010,0010|0010,0020|0010,0030|0008,0050|0008,0080|0008,0020|0008,0022|0008,002a|0008,0018|0020,000d|0020,000e|0020,0052|0008,1155|0040,a124)\) .. \[([^]]{5,})\].*/\2/p' |
        sed 's/ *$//' | sort -u >"$work/values"
    [ "$(wc -l <"$work/values")" -gt 30 ] || complain "only $(wc -l <"$work/values") values to look for"
    grep -rlaFf "$work/values" "$work/once" >"$work/found" && complain "found in: $(cat "$work/found")"
    find "$work/once" | grep -qFf "$work/values" && complain "found in names"
fi

# Reports refer to the images of the same folder.
for report in $(grep -rlaE 'ComprehensiveSR|1\.2\.840\.10008\.5\.1\.4\.1\.1\.88\.33' "$work/once"); do
    for uid in $("$dcm_medtl" show "$report" --json | grep -oE '"sop_instance_uid": "[0-9.]+"' | grep -oE '[0-9.]{9,}' | sort -u); do
        [ -n "$(find "$work/once" -name "$uid.dcm")" ] || complain "$report refers to $uid, which is not there"
    done
done

# What was valid is valid; and what was analysed is analysed with the same result.
if command -v dciodvfy >/dev/null; then
    find "$work/once" -name '*.dcm' | while read -r file; do
        dciodvfy -new "$file" 2>&1 | grep '^Error' | sed "s|^|$file: |"
    done >"$work/errors"
    [ ! -s "$work/errors" ] || complain "dciodvfy: $(head -3 "$work/errors")"
fi
run 0 classify "$work/once" -o "$work/y" -q --csv "$work/b.csv"
for csv in a b; do grep -oE '0\.[0-9]{6,}' "$work/$csv.csv" | sort >"$work/$csv.numbers"; done
[ -s "$work/a.numbers" ] || complain "no probabilities: $(head -2 "$work/a.csv")"
diff -q "$work/a.numbers" "$work/b.numbers" >/dev/null || complain "other probabilities"

# Refused and damaged files are named; the others are written.
"$raw" "$work/mixed/good" 2>/dev/null || { mkdir -p "$work/mixed" && "$raw" "$work/mixed/good" study=1.2.1 sop=1.2.1.1 seed=1; }
head -c 700 "$work/mixed/good" >"$work/mixed/cut"
echo text >"$work/mixed/note.txt"
if command -v dcmodify >/dev/null; then
    cp "$work/mixed/good" "$work/mixed/burned"
    dcmodify -q -nb -i '(0028,0301)=YES' -m '(0008,0018)=1.2.1.2' "$work/mixed/burned"
    run 1 deidentify "$work/mixed" -o "$work/some" --json -
    grep -q "$work/mixed/burned: .*burned into its pixels" "$work/err" || complain "$(cat "$work/err")"
    says '"outcome": "refused"'
    run 1 deidentify "$work/mixed" -o "$work/all" --allow-burned-in
    says '1 say that names may be burned'
fi
run 1 deidentify "$work/mixed" -o "$work/some" -q
grep -q "$work/mixed/cut: " "$work/err" || complain "the damaged file is not named: $(cat "$work/err")"
[ -z "$(find "$work" -name '*.tmp*')" ] || complain "temporary files are left"

# The same object twice is one; another image under the same SOP Instance UID is named and does not take its place.
mkdir "$work/same"
cp "$work/mixed/good" "$work/same/a"
cp "$work/mixed/good" "$work/same/b"
run 0 deidentify "$work/same" -o "$work/same-out"
says '^1 objects written .*; 1 doubles'
"$raw" "$work/same/c" study=1.2.1 sop=1.2.1.1 seed=2
run 1 deidentify "$work/same" -o "$work/clash" -q --key "$work/key" --json "$work/clash.json"
one_line "$work/same/c: not written: " "same SOP Instance UID" "$work/same/a"
[ "$(count_reports "$work/clash")" = 1 ] || complain "not the first image alone"
[ "$(grep -cE '"outcome": "(written|double|failed)"' "$work/clash.json")" = 3 ] || complain "outcomes: $(cat "$work/clash.json")"
run 0 deidentify "$work/mixed/good" -o "$work/first" -q --key "$work/key"
diff -r "$work/first" "$work/clash" >/dev/null || complain "not the first image"

# classify --deidentify: the reports are those that deidentify makes of the reports, and --resume finds them.
run 0 classify "$work/in" -o "$work/clean" --deidentify --key "$work/key" -q
for report in $(cd "$work/clean" && find . -name '*.dcm'); do
    cmp -s "$work/clean/$report" "$work/once/$report" || complain "$report is not what deidentify makes of the report"
done
[ "$(count_reports "$work/clean")" = "$(count_reports "$work/reports")" ] || complain "not as many reports"
run 0 classify "$work/in" -o "$work/clean" --deidentify --key "$work/key" --resume
says 'already'

# What explains a result shows the pixels of its image: refused where these may name somebody, and counted where that is not
# said. The report comes without it, and verifies.
if command -v dcmodify >/dev/null; then
    sed 's|</task>|<evidence objects="outline secondary-capture segmentation" when="always"/></task>|' \
        "$work/data/tasks/10-mammography.xml" >"$work/shown.xml"
    mkdir "$work/shown"
    for i in 1 2 3; do "$raw" "$work/shown/$i" study=1.2.3 sop=1.2.3.$i seed=$i; done
    dcmodify -nb -i '(0028,0301)=YES' "$work/shown/1"
    dcmodify -nb -i '(0028,0301)=NO' -i '(0028,0302)=YES' "$work/shown/2"
    pictures() { grep -rlaF 1.2.840.10008.5.1.4.1.1.7 "$1" | wc -l; } # the report names their SOP class, too

    run 1 classify "$work/shown" -o "$work/refused" --config "$work/shown.xml" --deidentify --key "$work/key"
    one_line "$work/shown/1: " "names may be burned into its pixels" "is not written"
    says '^1 of the objects that explain results do not say whether names'
    says '^1 of the objects that explain results say that they show features'
    [ "$(pictures "$work/refused")" = 3 ] || complain "$(pictures "$work/refused") files name a picture, not two and the report"
    run 1 classify "$work/shown" -o "$work/quiet" --config "$work/shown.xml" --deidentify -q
    one_line "$work/shown/1: "
    run 0 classify "$work/shown" -o "$work/allowed" --config "$work/shown.xml" --deidentify --key "$work/key" --allow-burned-in --csv -
    grep -q '^1 of the objects that explain results say that names may be burned' "$work/err" || complain "$(cat "$work/err")"
    [ "$(pictures "$work/allowed")" = 4 ] || complain "$(pictures "$work/allowed") files name a picture, not three and the report"
    for folder in refused allowed; do
        report=$(grep -rlaF 1.2.840.10008.5.1.4.1.1.88 "$work/$folder")
        options=$([ $folder = refused ] || echo --allow-burned-in)
        run 0 verify "$report" "$work/shown" --config "$work/shown.xml" --key "$work/key" $options
        says '^content *agrees'
    done
    run 2 classify "$work/shown" -o "$work/x" --allow-burned-in

    # What classify wrote without --deidentify is refused alike.
    run 0 classify "$work/shown" -o "$work/named" --config "$work/shown.xml" -q
    run 1 deidentify "$work/named" -o "$work/x"
    says ' 1 refused'
fi

# Whoever has the key can verify them, with the images as they were; nobody else.
head -c 32 /dev/zero >"$work/other-key"
for options in "" "--shift-dates"; do
    run 0 classify "$work/in" -o "$work/verify$options" --deidentify --key "$work/key" $options -q
    while read -r report; do
        run 0 verify "$report" "$work/in" --key "$work/key" $options
        says '^content *agrees'
        run 3 verify "$report" "$work/in"
        run 3 verify "$report" "$work/in" --key "$work/other-key"
        one_line 'by this key'
        run 3 verify "$report" "$work/in" --key "$work/absent"
        one_line "$work/absent"
    done < <(find "$work/verify$options" -name '*.dcm')
    [ ! -e "$work/absent" ] || complain "verify made a key"
done
run 2 classify "$work/in" -o "$work/x" --deidentify --resume
run 2 classify "$work/in" -o "$work/x" --shift-dates

# A limit that is raised holds for the search, too, and one that is lowered for both.
if command -v dcmodify >/dev/null; then
    mkdir "$work/deep"
    cp "$work/mixed/good" "$work/deep/a"
    dcmodify -nb -i "$(printf '(0040,a730)[0].%.0s' {1..40})(0008,0104)=deep" "$work/deep/a"
    run 1 deidentify "$work/deep" -o "$work/limited" -q; one_line "$work/deep/a: " "deeper than the limit of 32"
    run 0 deidentify "$work/deep" -o "$work/limited" --limit depth=64
    says '^1 objects written'
    run 1 deidentify "$work/deep" -o "$work/limited" -q --limit depth=20; one_line "deeper than the limit of 20"
fi

# Stopped at any moment, in the search too: what it says is written is there, and nothing else is.
mkdir "$work/many"
for block in $(seq 6); do (cd "$work/many" && tee $(seq -f "$block-%g" 500) <"$work/mixed/good" >/dev/null); done
for delay in 0.02 0.05 0.1 0.2; do
    rm -rf "$work/stopped"
    "$dcm_medtl" deidentify "$work/many" -o "$work/stopped" --json "$work/stopped.json" >"$work/out" 2>"$work/err" &
    sleep "$delay"
    kill -INT $! 2>/dev/null
    wait $! && continue # it was faster
    there=$(count_reports "$work/stopped")
    says "^$there objects written"
    [ "$(grep -c '"outcome": "written"' "$work/stopped.json")" = "$there" ] || complain "the list names others than the $there written"
done

# Command lines.
run 2 deidentify "$work/in"
run 2 deidentify -o "$work/x"
echo short >"$work/short"
run 2 deidentify "$work/in" -o "$work/x" --key "$work/short"; one_line "$work/short: a key of 6 bytes"
run 3 deidentify "$work/in" -o "$work/x" --key "$work/absent/key"
run 0 deidentify --help
says 'usage: dcm-medtl deidentify'
finish
