#!/usr/bin/env bash
# Builds, lints, tests and measures everything, on a Debian 12 with Swift 6.3 and nothing else. Exit code 0 only if all is
# well.
#
#   deploy/test.sh                 everything
#   deploy/test.sh --filter NAME   only tests whose name matches, as `swift test --filter`
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

filter=()
case ${1-} in
  '') ;;
  --filter) filter=(--filter "${2:?--filter needs a name}") ;;
  *) die "usage: deploy/test.sh [--filter NAME]" ;;
esac

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

ensure_packages "${build_packages[@]}" "${test_packages[@]}"
find_swift

say "lint"
swift format lint --strict --configuration .swift-format -r \
  Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources Benchmarks/Benchmarks

say "build"
swift build --build-tests --explicit-target-dependency-import-check error 2>&1 | tee "$logs/build"
if grep -E "^$PWD/(Sources|Tests)/.*: warning:" "$logs/build"; then die "the build is not free of warnings"; fi

# passed LOG: how many tests a run of Swift Testing says it has passed.
passed() { sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\} .*passed.*/\1/p' "$1" | tail -n 1; }

# run_tests NAME OPTION…: one `swift test`; a failure is remembered, so that all parts run.
failures=()
total=0
run_tests() {
  local name=$1 count
  shift
  say "tests: $name"
  if swift test --skip-build --disable-xctest "$@" 2>&1 | tee "$logs/$name"; then
    count=$(passed "$logs/$name")
    total=$((total + ${count:-0}))
    [[ -n $count && $count != 0 ]] || failures+=("$name (no test ran)")
  else
    failures+=("$name")
  fi
}

# What starts servers of its own runs one after the other: two cores carry one broker, two XMPP servers and a bridge.
servers='IntegrationTests|CrashTests|LoadTests|TestSupportTests'
if [[ ${#filter[@]} != 0 ]]; then
  run_tests filtered --no-parallel "${filter[@]}"
else
  run_tests units --skip "$servers"
  say "instructions"
  deploy/instructions.sh 2>&1 | tee "$logs/instructions" || failures+=(instructions)
  run_tests servers --no-parallel --filter "$servers"
  say "release"
  program=$logs/xmpp-mqtt-bridge
  if deploy/release.sh "$program" 2>&1 | tee "$logs/release"; then
    # The optimised program, of which all else here is the debug build, between the same servers.
    BRIDGE_BINARY=$program run_tests release --no-parallel --filter 'Integration/(MessagesBothWays|LinkCuts|Kills)/'
  else
    failures+=(release)
  fi
fi

if [[ ${#failures[@]} != 0 ]]; then
  # Again at the end, where whoever sees only the tail of a log finds them.
  grep -h -A 12 "recorded an issue" "$logs"/* | grep -v -E "(started|passed)[ .]" || true
  grep -h -E "it (costs|has no|is in)" "$logs/instructions" 2>/dev/null || true
  die "failed: ${failures[*]}"
fi
say "everything is fine"
echo "$total passed, 0 failed"
