#!/bin/bash
# inspect explains, tasks lists: in words and in JSON, without a patient's name.
. "$(dirname "$0")/common.sh"

"$raw" "$work/mg.dcm"
"$raw" "$work/ct.dcm" modality=CT sop-class=1.2.840.10008.5.1.4.1.1.2
"$raw" "$work/cut.dcm" pixel-bytes=10

run 0 inspect "$work/mg.dcm" --png "$work/seen.png"
says '^  mammography +takes it '
says '^  dermoscopy +leaves it '
says '^ +1 decode +40 x 48 pixels'
says '^ +[0-9.]+ %  cancer '
task=$source_dir/config/tasks/10-mammography.xml
size=$(sed -n 's/.*<normalise height="\([0-9]*\)" width="\([0-9]*\)".*/\2 x \1/p' "$task")
if command -v file >/dev/null; then
    file "$work/seen.png" | grep -q "PNG image data, $size, 8-bit grayscale" || complain "$(file "$work/seen.png")"
fi
grep -qE 'Phantom|PHANTOM' "$work/out" && complain "the patient is named"
run 0 inspect "$work/mg.dcm" --json
grep -qE 'Phantom|PHANTOM' "$work/out" && complain "the patient is named in the JSON"
if command -v python3 >/dev/null; then
    python3 -c 'import json,sys; r=json.load(open(sys.argv[1])); assert r["task"]=="mammography" and abs(sum(r["probabilities"].values())-1)<1e-6 and len(r["pixel_path"])>=8' "$work/out" ||
        complain "the JSON is not what it should be"
fi

run 0 inspect "$work/ct.dcm"
says '^  mammography +leaves it '
run 1 inspect "$work/ct.dcm" --png "$work/none.png"
one_line "$work/none.png: not written"
[ ! -e "$work/none.png" ] || complain "a picture of nothing"
run 1 inspect "$work/cut.dcm"
says '^ +failed +'
run 1 inspect "$work/absent.dcm"; one_line "$work/absent.dcm: "
echo text >"$work/text"
run 1 inspect "$work/text";       one_line "$work/text: " "not a DICOM file"
run 2 inspect
run 2 inspect "$work/mg.dcm" "$work/ct.dcm"

# Without its model a file is still explained.
mv "$work/data/models/mammography.safetensors" "$work/kept"
run 1 inspect "$work/mg.dcm"
says 'no probabilities: .*mammography.safetensors: cannot open'
says '^ +10 scale '
run 2 tasks
says 'NOT USABLE'
says '^dermoscopy '
mv "$work/kept" "$work/data/models/mammography.safetensors"

run 0 tasks
says '^mammography \('
says '^dermoscopy \('
says 'SHA-256 [0-9a-f]{64}$'
run 0 tasks --json
if command -v python3 >/dev/null; then
    python3 -c 'import json,sys; r=json.load(open(sys.argv[1])); assert [t["name"] for t in r]==["mammography","dermoscopy"] and all(t["usable"] for t in r)' "$work/out" ||
        complain "the JSON of tasks is not what it should be"
fi
run 2 tasks extra
finish
