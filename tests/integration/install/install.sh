#!/bin/bash
# Install to an empty prefix, move that prefix, and build the example host against it as a stranger
# would: by find_package(medtl) and by pkg-config. Then run it on a phantom, with the installed data.
# usage: install.sh BUILD_FOLDER C_COMPILER [FLAG...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../../support/material.sh
. "$here/../../support/material.sh"
build=$1 compiler=$2
shift 2
flags=("$@")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset MEDTL_DATA_DIR # the installation must find its own

fail() { echo "install.sh: $*" >&2; exit 1; }
quietly() { "$@" >"$folder/log" 2>&1 || { cat "$folder/log"; fail "failed: $*"; }; }

quietly cmake --install "$build" --prefix "$folder/first"
mv "$folder/first" "$folder/moved"
prefix=$folder/moved
libraries=$(dirname "$(find "$prefix" -name libmedtl_plugin.so)")
plugin=$libraries/libmedtl_plugin.so

for wanted in bin/dcm-medtl include/medtl/plugin.h share/medtl/tasks share/medtl/schema share/medtl/models; do
    [ -e "$prefix/$wanted" ] || fail "$wanted is not installed"
done
if grep -rIl --exclude-dir=doc -e "$folder/first" -e "$build" "$prefix"; then
    fail "the files above name the folder they were built in or installed to"
fi

quietly cmake -G Ninja -S "$here/consumer" -B "$folder/consumer" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="${flags[*]}" -DEXAMPLES="$(find "$prefix" -name examples)"
quietly cmake --build "$folder/consumer"

export PKG_CONFIG_PATH=$libraries/pkgconfig
[ "$(pkg-config --variable=plugin medtl | xargs realpath)" = "$(realpath "$plugin")" ] || fail "medtl.pc names another plugin"
read -ra cflags < <(pkg-config --cflags medtl)
quietly "$compiler" "${flags[@]}" -std=c11 "${cflags[@]}" "$(find "$prefix" -name host.c)" -o "$folder/host" -ldl

make_phantom "$prefix/bin/dcm-medtl" "$folder/study"
for host in "$folder/host" "$folder/consumer/host"; do
    rm -rf "$folder/reports"
    mkdir "$folder/reports"
    quietly "$host" "$plugin" "$folder/reports" "$folder/study"
    [ -n "$(ls "$folder/reports")" ] || fail "$host wrote no report"
done
quietly "$folder/consumer/linked"
echo "install.sh: $(find "$prefix" -type f | wc -l) files, both hosts ran"
