#!/bin/bash
# usage: conformance_reports.sh MAKE_REPORTS FOLDER
# Makes a report for each combination of task, images and character set, and has them all judged.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$2"
mkdir -p "$2"
"$1" "$2"
exec bash "$here/../validate-reports.sh" "$2"/*.dcm
