#!/bin/sh
# Our networks beside PyTorch's and ONNX Runtime's, on the same threads, in one run: `bench/compare.sh --help`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# Debian's packages of PyTorch belong to Debian's Python.
python=${MEDTL_PYTHON:-$(command -v /usr/bin/python3 || command -v python3)} ||
  { echo "compare: needs Python 3 (Debian: python3)" >&2; exit 2; }
exec "$python" -B "$here/compare/compare.py" "$@"
