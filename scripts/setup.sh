#!/usr/bin/env bash
# Sets up everything that Lockstep needs on a fresh machine, and nothing twice:
#   1. finds Python 3.11 or later,
#   2. installs the system libraries that pyodbc and Microsoft's driver load (Debian and Ubuntu),
#   3. makes .venv and installs the exact, hash-checked versions of requirements.lock into it.
# Microsoft's ODBC Driver 18 itself comes with the Python packages. Set PYTHON to choose another interpreter.
# With the argument test-clients it installs clients that are not ours, for the tests that need them: FreeTDS with its
# ODBC driver, jTDS and a Java development kit, Node.js, and the npm packages of tests/clients/bridges, exactly as locked
# there, into build/clients.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
die() {
    printf 'setup: %s\n' "$*" >&2
    exit 3
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    die "Python 3.11 or later is needed and was not found; install it, or set PYTHON to its path"
}

can_load() {
    "$python" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1" 2>/dev/null
}

# apt-get as root or through sudo; otherwise the one line that tells what to install.
install_debian() {
    local root=()
    if ! command -v apt-get >/dev/null; then
        die "please install the equivalent of these Debian packages, then run make again: $*"
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
            root=(sudo)
        else
            die "please run as root, then run make again: apt-get install $*"
        fi
    fi
    say "installing $*"
    "${root[@]}" apt-get update -qq || die "apt-get update failed"
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        die "apt-get could not install: $*"
}

install_system_packages() {
    local packages=()
    "$python" -c 'import ensurepip' 2>/dev/null ||
        packages+=("python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv")
    if [ "$(uname -s)" = Linux ]; then
        can_load libodbc.so.2 || packages+=(unixodbc)            # pyodbc loads the driver manager
        can_load libltdl.so.7 || packages+=(libltdl7)            # Microsoft's driver loads these two
        can_load libgssapi_krb5.so.2 || packages+=(libgssapi-krb5-2)
    fi
    [ "${#packages[@]}" -eq 0 ] || install_debian "${packages[@]}"
}

install_python_packages() {
    is_new_enough .venv/bin/python || "$python" -m venv --clear .venv
    say "installing the locked Python packages into .venv"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
}

install_clients() {
    local packages=()
    command -v tsql >/dev/null && command -v bsqldb >/dev/null && command -v freebcp >/dev/null || packages+=(freetds-bin)
    [ -n "$(find /usr/lib /usr/lib64 /usr/local/lib -name 'libtdsodbc.so*' -print -quit 2>/dev/null)" ] || packages+=(tdsodbc)
    [ -f /usr/share/java/jtds.jar ] || packages+=(libjtds-java)
    command -v javac >/dev/null || packages+=(default-jdk-headless)
    command -v node >/dev/null || packages+=(nodejs)
    command -v npm >/dev/null || packages+=(npm)
    [ "${#packages[@]}" -eq 0 ] || install_debian "${packages[@]}"
    if ! cmp -s tests/clients/bridges/package-lock.json build/clients/.installed-lock.json; then
        say "installing the locked npm packages into build/clients"
        mkdir -p build/clients
        cp tests/clients/bridges/package.json tests/clients/bridges/package-lock.json build/clients/
        npm ci --prefix build/clients --silent --no-audit --no-fund || die "npm could not install the packages"
        cp build/clients/package-lock.json build/clients/.installed-lock.json
    fi
}

if [ "${1:-}" = test-clients ]; then
    install_clients
    exit
fi

python=$(find_python)
install_system_packages
install_python_packages
.venv/bin/python -c 'import pyodbc' || die "pyodbc cannot be loaded; is unixODBC (libodbc.so.2) installed?"
touch .venv/.setup-done
say "done"
