#!/bin/bash
# No file of the repository names a place of the machine it was written on: nothing under a home or
# work folder, nothing fixed under /tmp (scripts ask mktemp; ${TMPDIR:-/tmp} and the XXXXXX of
# mkdtemp are allowed).
# usage: no_machine_paths.sh [ROOT]   Prints FILE:LINE: text for each find; exits 1 if there is one.
set -uo pipefail
cd "${1:-$(dirname "$0")/../../..}" || exit 1

# The brackets keep this file from finding itself.
pattern='(^|[^[:alnum:]_.}/-])/(wor[k]|hom[e]|roo[t]|mn[t]|Use[r]s)/[[:alnum:]_.-]|(^|[^-])/tm[p]/'

if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    list=(git ls-files -z --cached --others --exclude-standard)
else
    list=(find . -path ./.git -prune -o -path './build*' -prune -o -path ./out -prune -o -type f -print0)
fi
found=$("${list[@]}" | xargs -0 grep -nIE "$pattern" -- /dev/null | grep -v XXXXXX)
if [ -n "$found" ]; then
    printf '%s\n' "$found"
    exit 1
fi
