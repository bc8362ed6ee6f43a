#!/usr/bin/env bash
# Tables and pictures that the experiments beside this file expect, from data sets as they are published.
#   bash prepare-data.sh DATA OUT
# DATA holds ham10000-224/, rsna-mammo-320/, mini-mias-512/, azh-wound-test/, medmnist/ and weights/, or some of them;
# it is only read. OUT gets links to them, tables/, breastmnist/ and dermamnist/: give it to run-experiment as --root.
# Needs unzip for medmnist. Exit 0: made what DATA allows; 2: usage; 3: cannot.
set -euo pipefail

[ $# = 2 ] && [ -d "$1" ] || { sed -n '2,6s/^# //p' "$0"; exit 2; }
data=$(cd "$1" && pwd)
mkdir -p "$2/tables"
out=$(cd "$2" && pwd)
trap 'echo "prepare-data.sh: failed at line $LINENO" >&2; exit 3' ERR

for set in ham10000-224 rsna-mammo-320 mini-mias-512 azh-wound-test weights; do
  if [ -d "$data/$set" ]; then ln -sfn "$data/$set" "$out/$set"; else echo "no $set: left out"; fi
done

# mini-MIAS: normal against abnormal; the file's name is made of the image's.
if [ -d "$data/mini-mias-512" ]; then
  tr -d '\r' < "$data/mini-mias-512/labels.csv" | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; print "file,label,group,fold"; next }
    { l = $at["label"]; print "images/" $at["image"] ".png," (l == "normal" ? "normal" : "abnormal") "," \
      $at["patient"] "," $at["fold5_by_patient"] }' > "$out/tables/mini-mias.csv"
fi

# Foot and leg wounds: the folder is the class. Crops of one photograph share the number before the underscore, and are one group.
if [ -d "$data/azh-wound-test" ]; then
  (cd "$data/azh-wound-test" && find . -name '*.jpg' | sort) | awk -F/ 'BEGIN { print "file,label,group"
      name["D"] = "diabetic"; name["V"] = "venous"; name["S"] = "surgical"; name["P"] = "pressure"
      name["N"] = "normal"; name["BG"] = "background" }
    { g = $3; sub(/[_.].*/, "", g); print $2 "/" $3 "," name[$2] "," g }' > "$out/tables/wounds.csv"
  awk -F, 'NR == 1 || $2 == "diabetic" || $2 == "normal"' "$out/tables/wounds.csv" > "$out/tables/diabetic-foot.csv"
fi

# BreastMNIST: arrays of 28 x 28 bytes behind a header of 128 become PGM files. Label 0 is malignant, 1 normal or benign.
if [ -f "$data/medmnist/breastmnist.npz" ]; then
  mkdir -p "$out/breastmnist"
  {
    echo 'file,label,group,fold'
    for split in train val test; do
      unzip -p "$data/medmnist/breastmnist.npz" "${split}_images.npy" | tail -c +129 |
        (cd "$out/breastmnist" && split -b 784 -d -a 4 --filter='{ printf "P5\n28 28\n255\n"; cat; } > $FILE.pgm' - "${split}_")
      unzip -p "$data/medmnist/breastmnist.npz" "${split}_labels.npy" | tail -c +129 | od -An -v -tu1 -w1 |
        awk -v s="$split" '{ printf "%s_%04d.pgm,%s,%s%d,%s\n", s, NR - 1, ($1 == 0 ? "malignant" : "benign"), s, NR, s }'
    done
  } > "$out/breastmnist/labels.csv"
  awk -F, '$4 != "test"' "$out/breastmnist/labels.csv" > "$out/breastmnist/development.csv" # to choose settings by
fi

# DermaMNIST: pictures and their table as they are. It has no lesions: each image is a group of its own.
if [ -f "$data/medmnist/dermamnist28_jpeg.zip" ]; then
  mkdir -p "$out/dermamnist"
  unzip -q -o "$data/medmnist/dermamnist28_jpeg.zip" -d "$out/dermamnist"
fi
echo "$out is ready"
