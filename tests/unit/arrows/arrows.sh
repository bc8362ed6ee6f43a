#!/bin/bash
# Keeps the direction of the arrows: include <- {core, dicom, config} <- plugin <- tools.
# usage: arrows.sh [ROOT]   Prints one line for each arrow that points the wrong way; exits 1 if there is one.
# Looks at #include lines, at what CMake links, and at who may know which foreign library.
set -euo pipefail
export LC_ALL=C
root=$(cd "${1:-$(dirname "$0")/../../..}" && pwd)
cd "$root"

# AREA: the areas it may include and link, itself included. The longest name that begins a path is its
# area. Inference (core/nn) never needs training, and so neither do the plugin and dcm-medtl.
arrows='
include          include
core/base        include core/base
core/nn          include core/base core/nn
core/eval        include core/base core/nn core/eval
core/onnx        include core/base core/nn core/onnx
core/train       include core/base core/nn core/eval core/train
dicom            include core/base dicom
config           include core/base config
plugin           include core/base core/nn dicom config plugin/pipeline plugin
plugin/pipeline  include core/base core/nn dicom config plugin/pipeline
plugin/abi       include core/base plugin/pipeline plugin/abi
plugin/orthanc   include core/base plugin/pipeline plugin/orthanc
tools/common     include core/base tools/common
tools/dcm-medtl  include core/base core/nn dicom config plugin/pipeline tools/common tools/dcm-medtl
tools/medtl-decode include core/base dicom tools/medtl-decode
tools/plot       include core/base tools/plot
tools/medtl      include core/base core/nn core/eval core/onnx core/train dicom config plugin/pipeline tools/common tools/plot tools/medtl
examples         include examples
'
# A foreign library, as the beginning of an <include>, and the only area (product code) that knows it.
foreign_headers='
dcmtk/           dicom
openjpeg         dicom
zip.h            dicom
libxml/          config
cblas.h          core
lapacke.h        core
openblas         core
orthanc/         plugin/orthanc
onnx.pb-c.h      core/onnx
protobuf-c/      core/onnx
cairo            tools/plot
'
# The same for what CMake links (case does not count).
foreign_targets='
dcmtk            dicom
openjp2          dicom
openjpeg         dicom
libxml2          config
openblas         core
cairo            tools/plot
'

files_named() { # PATTERN...: files of the product's folders, tests and bench left out: they may look at everything
    local pattern folders=()
    for folder in include core dicom config plugin tools examples; do
        [ -d "$folder" ] && folders+=("$folder")
    done
    for pattern in "$@"; do
        find "${folders[@]}" -type f -name "$pattern"
    done | sort
}

# One line for each "#include", as FILE<tab>LINE<tab>DELIMITER<tab>NAME.
includes() {
    files_named '*.c' '*.h' '*.cpp' '*.hpp' '*.cc' | while read -r file; do
        sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*([<"])([^>"]+)[>"].*/\1\t\2/p;=' "$file" |
            awk -v file="$file" -F'\t' 'NF == 2 { found = $0; next } found { print file "\t" $0 "\t" found; found = "" }'
    done
}

# One line for each library that a CMakeLists.txt links, and for each target of ours that it defines.
links() {
    files_named CMakeLists.txt | while read -r file; do
        sed 's/#.*//' "$file" | tr '\n' ' ' | { grep -oE '(target_link_libraries|medtl_library|add_library)\([^)]*\)' || true; } |
            sed -E 's/[()]/ /g' | awk -v file="$file" '
                $1 != "target_link_libraries" { print file "\tdefines\t" $2; next }
                { for (i = 3; i <= NF; i++) print file "\tlinks\t" $i }'
    done
}

{ find . -path ./.git -prune -o -path './build*' -prune -o -type f \( -name '*.h' -o -name '*.hpp' \) -printf 'header\t%P\n'
  includes | sed 's/^/include\t/'
  links | sed 's/^/link\t/'; } |
awk -F'\t' -v arrows="$arrows" -v foreign_headers="$foreign_headers" -v foreign_targets="$foreign_targets" '
    function area_of(path,   area, best) { # the longest area that is the beginning of the path
        best = ""
        for (area in allowed)
            if (index(path, area "/") == 1 && length(area) > length(best))
                best = area
        return best
    }
    function folder_of(path) { sub(/\/[^\/]*$/, "", path); return path }
    function simplify(path) { # a/b/../c -> a/c
        while (sub(/(^|\/)[^\/.][^\/]*\/\.\.\//, "/", path)) ;
        sub(/^\//, "", path)
        return path
    }
    # The file of ours that an include names, as the include paths of the build would find it; "" for none.
    function resolve(from, name,   candidate, header) {
        candidate = simplify(folder_of(from) "/" name)
        if (candidate in headers) return candidate
        if (("include/" name) in headers) return "include/" name
        if (name in headers) return name
        for (header in headers) # by an include path of a target: any header that ends in this name
            if (length(header) > length(name) && substr(header, length(header) - length(name)) == "/" name)
                return header
        return ""
    }
    function wrong(text) { print text; bad = 1 }
    function may(from, to) { return index(" " allowed[from] " ", " " to " ") > 0 }
    function check_foreign(table, count, where, area, name,   i, pair) {
        for (i = 1; i <= count; i++) {
            split(table[i], pair, " ")
            if (index(tolower(name), pair[1]) == 1 || index(tolower(name), "pkgconfig::" pair[1]) == 1)
                if (index(area "/", pair[2] "/") != 1)
                    wrong(where ": only " pair[2] "/ knows " name)
        }
    }
    BEGIN {
        count = split(arrows, line, "\n")
        for (i = 1; i <= count; i++)
            if (split(line[i], word, " ") > 1) {
                allowed[word[1]] = ""
                for (j = 2; j in word; j++) allowed[word[1]] = allowed[word[1]] " " word[j]
                delete word
            }
        header_count = split(foreign_headers, foreign_header, "\n")
        target_count = split(foreign_targets, foreign_target, "\n")
        # blank first and last lines of the tables must not match everything
        foreign_header[1] = foreign_header[header_count] = "\001 -"
        foreign_target[1] = foreign_target[target_count] = "\001 -"
    }
    $1 == "header" { headers[$2] = 1 }
    $1 == "include" {
        where = $2 ":" $3
        area = area_of($2)
        check_foreign(foreign_header, header_count, where, area, $5)
        target = $4 == "<" ? "" : resolve($2, $5)
        if (target == "") next
        if (area == "") { wrong(where ": in no folder of the design"); next }
        to = area_of(target)
        if (to == "") wrong(where ": " target " is outside the product")
        else if (!may(area, to)) wrong(where ": " area "/ must not include " target)
    }
    $1 == "link" && $3 == "defines" { home[$4] = area_of($2) }
    $1 == "link" && $3 == "links" { linked[++link_count] = $2 "\t" $4 }
    END {
        for (i = 1; i <= link_count; i++) {
            split(linked[i], part, "\t")
            area = area_of(part[1])
            check_foreign(foreign_target, target_count, part[1], area, part[2])
            if (area != "" && (part[2] in home) && home[part[2]] != "" && !may(area, home[part[2]]))
                wrong(part[1] ": " area "/ must not link " part[2] " of " home[part[2]] "/")
        }
        exit bad
    }'
