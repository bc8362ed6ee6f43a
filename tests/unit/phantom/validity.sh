#!/usr/bin/env bash
# The phantoms as other people's tools see them: dciodvfy finds no error in any, DCMTK reads and decodes each;
# and the same seed gives the same bytes, another one others.
#   validity.sh DCM_MEDTL
set -eu
tool=$1
for needed in dciodvfy dcmconv dcmdump dcmj2pnm dcml2pnm; do
  command -v $needed >/dev/null || { echo "skipped: $needed is not installed"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wrong() { echo "FAILED: $*" >&2; exit 1; }

"$tool" phantom -o "$work/a" --seed 7
"$tool" phantom -o "$work/b" --seed 7
"$tool" phantom -o "$work/c" --seed 8
diff -r "$work/a" "$work/b" || wrong "the same seed gave other bytes"

count=0
while read -r file; do
  count=$((count + 1))
  cmp -s "$work/a/$file" "$work/c/$file" && wrong "$file: another seed gave the same bytes"
  case $file in *.*) wrong "$file: has an extension" ;; esac
  dcmdump "$work/a/$file" >"$work/dump" 2>"$work/errors" || wrong "$file: dcmdump: $(cat "$work/errors")"
  grep -aq 'PN \[PHANTOM^' "$work/dump" || wrong "$file: the patient is not named PHANTOM"
  # dciodvfy reads no deflated files, JPEG 2000 is none of DCMTK's.
  subject=$work/a/$file
  if grep -q '=DeflatedLittleEndianExplicit' "$work/dump"; then
    dcmconv +te "$subject" "$work/inflated"
    subject=$work/inflated
  fi
  dciodvfy -new "$subject" >"$work/verdict" 2>&1 || true
  grep -a '^Error' "$work/verdict" && wrong "$file: dciodvfy"
  decoder=dcmj2pnm
  ! grep -q '=JPEGLS' "$work/dump" || decoder=dcml2pnm
  grep -q '=JPEG2000' "$work/dump" || $decoder "$work/a/$file" "$work/picture" || wrong "$file: $decoder"
done < <(cd "$work/a/DICOM" && find . -type f | sort | sed 's,^\.,DICOM,')
[ "$count" -eq 10 ] || wrong "$count files instead of 10"
[ -f "$work/a/README.TXT" ] || wrong "no README.TXT"
grep -aq 'DÉRMOSCOPIE' "$work/a/DICOM/PA000002/ST000001/SE000002/IM000001" || wrong "the UTF-8 name is not there"

status=0
"$tool" phantom -o /proc/nowhere 2>"$work/errors" || status=$?
[ $status -eq 3 ] || wrong "exit $status for an unwritable folder"
grep -q /proc/nowhere "$work/errors" || wrong "the unwritable folder is not named"
for arguments in "" "-o" "-o $work/d --seed x" "-o $work/d more" "--unknown"; do
  status=0
  "$tool" phantom $arguments >/dev/null 2>&1 || status=$?
  [ $status -eq 2 ] || wrong "exit $status for '$arguments'"
done
echo "10 files, all valid"
