#!/bin/bash
# A study with an image that cannot be decoded: the others are reported, the failure is named, and the study
# is not worked on over and over, although Orthanc overwrites instances here. Also a decoding process that is killed,
# and a study that is too large.
# usage: damaged.sh libOrthancMedtl.so DCM_MEDTL [LIBRARY TO PRELOAD]        Exit 77: something needed is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
plugin=$1 dcm_medtl=$2 preload=${3-} server=
folder=$(mktemp -d)
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
# shellcheck source=lib.sh
. "$here/lib.sh"
require_tools
command -v dcmodify >/dev/null || skip "dcmodify is not installed"

make_phantom "$dcm_medtl" "$folder/study"
# One patient's study; a copy of an image gets an identity of its own and a pixel format that does not exist.
mkdir "$folder/damaged"
first=$(find "$folder/study/DICOM" -type f | sort | head -n 1)
cp "$(dirname "$first")"/* "$folder/damaged"
cp "$first" "$folder/damaged/BROKEN"
dcmodify --no-backup --gen-inst-uid --modify-all '(0028,0100)=24' "$folder/damaged/BROKEN" 2>"$folder/dcmodify.log"

start_orthanc "$plugin"
require_ready
send "$folder/damaged"
# The report makes the study stable again, hence two jobs.
await "the study to be classified and seen again" jobs_ended 2
study=$(get /studies | json 'd[0]')
[ "$(report_count "$study")" = 1 ] || fail "the images that can be read are not reported"
[ "$(status 'd["Jobs"]["Failed"]')" = 1 ] || fail "the failure is not counted once"
[ "$(status 'd["Instances"]["Failed"]')" = 1 ] || fail "not one instance has failed"
status 'd["LastFailures"][0]["Message"]' | grep -q '^instances/[0-9a-f-]*: .*Bits Allocated' ||
    fail "the failure is not named: $(status 'd["LastFailures"]')"
sleep $((2 * stable_age))
[ "$(status 'd["Jobs"]["Accepted"]')" = 2 ] || fail "the study is worked on over and over"

# Asked for again by a person, it is tried again, and the report stays the one.
post "/medtl/studies/$study/classify" >/dev/null
await "the study to be tried again" jobs_ended 3
[ "$(status 'd["Jobs"]["Failed"]')" = 2 ] || fail "the failure has gone"
sleep $((2 * stable_age))
[ "$(status 'd["Jobs"]["Accepted"]')" = 3 ] || fail "the study is worked on over and over"
[ "$(status 'd["ReportsStored"]')" = 1 ] || fail "the report was stored again"

# A decoding process that is killed in the middle of its work costs one image at most, and the server goes on.
decoders() {
    local pid
    for pid in $(cat /proc/"$server"/task/*/children); do
        [ "$(cat "/proc/$pid/comm")" != medtl-decode ] || echo "$pid"
    done
}
is_running() { [ "$(status 'd["Queue"]["Running"]')" != 0 ]; } # the job's number
read -ra killed <<<"$(decoders | tr '\n' ' ')"
[ ${#killed[@]} -gt 0 ] || fail "no process of its own decodes"
failed=$(status 'd["Instances"]["Failed"]')
kill -STOP "${killed[@]}"
post "/medtl/studies/$study/classify" >/dev/null
await "the study to be read" is_running
sleep 1
is_running || fail "the study is not read by the processes of its own"
kill -KILL "${killed[@]}"
await "the study to be tried without them" jobs_ended 4
# The image that can never be read counts too.
lost=$(($(status 'd["Instances"]["Failed"]') - failed))
[ $lost -ge 1 ] && [ $lost -le 2 ] || fail "more than one image was lost: $(get /medtl/status)"
[ -n "$(decoders)" ] || fail "no new process decodes"
stop_orthanc

start_orthanc "$plugin" '{"MaximumMegabytes": 1}'
send "$folder/study/DICOM"
await "the study to be refused" jobs_ended 1
await "the end of the work" is_idle
status 'd["LastFailures"]' | grep -q 'more than 1 MiB (Medtl.MaximumMegabytes)' || fail "a study of more than 1 MiB is not refused: $(get /medtl/status)"
stop_orthanc
echo "orthanc: a damaged image is named once"
