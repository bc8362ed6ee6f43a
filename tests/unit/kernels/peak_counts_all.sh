#!/usr/bin/env bash
# The measured peak counts twelve multiply-adds a round. Are there twelve in the machine code, or did the compiler know better?
# usage: peak_counts_all.sh LIBRARY   Exits 77 where nothing can be looked at.
set -euo pipefail
chains=12
command -v objdump > /dev/null || { echo "skipped: no objdump"; exit 77; }
code=$(objdump -d --no-show-raw-insn --disassemble=peak_products "$1")
grep -q vfmadd <<< "$code" || { echo "skipped: no fused multiply-adds here"; exit 77; }

awk -v chains=$chains '
    /file format/ { object = $1 }
    /vfmadd/ { count[object]++ }
    END {
        for (o in count) {
            print o, count[o], "multiply-adds"
            if (count[o] < chains)
                wrong = 1
        }
        exit wrong
    }' <<< "$code" || { echo "fewer than $chains: the peak would be too high"; exit 1; }
