#!/bin/bash
# What runs inside a host prints and reads numbers through core/base/c_locale.h: plain printf and strtod follow
# the host's locale, and where that has a decimal comma they break reports.
# usage: decimal_point.sh [ROOT]   Prints FILE:LINE: CALL for each find; exits 1 if there is one.
set -uo pipefail
cd "${1:-$(dirname "$0")/../../..}" || exit 1

folders=()
for folder in include core dicom config plugin; do
    [ -d "$folder" ] && folders+=("$folder")
done
found=$(find "${folders[@]}" \( -name '*.c' -o -name '*.cpp' -o -name '*.h' \) ! -path core/base/c_locale.c -print0 |
    sort -z | xargs -0 perl -0777 -ne '
        # Comments away, line ends kept; "%%" is no conversion.
        s{("(?:\\.|[^"\\])*")|/\*.*?\*/|//[^\n]*}{my $kept = $1; my $all = $&; $kept // $all =~ s/[^\n]//gr}gse;
        s/%%/  /g;
        while (/(?<!\w)(v?(?:sn|s|as|f|d)?printf|strto(?:d|f|ld)|atof|v?[fs]?scanf)\s*\(((?:"(?:\\.|[^"\\])*"|[^;"])*)/g) {
            my ($at, $call, $arguments) = ($-[1], $1, $2);
            next if $call =~ /printf/ && $arguments !~ /%[-+ #0-9.*]*[lL]?[aAeEfFgG]/;
            my $before = substr($_, 0, $at);
            printf "%s:%d: %s\n", $ARGV, 1 + ($before =~ tr/\n//), $call;
        }
    ') || exit 1
if [ -n "$found" ]; then
    printf '%s\n' "$found"
    exit 1
fi
