# What the shell tests work on. Sourced.

# make_phantom DCM_MEDTL FOLDER: the phantom studies. Exits 77 in a tree without the default models, which
# are data and may be left out of a source archive.
make_phantom() {
    local models
    models=$(find "$(dirname "${BASH_SOURCE[0]}")/../../config/models" -name "*.safetensors")
    if [ -z "$models" ]; then
        echo "skipped: the default models are not in this tree (config/models)"
        exit 77
    fi
    "$1" phantom -o "$2" >"$2.log" 2>&1 || { cat "$2.log" >&2; echo "cannot make the phantom studies" >&2; exit 1; }
}
