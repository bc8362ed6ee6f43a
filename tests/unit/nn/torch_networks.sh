#!/bin/sh
# Every value of every gradient against PyTorch, where it is installed: torch_networks.sh PROGRAM SCRIPT [CASE...]
# Without a CASE, a few that take seconds and that single precision gets right (--check); the cases of make_torch_networks.py, or larger ones, may be given.
program=$1
script=$2
shift 2
python=$(command -v /usr/bin/python3 || command -v python3) || exit 77
"$python" -c 'import torch, torchvision' 2>/dev/null || { echo "no PyTorch: skipped"; exit 77; }
[ $# -gt 0 ] || set -- resnet20:8:3:20:24:4:3:1:1 resnet18_cifar:16:3:32:30:4:3:2:0 mobilenet_v2:8:1:64:64:3:6:2:0 vit_tiny:24:3:48:32:3:3:0:0
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
"$python" -B "$script" --all "$folder/references.bin" "$@" > "$folder/references" &&
    MEDTL_TORCH_NETWORKS="$folder/references" "$program" -j1
