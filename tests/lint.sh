#!/usr/bin/env bash
# Style and the checks that find bugs, over our own sources.
#   bash tests/lint.sh [--since REF] [--format-only] [FILE...]
#     --since REF     only files that differ from this commit
#     --format-only   clang-format alone (clang-tidy takes minutes)
#     FILE...         only these
# Changes nothing. Needs a configured build (build/compile_commands.json) for clang-tidy.
# Exit 0: clean; 1: findings, each with its place; 2: usage; 3: a tool is missing.
set -u
cd "$(dirname "$0")/.."

since='' format_only=0 files=()
while [ $# -gt 0 ]; do
  case $1 in
    -h|--help) sed -n '2,8s/^# //p' "$0"; exit 0 ;;
    --since) [ $# -ge 2 ] || { echo "lint.sh: --since needs a commit" >&2; exit 2; }; since=$2; shift 2 ;;
    --format-only) format_only=1; shift ;;
    -*) echo "lint.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
    *) files+=("$1"); shift ;;
  esac
done

if [ ${#files[@]} -eq 0 ]; then
  if [ -n "$since" ]; then
    list=$(git diff --name-only --diff-filter=d "$since" --) || exit 2
  else
    list=$(git ls-files --cached --others --exclude-standard)
  fi
  mapfile -t files < <(grep -E '\.(c|h|cpp|hpp)$' <<<"$list")
fi
[ ${#files[@]} -gt 0 ] || { echo "lint.sh: no sources to look at"; exit 0; }

command -v clang-format >/dev/null || { echo "lint.sh: clang-format is not installed" >&2; exit 3; }
bad=0
echo "clang-format: ${#files[@]} files"
clang-format --dry-run -Werror "${files[@]}" 2>&1 | grep -E 'error:' | cut -d: -f1 | sort | uniq -c |
  awk '{ print "  " $2 ": " $1 " places" } END { exit NR > 0 }' || bad=1

if [ $format_only = 0 ]; then
  command -v clang-tidy >/dev/null || { echo "lint.sh: clang-tidy is not installed" >&2; exit 3; }
  database=build/compile_commands.json
  [ -e $database ] || { echo "lint.sh: no $database; run cmake --preset release" >&2; exit 3; }
  # Only what the build compiles: headers are checked through the sources that include them.
  compiled=()
  for file in "${files[@]}"; do
    grep -q "\"file\": \"$PWD/$file\"" $database && compiled+=("$file")
  done
  # GCC's precompiled header means nothing to clang-tidy, and hides an #include that is missing.
  mkdir -p build/lint
  sed -E 's/ -Winvalid-pch//; s/ -include [^ ]*cmake_pch\.hxx//' $database >build/lint/compile_commands.json
  echo "clang-tidy: ${#compiled[@]} sources"
  if [ ${#compiled[@]} -gt 0 ]; then
    # GCC's options that Clang lacks are no finding.
    printf '%s\0' "${compiled[@]}" |
      xargs -0 -n 1 -P "$(nproc)" clang-tidy -p build/lint --quiet --extra-arg=-Wno-unknown-warning-option 2>/dev/null |
      grep -E '(error|warning):' | sort -u >build/lint.log
    if [ -s build/lint.log ]; then
      sed "s#$PWD/#  #" build/lint.log
      bad=1
    fi
  fi
fi
exit $bad
