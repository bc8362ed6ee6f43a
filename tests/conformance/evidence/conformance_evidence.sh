#!/bin/bash
# usage: conformance_evidence.sh MAKE_EVIDENCE FOLDER
# Makes evidence objects for each kind of image and character set and has them judged:
#   dciodvfy   modules, attribute types, value representations   (dicom3tools)
#   pydicom    an unrelated parser: names decode, references hold, the pixels show what was hot   (python3-pydicom)
# One object is spoilt on purpose: a judge that accepts everything is worth nothing.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
make=$1 folder=$2

for tool in dciodvfy dcmodify; do
    command -v "$tool" >/dev/null || { echo "skipped: not installed: $tool"; exit 77; }
done
/usr/bin/python3 -c 'import pydicom, numpy' 2>/dev/null || { echo "skipped: not installed: python3-pydicom"; exit 77; }
rm -rf "$folder"
mkdir -p "$folder/spoilt"
trap 'rm -rf "$folder"' EXIT
"$make" "$folder" || exit 1

# dciodvfy's exit status is no verdict: it says so in lines on stderr, after the name of the IOD.
faults() {
    local said
    said=$(dciodvfy -new "$1" 2>&1)
    grep -qE '^(SCImage|Segmentation)$' <<<"$said" || echo "$1: dciodvfy knows no IOD for this"
    # Two warnings say what is so (docs/REPORTS.md, "Checked by"): a study without date, time and number has objects without
    # them, which no DICOMDIR could list; and the side of a lesion is not known, while leaving Laterality out is an error.
    grep -E '^(Error|Warning)' <<<"$said" | grep -v 'would be needed to build DICOMDIR' |
        grep -v 'Laterality.* is only permitted to be empty when actually unknown' | sed "s|^|$1: |"
}

failed=0 count=0
for file in "$folder"/*.dcm; do
    found=$(faults "$file")
    [ -z "$found" ] || { echo "$found"; failed=1; }
    count=$((count + 1))
done
[ "$count" = 30 ] || { echo "$count objects instead of 30"; failed=1; }
cp "$folder/dermoscopy-seg-utf8.dcm" "$folder/spoilt/seg.dcm"
dcmodify -nb -e SegmentationType "$folder/spoilt/seg.dcm" || exit 1
[ -n "$(faults "$folder/spoilt/seg.dcm")" ] || { echo "dciodvfy did not notice the spoilt object"; failed=1; }
/usr/bin/python3 "$here/read_evidence.py" "$folder"/*.dcm || failed=1
[ $failed = 1 ] || echo "$count objects: no error, no warning; the spoilt one was noticed"
exit $failed
