#!/bin/bash
# The three checks must find what they are for: each case below plants one fault in a tiny tree and
# expects the line that names it; the tree without faults must pass.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

clean_tree() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree"/{include/medtl,core/base,core/nn,core/train,dicom,config,plugin/pipeline,tools/dcm-medtl}
    touch "$tree"/include/medtl/error.h "$tree"/core/base/file.h "$tree"/core/nn/network.h \
          "$tree"/core/train/loop.h "$tree"/dicom/bridge.h "$tree"/config/rules.h "$tree"/plugin/pipeline/pipeline.h
    echo '#include "core/base/file.h"' > "$tree/dicom/reader.cpp"
    echo '#include <dcmtk/dcmdata/dctk.h>' >> "$tree/dicom/reader.cpp"
    echo '#include "pipeline.h"' > "$tree/plugin/pipeline/pipeline.c"
    echo 'medtl_library(medtl_train loop.c)' > "$tree/core/train/CMakeLists.txt"
    echo 'target_link_libraries(medtl_dicom PRIVATE DCMTK::DCMTK)' > "$tree/dicom/CMakeLists.txt"
}

expect() { # CHECK, WHAT IT MUST SAY ("" = pass), LABEL
    local said
    said=$("$here/$1" "$tree" 2>&1)
    if { [ -z "$2" ] && [ -n "$said" ]; } || [[ $said != *"$2"* ]]; then
        echo "FAILED: $3: expected '$2', got '$said'"
        failed=1
    fi
}

plant() { # FILE, LINE, CHECK, WHAT IT MUST SAY
    clean_tree
    printf '%s\n' "$2" >> "$tree/$1"
    expect "$3" "$4" "'$2' in $1"
}

clean_tree
expect arrows.sh "" "a tree without faults"
expect no_machine_paths.sh "" "a tree without faults"
expect decimal_point.sh "" "a tree without faults"
plant core/nn/graph.c '#include "dicom/bridge.h"' arrows.sh 'core/nn/graph.c:1: core/nn/ must not include dicom/bridge.h'
plant core/nn/graph.c '#include "../../dicom/bridge.h"' arrows.sh 'core/nn/ must not include dicom/bridge.h'
plant core/nn/graph.c '#include "loop.h"' arrows.sh 'core/nn/ must not include core/train/loop.h'
plant dicom/scan.c '#include "config/rules.h"' arrows.sh 'dicom/ must not include config/rules.h'
plant dicom/scan.c '#include "core/nn/network.h"' arrows.sh 'dicom/ must not include core/nn/network.h'
plant config/load.c '#include "bridge.h"' arrows.sh 'config/ must not include dicom/bridge.h'
plant include/medtl/error.h '#include "core/base/file.h"' arrows.sh 'include/ must not include core/base/file.h'
plant tools/dcm-medtl/main.c '#include "core/train/loop.h"' arrows.sh 'tools/dcm-medtl/ must not include core/train/loop.h'
plant plugin/pipeline/item.c '  #  include <dcmtk/dcmdata/dctk.h>' arrows.sh 'only dicom/ knows dcmtk/dcmdata/dctk.h'
plant core/nn/model.c '#include <libxml/tree.h>' arrows.sh 'only config/ knows libxml/tree.h'
plant dicom/image.c '#include <cblas.h>' arrows.sh 'only core/ knows cblas.h'
plant plugin/pipeline/CMakeLists.txt 'target_link_libraries(medtl_pipeline PUBLIC medtl_train)' arrows.sh 'must not link medtl_train of core/train/'
plant tools/dcm-medtl/CMakeLists.txt 'target_link_libraries(dcm-medtl PRIVATE PkgConfig::LIBXML2)' arrows.sh 'only config/ knows PkgConfig::LIBXML2'
plant README.md "see /wor""k/shared/data" no_machine_paths.sh 'README.md:1:'
plant core/nn/run.c "fopen(\"/tm""p/x\")" no_machine_paths.sh 'core/nn/run.c:1:'
plant tools/run.sh "cd /hom""e/somebody/src" no_machine_paths.sh 'tools/run.sh:1:'
plant tools/run.sh 'out=${TMPDIR:-/tmp}/x; see https://example.org/work/shop' no_machine_paths.sh ''
plant dicom/scan.c 'snprintf(text, sizeof text, "a; %u of %.2f", n, x);' decimal_point.sh 'dicom/scan.c:1: snprintf'
plant plugin/pipeline/item.c 'x = strtod(text, &end);' decimal_point.sh 'plugin/pipeline/item.c:1: strtod'
plant dicom/scan.c 'medtl_snprintf(text, sizeof text, "%g", x); snprintf(text, size, "%s at 5 %% each", s); /* strtod() */' decimal_point.sh ''
plant tools/dcm-medtl/main.c 'printf("%.2f", x);' decimal_point.sh ''
exit $failed
