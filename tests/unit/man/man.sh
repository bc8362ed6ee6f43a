#!/bin/sh
# usage: man.sh PROGRAM PAGE
# Every command that PROGRAM lists has its section in the manual page, and every option of its help stands there or in
# the section "All commands".
# Prints what is missing; exits 1 where something is.
set -u
program=$1 page=$2 missing=0

commands=$("$program" --help | sed -n 's|^  \([a-z][a-z-]*\)  *[a-z][a-z]* .*|\1|p' | grep -vx "$(basename "$program")")
shared=$(sed -n '/^\.SS All commands$/,/^\.SH /p' "$page" | sed 's/\\-/-/g')
[ -n "$commands" ] || { echo "no commands in the help of $program"; exit 1; }
for command in $commands; do
    grep -qx "\.SS $command" "$page" || { echo "$command: no section"; missing=1; }
    section=$(sed -n "/^\.SS $command\$/,/^\.S[SH] /p" "$page" | sed 's/\\-/-/g')
    for option in $("$program" "$command" --help | sed -n 's/^  \(-., \)\{0,1\}--\([a-z0-9-]*\).*/\2/p'); do
        [ "$option" = help ] && continue
        printf '%s\n%s\n' "$section" "$shared" | grep -q -e "--$option\( \|\"\|\$\)" || { echo "$command: no --$option"; missing=1; }
    done
done
exit $missing
