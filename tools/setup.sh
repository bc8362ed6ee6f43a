#!/usr/bin/env bash
# Install the Debian packages that medtl is built and tested with.
#   bash tools/setup.sh build     what a build and the demo need
#   bash tools/setup.sh test      that, and what the test suite needs (validators, Orthanc, a second compiler)
# Does nothing where everything is there. Needs root or sudo only to install something.
set -eu

build=(
  gcc g++ libc6-dev cmake ninja-build pkg-config      # toolchain
  libdcmtk-dev dcmtk                                  # DICOM; dsrdump shows the demo's report
  libopenjp2-7-dev                                    # JPEG 2000, which DCMTK lacks
  libzip-dev                                          # studies in zip archives
  liblcms2-dev                                        # ICC profiles of photographs
  libxml2-dev libjansson-dev nettle-dev               # task files, JSON, SHA-256
  libpng-dev libjpeg62-turbo-dev zlib1g-dev           # training images and pictures
  libcairo2-dev                                       # charts of the offline tools; brings a font along (DejaVu)
  protobuf-c-compiler libprotobuf-c-dev libonnx-dev   # ONNX files: onnx.proto and what reads it
  liblinear-dev libsvm-dev                            # classical classifiers on features (finetune --strategy hybrid)
  orthanc-dev                                         # header of the Orthanc plugin SDK (GPLv3)
)
test=(
  libcriterion-dev                                    # test framework
  clang libclang-rt-14-dev clang-format               # second compiler; layout of the sources
  locales                                             # the source of a locale with a decimal comma
  libonnx-testdata                                    # the official conformance data of ONNX
  dicom3tools libpixelmed-java openjdk-17-jdk-headless python3-pydicom python3-numpy   # judges of reports
  orthanc iproute2 util-linux procps curl             # a real PACS on loopback, in its own namespace
  xz-utils libxml2-utils binutils git ca-certificates libgdcm-tools
)

case "${1:-}" in
  build) wanted=("${build[@]}") ;;
  test) wanted=("${build[@]}" "${test[@]}") ;;
  *) sed -n '2,5s/^# //p' "$0"; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "setup: not root and no sudo; please install: ${missing[*]}" >&2; exit 3; }
  as_root=(sudo)
fi

# A test machine must not become a PACS: packages with a daemon may not start it while they are installed.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
  "${as_root[@]}" chmod 755 $policy
  trap '"${as_root[@]}" rm -f $policy' EXIT
fi

echo "setup: installing ${#missing[@]} packages: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600)
log=$(mktemp)
{ "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
  { tail -n 20 "$log" >&2; echo "setup: installation failed; whole log in $log" >&2; exit 3; }
rm -f "$log"
