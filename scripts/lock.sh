#!/usr/bin/env bash
# Writes requirements.lock anew from pyproject.toml, and tests/fuzz/requirements.lock from what stands beside it: exact
# versions with the hashes of all their files.
# pip-compile runs in an environment of its own, so that the lock holds only what the project uses.
# Versions already locked are kept; pass --upgrade, or --upgrade-package NAME, to move them.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -x build/lock-env/bin/pip-compile ] || {
    python3 -m venv build/lock-env
    build/lock-env/bin/python -m pip install --quiet pip-tools
}
compile() {
    CUSTOM_COMPILE_COMMAND="make lock" build/lock-env/bin/pip-compile \
        --quiet --strip-extras --generate-hashes --allow-unsafe \
        --no-emit-index-url --no-emit-trusted-host --no-emit-find-links "$@"
}

compile "$@" --extra dev --build-deps-for editable --output-file requirements.lock pyproject.toml
compile "$@" --output-file tests/fuzz/requirements.lock tests/fuzz/requirements.in
