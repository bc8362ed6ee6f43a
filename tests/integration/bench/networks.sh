#!/usr/bin/env bash
# bench_networks and compare.sh: networks.sh BUILD SOURCE
# shellcheck disable=SC2317 # functions that are called through check
set -u
build=$1 source=$2 bench=$1/bin/bench_networks
python=$(command -v python3) || { echo "no python3 to read JSON with: skipped"; exit 77; }
[ -x "$bench" ] || { echo "no $bench: skipped"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

check() { # DESCRIPTION COMMAND...
  local what=$1
  shift
  if ! "$@" >"$work/said" 2>&1; then
    echo "FAILED: $what"
    cat "$work/said"
    failures=$((failures + 1))
  fi
}
exits() { # STATUS COMMAND...
  local expected=$1 status=0
  shift
  "$@" || status=$?
  [ "$status" -eq "$expected" ] || { echo "exit status $status instead of $expected"; return 1; }
}
json() { "$python" -c "import json,sys; d=json.load(open('$work/out.json')); $1"; } # PYTHON about d
run() { "$bench" --network hybrid2 --size 40 --width 16 "$@" >"$work/out.json"; }

run --profile --batch 3 --threads 2 --rounds 3 --json
check "a profile names every node, and the algorithm of every convolution" json "
convolutions = [n for n in d['nodes'] if n['kind'] == 'conv2d']
assert len(convolutions) >= 5 and all(n['algorithm'] and n['ms'] > 0 and n['gflops'] > 0 for n in convolutions)
assert d['repeats'] == 3 and d['batch'] == 3 and 0 < d['nodes_ms'] < 3 * d['run_ms'], d"

run --batch 1,2 --train 2 --rounds 2 --logits --json
check "every measurement that was asked for is there" json "
assert [r['batch'] for r in d['inference']] == [1, 2] and [r['batch'] for r in d['training']] == [2]
assert all(r['runs'] == 2 and 0 < r['best_ms_per_image'] <= r['ms_per_image'] for r in d['inference'] + d['training'])
assert d['training_multiply_adds'] > 2 * d['multiply_adds'] > 0 and len(d['logits']) == 2"

# The same image through a file, whatever the threads and instruction set.
"$python" - "$work/image.npy" <<'END'
import struct, sys
seed, values = 1, []
for _ in range(3 * 40 * 40):
    seed = (seed * 1664525 + 1013904223) % 2**32
    values.append((seed >> 8) / 8388608 - 1)
header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 40, 40), }".ljust(117) + b'\n'
with open(sys.argv[1], 'wb') as file:
    file.write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header)
    file.write(struct.pack('<%df' % len(values), *values))
END
cp "$work/out.json" "$work/noise.json"
for more in "--threads 2" "--kernels portable"; do
  # shellcheck disable=SC2086
  run --rounds 1 --logits --json --input "$work/image.npy" $more
  check "logits of an image in a file, $more" json "
e = json.load(open('$work/noise.json'))['logits']
assert max(abs(a - b) for a, b in zip(d['logits'], e)) <= 1e-4 * max(map(abs, e)), (d['logits'], e)"
done

check "help is printed" exits 0 "$bench" --help
check "an unknown network is refused" exits 2 "$bench" --network nothing
check "options without a network are refused" exits 2 "$bench" --batch 4
check "a batch that is no number is refused" exits 2 "$bench" --network hybrid2 --batch 1,x
check "an unknown instruction set is refused" exits 2 "$bench" --network hybrid2 --kernels none
printf 'not an array' >"$work/bad.npy"
check "a file that is no array is refused" exits 1 "$bench" --network hybrid2 --size 40 --logits --input "$work/bad.npy"

check "compare.sh runs with no peer there" "$source/bench/compare.sh" --build "$build" --folder "$work" --networks hybrid2 \
  --rounds 1 --batch 1 --seconds 0.01 --no-training --without pytorch,onnx --json "$work/out.json"
check "and says what it measured" json "
assert [(r['network'], r['what'], r['batch'], r['ratio']) for r in d['results']] == [('hybrid2', 'infer', 1, None)]
assert d['results'][0]['ms_per_image']['medtl'] > 0 and d['results'][0]['share_of_peak'] > 0"
check "compare.sh refuses a network that there is not" exits 2 "$source/bench/compare.sh" --networks nothing

[ "$failures" -eq 0 ] && echo "all held"
exit $((failures > 0))
