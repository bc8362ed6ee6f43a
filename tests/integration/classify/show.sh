#!/bin/bash
# show prints what a report says, whoever wrote it: as text, JSON and HTML; whatever the bytes are, it ends with an
# answer. What must be there comes from the classification's own JSON, from dsrdump, and from the dump below.
. "$(dirname "$0")/common.sh"

mkdir -p "$work/in"
sed -i 's/profile="tid1500"/profile="tid1500 air cad text"/' "$work/data/tasks/10-mammography.xml"
"$raw" "$work/in/one" study=1.2.1 sop=1.2.1.1 seed=1
"$raw" "$work/in/two" study=1.2.1 sop=1.2.1.2 seed=2
run 0 classify "$work/in" -o "$work/reports" -q --json "$work/r.json"

# As many content items as dsrdump finds, in every profile. It numbers them on request.
for report in "$work"/reports/1.2.1/*.dcm; do
    run 0 show "$report" --json
    if command -v dsrdump >/dev/null; then
        items=$(dsrdump +Pn "$report" 2>/dev/null | grep -cE '^ *[0-9.]+ *<')
        [ "$(grep -c '"position":' "$work/out")" = "$items" ] || complain "$report: $(grep -c '"position":' "$work/out") items, dsrdump $items"
    fi
    cp "$work/out" "$report.json"
    run 0 show "$report"
    says 'UNVERIFIED'
    grep -qE 'Phantom|PHANTOM|Doe' "$work/out" && complain "$report: the patient is named"
done

# The probabilities of the classification, under the image that they are of.
if command -v python3 >/dev/null; then
    python3 - "$work/r.json" "$work"/reports/1.2.1/*.dcm.json <<'PY' || complain "show and classify differ"
import json, sys
of = {o["sop_instance_uid"]: sorted(o["probabilities"].values()) for o in json.load(open(sys.argv[1]))["objects"]}
def under(item, key):
    return [v for c in item.get("content", []) for v in ([c[key]] if key in c else []) + under(c, key)]
def groups(item):
    if item["name"]["value"] == "125007": yield item          # Measurement Group (PS3.16, DCM)
    for child in item.get("content", []): yield from groups(child)
seen = 0
for path in sys.argv[2:]:
    report = json.load(open(path))
    for group in groups(report["content"]) if report["sop_class"].startswith("Comprehensive") else []:
        exact = sorted(c["exact"] / 100 for c in group["content"] if c["type"] == "NUM")
        expected = of[under(group, "sop_instance_uid")[0]]
        assert all(abs(a - b) < 1e-6 for a, b in zip(exact, expected)) and len(exact) == len(expected), (exact, expected)
        seen += 1
assert seen == 4, seen
PY
fi

# Another maker's report: Latin-1, values of many kinds, markup and terminal codes in its text.
if command -v dump2dcm >/dev/null; then
    name() { echo "(0040,a043) SQ\n(fffe,e000) -\n(0008,0100) SH $1\n(0008,0102) SH DCM\n(0008,0104) LO $2\n(fffe,e00d) -\n(fffe,e0dd) -"; }
    item() { echo "(fffe,e000) -\n(0040,a010) CS CONTAINS\n(0040,a040) CS $1\n$(name 1 "$2")\n$3\n(fffe,e00d) -\n"; }
    printf '%b' "(0008,0005) CS [ISO_IR 100]\n(0008,0016) UI 1.2.840.10008.5.1.4.1.1.88.33\n(0008,0018) UI 1.2.9\n(0020,000d) UI 1.2\n" \
        "(0010,0010) PN Secret^Name\n(0040,a040) CS CONTAINER\n$(name 2 'Bericht')\n(0040,a491) CS PARTIAL\n(0040,a730) SQ\n" \
        "$(item TEXT 'Gr\xf6\xdfe' '(0040,a160) UT [<script>alert(\x271\x27)</script> & \x22x\x22 \x1b]0;gotcha]')" \
        "$(item PNAME Reader '(0040,a123) PN Reader^One')$(item DATETIME When '(0040,a120) DT 20200102')" \
        "$(item SCOORD Spot '(0070,0022) FL 1.5\\2.5\n(0070,0023) CS POINT')" \
        "$(item NUM Unmeasured '')$(item NONSENSE Odd '')(fffe,e0dd) -\n" >"$work/foreign.dump"
    dump2dcm +te "$work/foreign.dump" "$work/foreign.dcm" 2>"$work/err" || complain "no foreign report: $(cat "$work/err")"
    run 0 show "$work/foreign.dcm"
    says "^Größe: <script>alert\('1'\)</script> & \"x\" \]0;gotcha$"
    says '^Reader: Reader\^One$'
    says '^When: 20200102$'
    says '^Spot: POINT of 1 point \(1\.5, 2\.5\)$'
    says '^Unmeasured$'
    says '^Odd$'
    grep -q Secret "$work/out" && complain "the patient is named"
    run 0 show "$work/foreign.dcm" --html -o "$work/page.html"
    [ ! -s "$work/out" ] || complain "-o writes to standard output too"
    grep -qF "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot; ]0;gotcha" "$work/page.html" || complain "the page is not escaped"
    grep -qi '<script' "$work/page.html" && complain "a script in the page"
    grep -qiE '(src|href)=|url\(' "$work/page.html" && complain "the page refers outwards"
    [ "$(grep -o '<ul>' "$work/page.html" | wc -l)" = "$(grep -o '</ul>' "$work/page.html" | wc -l)" ] || complain "lists are not closed"
    run 3 verify "$work/foreign.dcm" "$work/in"
    one_line "$work/foreign.dcm: is not a report that medtl wrote"
fi

# What is no report, or a part of one: one line with file and reason.
run 1 show "$work/in/one";     one_line "$work/in/one: is not a Structured Report"
run 1 show "$work/absent";     one_line "$work/absent: "
echo text >"$work/text"
run 1 show "$work/text";       one_line "$work/text: not a DICOM file"
report=$(ls "$work"/reports/1.2.1/*.dcm | head -1)
size=$(stat -c %s "$report")
for part in 1 3 8 21 55 89 99; do
    head -c $((size * part / 100)) "$report" >"$work/cut.dcm"
    run 1 show "$work/cut.dcm"; one_line "$work/cut.dcm: "
done
for seed in $(seq 12); do # bytes that are no bytes of a report: any answer, but an answer
    cp "$report" "$work/odd.dcm"
    at=$((seed * 7919 % size))
    printf '\xff\xff\xff\x7f' | dd of="$work/odd.dcm" bs=1 seek=$at conv=notrunc 2>/dev/null
    "$dcm_medtl" show "$work/odd.dcm" --json >"$work/out" 2>"$work/err"
    code=$?
    [ $code = 0 ] || [ $code = 1 ] || complain "exit $code with four odd bytes at $at"
    [ $code = 0 ] || one_line "$work/odd.dcm: "
done

run 2 show
run 2 show "$report" "$report"
run 2 show "$report" --json --html
run 3 show "$report" -o "$work/absent/page.html"; one_line "$work/absent/page.html: "
run 0 show --help
says 'usage: dcm-medtl show'
finish
