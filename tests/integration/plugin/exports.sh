#!/bin/bash
# A shared object shows exactly the symbols that are documented: no function of a static library inside
# it, no leftover of a C++ template (weak or unique), nothing.
# usage: exports.sh OBJECT SYMBOL...
set -euo pipefail
export LC_ALL=C
object=$1
shift
expected=$(printf '%s\n' "$@" | sort)
shown=$(nm -D --defined-only "$object" | awk '{ print $NF }' | sort)
if [ "$shown" != "$expected" ]; then
    echo "$object: expected (-) and shown (+):"
    diff <(echo "$expected") <(echo "$shown") | sed -n 's/^</-/p; s/^>/+/p' | c++filt
    exit 1
fi
