#!/usr/bin/env bash
# Installs what Croton's build and tests need on Debian 12: system packages by apt, Python packages in .venv.
# A second run finds everything in place and takes a fraction of a second.
set -eu
cd "$(dirname "$0")/.."

packages=(build-essential g++-12 cmake ninja-build pkg-config python3-dev python3-venv zlib1g-dev libzstd-dev
  llvm-19-dev libgtest-dev libbenchmark-dev libfmt-dev nlohmann-json3-dev libxxhash-dev libdnnl-dev
  libopenblas-serial-dev libeigen3-dev libhwy-dev ccache lld-19 clang-format-19)

install_system_packages() {
  command -v dpkg-query >/dev/null || {
    echo "setup: this is not a Debian system; install the counterparts of: ${packages[*]}" >&2
    exit 1
  }
  local installed missing=() package
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
  for package in "${packages[@]}"; do
    grep -qx "installed $package" <<<"$installed" || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ]; then
    printf 'setup: these packages are missing: %s\nRun this as root, then try again:\n\n' "${missing[*]}" >&2
    printf '  apt-get update && apt-get install -y --no-install-recommends %s\n\n' "${packages[*]}" >&2
    exit 1
  fi
  echo "setup: installing ${#missing[@]} system packages (about a minute)"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq -o Acquire::Retries=3
  apt-get install -y -qq --no-install-recommends -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null
}

install_python_packages() {
  # A link leads to the environment of another work tree, which is not ours to clear.
  [ -L .venv ] && return
  # The stamp holds what was installed: another list, or another place of this folder, repeats the installation.
  local stamp=.venv/croton-stamp wanted
  wanted="$PWD $(<requirements.txt)"
  [ -f $stamp ] && [ "$(<$stamp)" = "$wanted" ] && [ -x .venv/bin/python ] && return
  echo "setup: installing Python packages into .venv"
  # The system's Python, whose development files python3-dev holds; another one that comes first in PATH has none.
  /usr/bin/python3 -m venv --clear .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --retries 5 -r requirements.txt
  printf '%s\n' "$wanted" >$stamp
}

install_system_packages
install_python_packages
