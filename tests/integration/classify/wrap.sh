#!/bin/bash
# Pictures become valid objects: dciodvfy finds no error, DCMTK finds the same pixels, and nothing else of the picture
# file is left.
. "$(dirname "$0")/common.sh"
for tool in dcmj2pnm dcmdump dciodvfy; do
    command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done

valid() { # FILE: no error but what the standard's newest terms make of one
    dciodvfy "$1" 2>&1 | grep '^Error' && complain "$1 is not valid"
}
same_picture() { # A B: two PNM files of equal pixels
    cmp -s "$1" "$2" || complain "$1 and $2 differ"
}

run 0 phantom -o "$work/phantom"
skin=$work/phantom/DICOM/PA000002/ST000001/SE000002/IM000002
breast=$work/phantom/DICOM/PA000001/ST000001/SE000001/IM000004
dcmj2pnm +oj "$skin" "$work/plain.jpg" && dcmj2pnm +on "$skin" "$work/skin.png" &&
    dcmj2pnm +on2 "$breast" "$work/breast16.png" && dcmj2pnm +on "$breast" "$work/breast.png" ||
    complain "no pictures to begin with"
# A comment and an Exif segment, as a camera writes them, and behind the end a second picture, as phones do.
{ head -c 2 "$work/plain.jpg"; printf '\xff\xfe\x00\x0cSECRETNAME'
  printf '\xff\xe1\x00\x22Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0'
  tail -c +3 "$work/plain.jpg"; printf '\xff\xd8\xff\xfe\x00\x0cSECRETNAME\xff\xd9'; } >"$work/photo.jpg"

# ---- the compressed pixels stay, the rest goes
run 0 wrap "$work/photo.jpg" --as dermoscopy -o "$work/a.dcm" --set PatientID=7 \
    --set AnatomicRegionSequence=77568009:SCT:Back --set RecognizableVisualFeatures=NO
valid "$work/a.dcm"
# Not through a pipe: a reader that has seen enough would end the writer, which pipefail takes for a failure.
grep -q 'JPEGBaseline' <<<"$(dcmdump "$work/a.dcm")" || complain "the JPEG was not kept"
grep -q SECRETNAME "$work/a.dcm" && complain "the comment is still there"
grep -q Exif "$work/a.dcm" && complain "Exif is still there"
# The scan lies at the end: before the delimiter's 8 bytes, and a byte of padding where the length is odd.
for padding in 0 1; do
    tail -c $((508 + padding)) "$work/a.dcm" | head -c 500 | cmp -s - <(tail -c 500 "$work/plain.jpg") && kept=yes
done
[ "${kept:-no}" = yes ] || complain "the compressed pixels were changed"
run 0 wrap "$work/photo.jpg" --as dermoscopy -o "$work/b.dcm" --set PatientID=7 \
    --set AnatomicRegionSequence=77568009:SCT:Back --set RecognizableVisualFeatures=NO
cmp -s "$work/a.dcm" "$work/b.dcm" || complain "the same picture gives other bytes"

# ---- PNG keeps its pixels
run 0 wrap "$work/skin.png" --as photograph -o "$work/p.dcm" --set 'PatientName=Muster^Jürg'
valid "$work/p.dcm"
dcmj2pnm +op "$skin" "$work/1.pnm" && dcmj2pnm +op "$work/p.dcm" "$work/2.pnm"
same_picture "$work/1.pnm" "$work/2.pnm"
mammogram=(--as mammogram --set ImageLaterality=L --set ViewPosition=MLO
           --set 'ImagerPixelSpacing=0.07\0.07' --set 'PatientOrientation=A\FR' --set BurnedInAnnotation=NO)
for depth in "" 16; do
    run 0 wrap "$work/breast$depth.png" "${mammogram[@]}" -o "$work/m$depth.dcm"
    valid "$work/m$depth.dcm"
    dcmj2pnm +on${depth:+2} "$work/m$depth.dcm" "$work/again$depth.png"
    # Behind date and texts, which stand in the first 123 bytes, both files of one tool are equal.
    cmp -s -i 123 "$work/breast$depth.png" "$work/again$depth.png" || complain "other pixels at ${depth:-8} bits"
done
run 0 wrap "$work/photo.jpg" "${mammogram[@]}" -o "$work/gray.dcm" # colour becomes luminance
valid "$work/gray.dcm"

# ---- what is missing, wrong, or cannot be
run 2 wrap "$work/skin.png" --as mammogram -o "$work/x.dcm"
one_line ImageLaterality ViewPosition ImagerPixelSpacing PatientOrientation BurnedInAnnotation
run 0 wrap "$work/skin.png" --as mammogram -o "$work/x.dcm" --incomplete
run 2 wrap "$work/skin.png" --as photograph -o "$work/y.dcm" --set Nonsense=1
one_line "'Nonsense' is no keyword"
run 2 wrap "$work/skin.png" --as photograph -o "$work/y.dcm" --set Rows=1
one_line "Rows follows from the picture"
run 2 wrap "$work/skin.png" --as photograph -o "$work/y.dcm" --set StudyDate=yesterday
one_line "the value of StudyDate is none of its kind (DA)"
run 2 wrap "$work/skin.png" --as painting -o "$work/y.dcm"
run 1 wrap "$source_dir/README.md" --as photograph -o "$work/y.dcm"
one_line "is neither JPEG nor PNG"
{ head -c 2 "$work/plain.jpg" # in these words medtl refuses it, too (tests/unit/train/test_picture.c)
  printf '\xff\xe1\x00\x22Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0'
  tail -c +3 "$work/plain.jpg"; } >"$work/turned.jpg"
run 1 wrap "$work/turned.jpg" --as photograph -o "$work/y.dcm"
one_line "is turned by its Exif orientation (6); turn its pixels first"
head -c 3000 "$work/skin.png" >"$work/cut.png"
run 1 wrap "$work/cut.png" --as photograph -o "$work/y.dcm"
one_line "the PNG is damaged"
[ ! -e "$work/y.dcm" ] || complain "a file was left where there is none"

# ---- a table, and the real path behind it
cat >"$work/table.csv" <<'END'
file,as,output,PatientID,StudyID,AnatomicRegionSequence,RecognizableVisualFeatures
photo.jpg,dermoscopy,one/a.dcm,7,1,77568009:SCT:Back,NO
"skin.png",dermoscopy,,7,1,77568009:SCT:Back,NO
gone.png,dermoscopy,,8,1,77568009:SCT:Back,NO
skin.png,dermoscopy,,8,1,,NO
END
run 1 wrap --csv "$work/table.csv" -o "$work/study"
says "^2 of 4 DICOM files in "
grep -q "gone.png: " "$work/err" || complain "the missing picture is not named"
grep -q "AnatomicRegionSequence" "$work/err" || complain "the missing attribute is not named"
run 0 classify "$work/study" -o "$work/reports"
says "2 files: 2 analysed. 1 report written" # one study: the same patient and Study ID

# ---- no picture, table or object of the run is written over, by whatever name
whole() { cmp -s "$work/$1" "$2" || complain "$1 was written over"; }
cp "$work/photo.jpg" "$work/self.jpg"
run 2 wrap "$work/self.jpg" --as photograph -o "$work/self.jpg"
one_line "$work/self.jpg: the picture would be written over"
ln -s self.jpg "$work/link.jpg"
run 2 wrap "$work/link.jpg" --as photograph -o "$work/phantom/../self.jpg"
whole self.jpg "$work/photo.jpg"
mkdir "$work/two" && ln -s two "$work/too"
printf 'file,output,PatientID\nphoto.jpg,two/a.dcm,1\nskin.png,%s/too/a.dcm,2\nskin.png,two/b.dcm,2\n' "$work" >"$work/twice.csv"
run 1 wrap --csv "$work/twice.csv" --as photograph -o "$work"
says "^2 of 3 DICOM files in "
one_line "twice.csv: line 3 would write over the output of line 2: "
run 0 wrap "$work/photo.jpg" --as photograph -o "$work/one.dcm" --set PatientID=1
whole two/a.dcm "$work/one.dcm"
run 1 wrap --csv "$work/twice.csv" --as photograph -o "$work" # those of an earlier run are replaced
says "^2 of 3 DICOM files in "
cp "$work/skin.png" "$work/later.png"
printf 'file,PatientID\nphoto.jpg,1\n\0skin.png,2\n' >"$work/zero.csv"
run 2 wrap --csv "$work/zero.csv" --as photograph -o "$work/zero"
one_line "zero.csv: a zero byte: this is not text"
[ ! -e "$work/zero" ] || complain "some rows were written"

printf 'file,output\nphoto.jpg,later.png\nphoto.jpg,others.csv\nlater.png,later.dcm\n' >"$work/others.csv"
cp "$work/others.csv" "$work/others.copy"
run 1 wrap --csv "$work/others.csv" --as photograph -o "$work"
says "^1 of 3 DICOM files in "
grep -q "line 2 would write over the picture of line 4: " "$work/err" || complain "a picture: $(cat "$work/err")"
grep -q "line 3 would write over the table" "$work/err" || complain "the table: $(cat "$work/err")"
whole later.png "$work/skin.png"
whole others.csv "$work/others.copy"
finish
