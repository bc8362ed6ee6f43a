#!/bin/bash
# usage: conformance_reports.sh MAKE_REPORTS FOLDER
# Makes a report for each combination of task, images and character set, and has them all judged. Among them are three
# that were spoilt, each in a way that another of the readers must notice: a judge that accepts everything is worth
# nothing. All go through one run, because the template validator takes long to start.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
make=$1 folder=$2
spoilt="$folder/spoilt"
evidence="CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]"

rm -rf "$folder"
mkdir -p "$spoilt"
command -v dcmodify >/dev/null || { echo "skipped: not installed: dcmodify"; exit 77; }
"$make" "$folder" || exit 1
for fault in dciodvfy template parser; do
    cp "$folder/mammography-tid1500-finding-1-ascii.dcm" "$spoilt/$fault.dcm"
done
dcmodify -nb -e StudyID "$spoilt/dciodvfy.dcm" || exit 1 # a type 2 attribute
dcmodify -nb -m "ContentSequence[7].ConceptCodeSequence[0].CodeValue=71651007" "$spoilt/template.dcm" || exit 1 # CID 100
dcmodify -nb -m "$evidence.ReferencedSOPInstanceUID=1.2.3" "$spoilt/parser.dcm" || exit 1

# Character sets do not touch templates, so that not all five of each report go to the slowest judge, a second and a half
# a report: MEDTL_TEMPLATES_OF=. takes all of them.
export MEDTL_TEMPLATES_OF=${MEDTL_TEMPLATES_OF:--utf8|-finding-1-(latin1|japanese|explained|frames)|/spoilt/}
said=$(bash "$here/../validate-reports.sh" "$folder"/*.dcm "$spoilt"/*.dcm)
status=$?
[ "$status" != 77 ] || { echo "$said"; exit 77; }
failed=0
judges="dciodvfy template parser"
[ "${MEDTL_TEMPLATES_OF:-}" != none ] || judges="dciodvfy parser"
for fault in $judges; do
    grep -q "/spoilt/$fault.dcm: $fault: Error" <<<"$said" || { echo "nobody noticed what was spoilt for: $fault"; failed=1; }
done
if grep -E "(Error|Warning)" <<<"$said" | grep -v "/spoilt/"; then
    failed=1
fi
grep -vE "/spoilt/|^[0-9]+ reports: " <<<"$said"
[ $failed = 1 ] || echo "no error and no unexplained warning; the spoilt reports were noticed"
exit $failed
