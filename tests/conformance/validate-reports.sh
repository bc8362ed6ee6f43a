#!/bin/bash
# usage: validate-reports.sh FILE...
# Judges Structured Reports with readers that share nothing with medtl's writer:
#   dciodvfy            modules, attribute types, value representations     (dicom3tools)
#   DicomSRValidator    the rows of the templates                           (libpixelmed-java, a JDK)
#   dsrdump             relationships of the IOD                            (dcmtk)
#   pydicom, dcmjs      unrelated parsers, those that are there: names decode, references hold  (python3-pydicom; node)
# The second takes by far the longest: $MEDTL_TEMPLATES_OF, an extended regular expression, says which files it gets.
# Prints every error, and every warning that explained-warnings.txt does not explain; exits 1 when there is one, and 77
# (skipped) when a validator is not installed.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
jar=/usr/share/java/pixelmed.jar
[ $# -gt 0 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2; }

missing=()
for tool in dciodvfy dsrdump java; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done
[ -r "$jar" ] || missing+=("$jar")
if [ ${#missing[@]} -gt 0 ]; then
    echo "skipped: not installed: ${missing[*]}"
    exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grep -vE '^(#|$)' "$here/explained-warnings.txt" >"$work/explained"

# dciodvfy's exit status is no verdict: it says so in lines on stderr, after the name of the IOD.
modules() {
    for file in "$@"; do
        dciodvfy -new "$file" >"$work/dciodvfy" 2>&1
        grep -qE '^[A-Za-z0-9]+SR$' "$work/dciodvfy" || echo "$file: dciodvfy: Error: it knows no IOD for this"
        grep -E '^(Error|Warning)' "$work/dciodvfy" | sed "s|^|$file: dciodvfy: |"
    done
}

relationships() {
    for file in "$@"; do
        dsrdump -q "$file" >/dev/null 2>&1 || echo "$file: dsrdump: Error: cannot read it"
    done
}

# Without the limits lifted, Java 17 refuses the validator's own style sheets. The simple collector is the fastest for so small a heap;
# both compilers are worth it from a dozen reports on.
templates() {
    mapfile -t chosen < <(printf '%s\n' "$@" | grep -E -e "${MEDTL_TEMPLATES_OF:-.}")
    [ ${#chosen[@]} -gt 0 ] || return 0
    set -- "${chosen[@]}"
    java -XX:+UseSerialGC \
        -Djdk.xml.xpathTotalOpLimit=0 -Djdk.xml.xpathExprOpLimit=0 -Djdk.xml.xpathExprGrpLimit=0 \
        -cp "$jar" "$here/ValidateReports.java" "$@" >"$work/templates" 2>"$work/java"
    cat "$work/templates"
    for file in "$@"; do # even if the virtual machine died half-way
        grep -qF "$file: template: " "$work/templates" ||
            echo "$file: template: Error: no verdict: $(tail -n 1 "$work/java")"
    done
}

# Debian's pydicom belongs to /usr/bin/python3, which need not be the first python3 of PATH. Node finds dcmjs in
# $NODE_PATH, where it is not beside this script.
other_parsers() {
    local read=0

    if /usr/bin/python3 -c 'import pydicom' 2>/dev/null; then
        /usr/bin/python3 "$here/parse_reports.py" "$@" 2>&1
        read=1
    fi
    if (cd "$here" && node -e 'require("dcmjs")') 2>/dev/null; then
        node "$here/parse_reports.js" "$@" 2>&1
        read=1
    fi
    [ $read = 1 ] || echo "no other parser: neither pydicom nor dcmjs is installed"
}

{
    modules "$@"
    relationships "$@"
    templates "$@"
    other_parsers "$@"
} >"$work/said"
grep -vE '(Error|Warning)' "$work/said"
grep -E '(Error|Warning)' "$work/said" | grep -vEf "$work/explained" >"$work/faults"
cat "$work/faults"
if [ -s "$work/faults" ]; then
    echo "$# reports: $(wc -l <"$work/faults") faults"
    exit 1
fi
echo "$# reports: no error, no unexplained warning"
