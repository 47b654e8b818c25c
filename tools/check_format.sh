#!/usr/bin/env bash
# Fails if a committed C++ file is not laid out as .clang-format says; `tools/check_format.sh --fix` lays it out.
set -eu
cd "$(dirname "$0")/.."
mapfile -t files < <(git ls-files -- '*.h' '*.cpp' | while read -r file; do [ -f "$file" ] && echo "$file"; done)
[ ${#files[@]} -eq 0 ] && exit 0
if [ "${1:-}" = --fix ]; then
  printf '%s\0' "${files[@]}" | xargs -0 -P 2 -n 16 clang-format-19 -i
else
  printf '%s\0' "${files[@]}" | xargs -0 -P 2 -n 16 clang-format-19 --dry-run -Werror --ferror-limit=1 || {
    echo "check_format: run tools/check_format.sh --fix" >&2
    exit 1
  }
fi
echo "check_format: ${#files[@]} files"
