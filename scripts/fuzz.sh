#!/usr/bin/env bash
# Fuzzes the emulator, each way for FUZZ_SECONDS (60) at most: the packet decoder and the parser guided by coverage, then
# statements and client streams at random. What the first two find stays in build/fuzz/, with the inputs that led there;
# the others print the smallest example. Exit status 1 if anything was found.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-60}
examples=${LOCKSTEP_FUZZ_EXAMPLES:-$((seconds * 20))}
python=.venv/bin/python
packages=build/fuzz-packages
export PYTHONPATH=$packages:$PWD
status=0

say() { printf 'fuzz: %s\n' "$*"; }

if [ ! tests/fuzz/requirements.lock -ot "$packages/.done" ]; then
    say "installing atheris into $packages"
    rm -rf "$packages"
    "$python" -m pip install -qq --disable-pip-version-check --require-hashes --target "$packages" \
        -r tests/fuzz/requirements.lock
    touch "$packages/.done"
fi

"$python" -m tests.fuzz.seeds build/fuzz
for target in decoder parser; do
    say "$target, guided by coverage, for $seconds s"
    if "$python" -m tests.fuzz.coverage_guided "$target" "build/fuzz/$target" -artifact_prefix="build/fuzz/$target-" \
        -max_total_time="$seconds" -max_len=4096 -timeout=20 >"build/fuzz/$target.log" 2>&1; then
        tail -n 1 "build/fuzz/$target.log"
    else
        status=1
        tail -n 40 "build/fuzz/$target.log"
    fi
done

say "statements and client streams, $examples examples each"
LOCKSTEP_FUZZ_EXAMPLES=$examples "$python" -m pytest -q -n auto --timeout=0 tests/fuzz || status=1

[ "$status" -eq 0 ] && say "nothing found" || say "found something: see above and build/fuzz"
exit "$status"
