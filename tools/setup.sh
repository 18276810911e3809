#!/usr/bin/env bash
# Sets up what is missing, and says so. Usage: tools/setup.sh python [EXTRA] | toolchain [ENGINE] | host
#   python      .venv with the light dependencies; EXTRA dev adds pytest and the linters;
#               EXTRA train makes .venv-train with TensorFlow instead, so that .venv stays light
#   toolchain   arm-none-eabi-gcc with newlib, and qemu-system-arm; ENGINE tflm adds the C++ library,
#               which is large (310 MB to download, 1.6 GB on disk) and needed by nothing else
#   host        gcc for the board "host" and for the C tests
# On systems without apt it names what to install by hand and fails.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*" >&2; }
fail() {
    printf 'error: %s\n' "$1" >&2
    printf 'hint: %s\n' "$2" >&2
    exit 1
}

apt_install() { # apt_install REASON PACKAGE...
    local reason=$1 log
    local -a sudo=()
    shift
    if ! command -v apt-get >/dev/null; then
        fail "$reason is missing, and this system has no apt" \
            "install by hand what Debian calls: $*"
    fi
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "$reason is missing; installing it takes root, and there is no sudo" \
                "as root: apt-get install $*"
        sudo=(sudo)
    fi
    say "installing $reason with apt: $*"
    log=$(mktemp)
    if ! { "${sudo[@]}" apt-get update && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        fail "apt could not install $reason" "whole log: $log"
    fi
    rm -f "$log"
}

find_python() { # find_python BELOW_MINOR: 3.11 or newer, older than 3.BELOW_MINOR
    local candidate wanted="3.11 or newer"
    [ "$1" -eq 100 ] || wanted="from 3.11 to 3.$(($1 - 1))"
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c \
                "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, $1))"; then
            echo "$candidate"
            return
        fi
    done
    fail "no Python $wanted found" \
        "install one (Debian 12 and Ubuntu 24.04 have one) or set PYTHON=/path/to/python3"
}

install_into() { # install_into VENV REQUIREMENT STAMP LOCK PYTHON_BELOW_MINOR
    local venv=$1 requirement=$2 stamp=$3 python
    local -a lock=()
    [ -n "${CI:-}" ] && lock=(-c "$4")
    if [ ! -x "$venv/bin/pip" ]; then
        python=$(find_python "$5")
        "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            apt_install "Python's venv module" python3-venv
        say "making $venv with $("$python" --version)"
        "$python" -m venv "$venv"
    fi
    say "installing $requirement into $venv (a minute or two the first time)"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "${lock[@]}" -e "$requirement"
    touch "$stamp"
}

setup_python() {
    case "${1:-}" in
    "") install_into .venv . .venv/.ready .ci/constraints.txt 100 ;;
    dev)
        install_into .venv ".[dev]" .venv/.ready-dev .ci/constraints.txt 100
        touch .venv/.ready
        ;;
    # neuralspot-edge, which builds the networks, is for Python older than 3.13.
    train) install_into .venv-train ".[train,test]" .venv-train/.ready .ci/constraints-train.txt 13 ;;
    *) fail "unknown extra '$1'" "one of: dev, train" ;;
    esac
}

setup_toolchain() {
    local -a missing=()
    case "${1:-aot}" in
    aot | tflm) ;;
    *) fail "unknown engine '$1'" "one of: aot, tflm" ;;
    esac
    command -v arm-none-eabi-gcc >/dev/null &&
        [ -f "$(arm-none-eabi-gcc -print-file-name=nano.specs)" ] ||
        missing+=(gcc-arm-none-eabi libnewlib-arm-none-eabi)
    command -v qemu-system-arm >/dev/null || missing+=(qemu-system-arm)
    [ ${#missing[@]} -eq 0 ] || apt_install "the Cortex-M4 toolchain and emulator" "${missing[@]}"
    # Asked for by its full name a library is printed with its folder, unless it is missing.
    [ "${1:-}" != tflm ] || [ -f "$(arm-none-eabi-g++ -print-file-name=libstdc++_nano.a)" ] ||
        apt_install "the C++ library for engine tflm (310 MB)" libstdc++-arm-none-eabi-newlib
}

setup_host() {
    command -v gcc >/dev/null || apt_install "a C compiler for this machine" gcc libc6-dev
}

case "${1:-}" in
python) setup_python "${2:-}" ;;
toolchain) setup_toolchain "${2:-}" ;;
host) setup_host ;;
*)
    sed -n '2,8p' "$0" | sed 's/^# \{0,1\}//' >&2
    exit 2
    ;;
esac
