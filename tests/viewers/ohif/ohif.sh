#!/bin/bash
# usage: ohif.sh DCM_MEDTL [PICTURES]
# Does the OHIF viewer show what medtl writes? Phantom studies (a mammography exam, a VL Photograph of a skin lesion) are classified
# with evidence, and a mammogram and a photograph as the tasks are shipped, stored with their reports in an Orthanc of our own, and opened in OHIF in headless Chromium (look.js). All of it
# runs in a network namespace that has loopback only. PICTURES: a folder for photographs of the screen.
#
# Needs a built OHIF and puppeteer-core, which Debian does not have; in a folder that MEDTL_OHIF names:
#   npm pack @ohif/app@3.13.2 && tar xzf ohif-app-3.13.2.tgz && npm install --no-save puppeteer-core
# Without them, or without Orthanc or Chromium, the test is skipped (exit status 77).
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "${1:?usage: ohif.sh DCM_MEDTL [PICTURES]}")
pictures=${2:-}
plugins=/usr/share/orthanc/plugins

missing=()
for tool in Orthanc chromium node unshare ip curl dcmodify dcmdump; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done
for plugin in libOrthancDicomWeb.so libOrthancGdcm.so; do
    [ -r "$plugins/$plugin" ] || missing+=("$plugin")
done
[ -r "${MEDTL_OHIF:-}/package/dist/index.html" ] || missing+=("OHIF 3.13 (see the head of $(basename "$0"): MEDTL_OHIF)")
[ -d "${MEDTL_OHIF:-}/node_modules/puppeteer-core" ] || missing+=("puppeteer-core (likewise)")
if [ ${#missing[@]} -gt 0 ]; then
    printf 'skipped: not here:'; printf ' %s;' "${missing[@]}"; echo
    exit 77
fi
if [ -z "${MEDTL_OWN_NETWORK:-}" ]; then
    unshare -rn true 2>/dev/null || { echo "skipped: no network namespace may be made here"; exit 77; }
    exec env MEDTL_OWN_NETWORK=1 unshare -rn bash "$0" "$program" $pictures
fi
ip link set lo up

work=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill $server; wait $server; fi 2>/dev/null; rm -rf "$work"' EXIT
mkdir -p "$work/db" "$work/tasks" "$work"/studies/{mammography,dermoscopy} "$work"/shipped/{mammography,dermoscopy}
[ -z "$pictures" ] || mkdir -p "$pictures"

# The shipped tasks, asked for evidence on every image.
for task in "${MEDTL_DATA_DIR:?}"/tasks/*.xml; do
    sed -e '/<evidence .*\/>/d' \
        -e 's|^</task>|<evidence objects="outline secondary-capture segmentation" when="always"/></task>|' \
        "$task" >"$work/tasks/$(basename "$task")"
done

# OHIF 3.13.2 behind Orthanc 1.10 does not show an image with a VOI LUT Function, nor Dermoscopic Photographs (docs/VIEWERS.md).
"$program" phantom -o "$work/phantoms" >/dev/null || exit 1
find "$work/phantoms" -type f | sort | while read -r file; do
    class=$(dcmdump -q +P SOPClassUID "$file" 2>/dev/null)
    case $class in
        *DigitalMammographyXRayImageStorageForPresentation*) kind=mammography ;;
        *VLPhotographicImageStorage*) kind=dermoscopy ;;
        *) continue ;;
    esac
    name="$work/studies/$kind/$(basename "$(dirname "$file")")-$(basename "$file").dcm"
    cp "$file" "$name"
    dcmodify -nb -q -imt -ea VOILUTFunction "$name" >/dev/null 2>&1
done

# One image of each once more, as another study, for the tasks as they are shipped.
for kind in mammography dermoscopy; do
    name="$work/shipped/$kind/image.dcm"
    cp "$(ls "$work/studies/$kind"/* | tail -n 1)" "$name"
    dcmodify -nb -q -imt -gst -gse -gin "$name" >/dev/null 2>&1 || { echo "dcmodify failed"; exit 1; }
done
"$program" classify "$work"/shipped/* -o "$work/reports" >"$work/classify.log" 2>&1 ||
    { cat "$work/classify.log"; exit 1; }
"$program" classify "$work"/studies/* --config "$work/tasks" -o "$work/reports" >"$work/classify.log" 2>&1 ||
    { cat "$work/classify.log"; exit 1; }

cat >"$work/orthanc.json" <<JSON
{ "Name": "viewers", "StorageDirectory": "$work/db", "IndexDirectory": "$work/db", "HttpPort": 18042,
  "RemoteAccessAllowed": false, "AuthenticationEnabled": false, "DicomServerEnabled": false, "OverwriteInstances": true,
  "Plugins": [ "$plugins/libOrthancDicomWeb.so", "$plugins/libOrthancGdcm.so" ],
  "DicomWeb": { "Enable": true, "Root": "/dicom-web/", "EnableWado": true, "Ssl": false } }
JSON
Orthanc "$work/orthanc.json" >"$work/orthanc.log" 2>&1 &
server=$!
orthanc=http://127.0.0.1:18042
for _ in $(seq 120); do
    curl -sf $orthanc/system >/dev/null && break
    sleep 0.5
done

failed=0
look() { # FOLDER EXPECTATION...: a folder with the images of one study
    local folder=$1 name file study
    shift
    name=$(basename "$(dirname "$folder")")-$(basename "$folder")
    file=$(ls "$work/$folder"/* | head -n 1)
    study=$(dcmdump -q +P StudyInstanceUID "$file" | sed -n 's/.*\[\(.*\)\].*/\1/p')
    for file in "$work/$folder"/* "$work/reports/$study"/*.dcm; do
        curl -sf -X POST $orthanc/instances --data-binary @"$file" >/dev/null || { echo "Orthanc refused $file"; failed=1; }
    done
    echo "== $name"
    NODE_PATH="$MEDTL_OHIF/node_modules" timeout --foreground 1800 node "$here/look.js" "$MEDTL_OHIF/package/dist" $orthanc "$study" \
        "$(if [ -n "$pictures" ]; then echo "$pictures/ohif-$name"; else echo -; fi)" "$@" || failed=1
}
look shipped/mammography "SR=Probability of cancer:"
look shipped/dermoscopy "SR=P("
look studies/mammography "SR=Probability of cancer:" "OT=" "SEG="
look studies/dermoscopy "SR=P(" "OT=" "SEG="
exit $failed
