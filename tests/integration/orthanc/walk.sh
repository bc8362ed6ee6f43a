#!/bin/bash
# The walk of the product: a study sent by C-STORE comes back with its report in the same study, once.
# usage: walk.sh libOrthancMedtl.so DCM_MEDTL [LIBRARY TO PRELOAD]        Exit 77: something needed is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
plugin=$1 dcm_medtl=$2 preload=${3-} server=
folder=$(mktemp -d)
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
# shellcheck source=lib.sh
. "$here/lib.sh"
require_tools

make_phantom "$dcm_medtl" "$folder/study"

start_orthanc "$plugin"
require_ready
[ "$(status 'len(d["Tasks"]) > 0 and all(len(t["Model"]["SHA256"]) == 64 for t in d["Tasks"])')" = True ] ||
    fail "the status does not name tasks and models"

# 1. Sent, classified, reported into the same study.
send "$folder/study/DICOM"
studies=$(get /studies | json '"\n".join(d)')
count=$(wc -l <<<"$studies")
await "each study to be classified" jobs_ended "$count"
[ "$(status 'd["Jobs"]["Failed"]')" = 0 ] || fail "jobs failed: $(status 'd["LastFailures"]')"
[ "$(get /studies | json 'len(d)')" = "$count" ] || fail "a report started a study of its own"
total=0
for study in $studies; do
    for report in $(reports_of "$study"); do
        total=$((total + 1))
        get "/instances/$report/file" >"$folder/report-$total.dcm"
        # The patient and the study are the images', value for value.
        get "/studies/$study" >"$folder/study.json"
        for tag in 0010,0010 0010,0020 0020,000d; do
            dcmdump +P "$tag" "$folder/report-$total.dcm" | sed -n '1s/.*\[\(.*\)\].*/\1/p'
        done >"$folder/in-report"
        json '"\n".join((d["PatientMainDicomTags"]["PatientName"], d["PatientMainDicomTags"]["PatientID"],
              d["MainDicomTags"]["StudyInstanceUID"]))' <"$folder/study.json" >"$folder/in-study"
        diff "$folder/in-study" "$folder/in-report" || fail "a report names another patient or study"
    done
done
[ $total -gt 0 ] || fail "no report"
if command -v dciodvfy >/dev/null; then
    for report in "$folder"/report-*.dcm; do
        if dciodvfy -new "$report" 2>&1 | grep '^Error'; then fail "dciodvfy finds errors in a report"; fi
    done
fi

# 2. The reports have made the studies stable again: seen, and nothing is added.
await "the stable event of the reports" jobs_ended $((2 * count))
sleep $((2 * stable_age)) # another round would show
[ "$(status 'd["Jobs"]["Accepted"]')" -le $((2 * count)) ] || fail "studies are classified over and over"
[ "$(status 'd["ReportsStored"]')" = $total ] || fail "reports were stored again"

# 3. Asked for by a person: nothing to do, and no second report.
first=$(head -n 1 <<<"$studies")
before=$(report_count "$first")
answer=$(post "/medtl/studies/$first/classify")
[ "$(tail -n 1 <<<"$answer")" = 202 ] || fail "classify answered $answer"
job=$(head -n -1 <<<"$answer" | json 'd["Path"]')
job_is() { [ "$(get "$job" | json 'd["State"]')" = "$1" ]; }
await "the job that was asked for" job_is Done
get "$job" | json 'd["Instances"]["AlreadyReported"]' | grep -qv '^0$' || fail "the images were analysed again: $(get "$job")"
[ "$(report_count "$first")" = "$before" ] || fail "asking again gave a second report"

# 4. A deleted report is made again, with the same UID.
old=$(reports_of "$first")
for report in $old; do inside curl -sf -X DELETE "http://127.0.0.1:18042/instances/$report" >/dev/null; done
post "/medtl/studies/$first/classify" >/dev/null
await "the report to be made again" has_reports "$first" "$before"
[ "$(reports_of "$first")" = "$old" ] || fail "the new report has other UIDs"

# 5. What is wrong gets an answer.
[ "$(post /medtl/studies/00000000-00000000-00000000-00000000-00000000/classify | tail -n 1)" = 404 ] || fail "an unknown study is not 404"
[ "$(post /medtl/studies/abc/classify | tail -n 1)" = 404 ] || fail "a wrong identifier is not 404"
[ "$(inside curl -s -o "$folder/answer" -w '%{http_code}' "http://127.0.0.1:18042/medtl/studies/$first/classify")" = 405 ] || fail "GET is not 405"
[ "$(inside curl -s -o "$folder/answer" -w '%{http_code}' http://127.0.0.1:18042/medtl/jobs/999999)" = 404 ] || fail "an unknown job is not 404"

# 6. The log and the status tell who nobody is.
get /medtl/status >"$folder/status.json"
for study in $studies; do
    get "/studies/$study" | json 'd["PatientMainDicomTags"]["PatientName"] + "\n" + d["PatientMainDicomTags"]["PatientID"]'
done | sort -u | grep -v '^$' >"$folder/patients"
if grep -F -f "$folder/patients" "$folder/status.json"; then fail "the status names a patient"; fi
if grep 'medtl: ' "$folder/orthanc.log" | grep -F -f "$folder/patients"; then fail "our log names a patient"; fi

stop_orthanc
[ $stopped_after -le 60 ] || fail "stopping took $stopped_after s"
echo "orthanc: $count studies, $total reports, each once"
