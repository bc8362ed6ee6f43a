#!/bin/bash
# Whatever the settings, the server lives, and says what it does with them. Also: it answers while it
# classifies, and stops in the middle of it.
# usage: settings.sh libOrthancMedtl.so DCM_MEDTL [LIBRARY TO PRELOAD]        Exit 77: something needed is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
plugin=$1 dcm_medtl=$2 preload=${3-} server=
folder=$(mktemp -d)
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
# shellcheck source=lib.sh
. "$here/lib.sh"
require_tools

make_phantom "$dcm_medtl" "$folder/study"
nobody=00000000-00000000-00000000-00000000-00000000

# A wrong setting: refused by name, in the log and in the status; images are still stored.
start_orthanc "$plugin" '{"Threds": 2}'
[ "$(status 'd["State"]')" = Refused ] || fail "a wrong setting is not refused"
status 'd["Reason"]' | grep -q 'Medtl.Threds is not a setting' || fail "the status does not name the setting"
grep -q 'medtl: nothing will be classified: Medtl.Threds' "$folder/orthanc.log" || fail "the log does not name the setting"
[ "$(post "/medtl/studies/$nobody/classify" | tail -n 1)" = 503 ] || fail "classify is not 503"
send "$folder/study/DICOM"
get /instances | json 'len(d)' | grep -qv '^0$' || fail "the server does not store images any more"
stop_orthanc

# A configuration that is not there, and switched off.
start_orthanc "$plugin" "{\"Tasks\": [\"$folder/none.xml\"]}"
status 'd["State"] + d["Reason"]' | grep -q 'Refused.*none.xml' || fail "a missing task file: $(get /medtl/status)"
stop_orthanc
start_orthanc "$plugin" '{"Enabled": false}'
[ "$(status 'd["State"]')" = Disabled ] || fail "not disabled"
stop_orthanc

# On demand only, and answering at once while it works.
start_orthanc "$plugin" '{"AutoClassify": false}'
require_ready
send "$folder/study/DICOM"
sleep $((2 * stable_age))
[ "$(status 'd["Jobs"]["Accepted"]')" = 0 ] || fail "classifies although AutoClassify is false"
study=$(get /studies | json 'd[0]')
slowest=0 busy=0
for _ in $(seq 10); do
    for request in "-X POST -d x /medtl/studies/$study/classify" "/medtl/status"; do
        read -ra words <<<"$request"
        took=$(inside curl -s -o "$folder/answer" -w '%{time_total}' "${words[@]:0:${#words[@]}-1}" "http://127.0.0.1:18042${words[-1]}")
        slowest=$(python3 -c "print(max($slowest, $took))")
    done
    [ "$(json 'd["Queue"]["Running"]' <"$folder/answer")" = 0 ] || busy=1
done
[ $busy = 1 ] || fail "no answer came while a study was classified"
python3 -c "import sys; sys.exit($slowest > 5)" || fail "an answer took $slowest s while a study was classified"
await "the jobs" jobs_ended 1
[ "$(report_count "$study")" -gt 0 ] || fail "no report on demand"
stop_orthanc

# Stopped in the middle of the work: soon, and cleanly.
start_orthanc "$plugin" '{"AutoClassify": false}'
require_ready
send "$folder/study/DICOM"
for study in $(get /studies | json '" ".join(d)'); do post "/medtl/studies/$study/classify" >/dev/null; done
stop_orthanc
[ $stopped_after -le 60 ] || fail "stopping in the middle took $stopped_after s"
grep -qi 'segmentation\|AddressSanitizer\|terminate called' "$folder/orthanc.log" && fail "the server did not stop cleanly"
echo "orthanc: slowest answer $slowest s, stopped in the middle after $stopped_after s"
