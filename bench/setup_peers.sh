#!/usr/bin/env bash
# Installs the peers of the scoreboard from PyPI, each into a virtual environment under .peers/, and lists their versions.
#
# bench/setup_peers.sh [PEER...]   (default: all; one that is in place stays as it is)
# PEER_PYTHON chooses the interpreter; otherwise it is the newest one found.
set -eu
cd "$(dirname "$0")/.."

declare -A packages=(
  [jax]="jax"
  [torch]="torch numpy"
  # The last version that vectorises mathematics with Intel's SVML, which icc-rt holds.
  [numba]="numba==0.61.2 icc-rt"
  [numexpr]="numexpr"
)

find_python() {
  local candidate
  for candidate in ${PEER_PYTHON:-python3.13 python3.12 python3.11 python3}; do
    "$candidate" -c 'import ensurepip, sys; assert sys.version_info >= (3, 10)' 2>/dev/null && echo "$candidate" && return
  done
  echo "setup_peers: no Python of at least 3.10 that makes virtual environments; name one in PEER_PYTHON" >&2
  return 1
}

install() {
  local folder=.peers/$1 stamp=.peers/$1/croton-stamp wanted
  # The stamp holds what was installed: another list, or another place of this folder, repeats the installation.
  wanted="$PWD ${packages[$1]}"
  [ -f "$stamp" ] && [ "$(<"$stamp")" = "$wanted" ] && [ -x "$folder/bin/python" ] && return
  echo "setup_peers: installing $1"
  "$python" -m venv --clear "$folder"
  # shellcheck disable=SC2086  # a list of packages
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --retries 5 ${packages[$1]}
  printf '%s\n' "$wanted" >"$stamp"
}

versions() {
  .peers/"$1"/bin/python -m pip --disable-pip-version-check list --format=freeze 2>/dev/null |
    grep -iE '^(numpy|jax|jaxlib|torch|numba|icc[-_]rt|numexpr)==' | paste -sd' ' | sed "s/^/$1: /"
}

python=$(find_python)
[ $# -gt 0 ] || set -- jax torch numba numexpr
for peer in "$@"; do
  [ -n "${packages[$peer]:-}" ] || { echo "setup_peers: no such peer: $peer (there are ${!packages[*]})" >&2; exit 1; }
  install "$peer"
  versions "$peer"
done
