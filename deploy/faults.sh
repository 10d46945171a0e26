#!/usr/bin/env bash
# Makes every fault that docs/delivery.md names happen to the bridge, between real Mosquitto, Prosody and ejabberd on
# loopback, while numbered messages go both ways. Prints one table: what each fault has cost. Exit code 0 only if every
# cell keeps the promise. Takes a little more than an hour on two cores.
#
#   deploy/faults.sh               everything
#     --seed N                     the random instants of an earlier run, whose table names its seed
#     --only NAME                  only rows whose fault and server contain NAME, such as "bridge killed, Prosody"
#     --short                      the version that deploy/test.sh runs, a few minutes
#     --markdown                   the table as docs/delivery.md has it
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export FAULTS=long FAULTS_ONLY='' FAULTS_FORMAT=text
while [[ $# != 0 ]]; do
  case $1 in
    --seed) export FAULTS_SEED=${2:?--seed needs a number} && shift ;;
    --only) FAULTS_ONLY=${2:?--only needs a name} && shift ;;
    --short) FAULTS=short ;;
    --markdown) FAULTS_FORMAT=markdown ;;
    *) die "usage: deploy/faults.sh [--seed N] [--only NAME] [--short] [--markdown]" ;;
  esac
  shift
done

work=$(mktemp -d)
export FAULTS_TABLE=$work/table
trap 'rm -rf "$work"' EXIT

ensure_packages "${build_packages[@]}" "${test_packages[@]}" >&2
find_swift >&2
say "build" >&2
swift build --build-tests >&2

say "faults" >&2
swift test --skip-build --disable-xctest --no-parallel --filter CrashTests >"$work/log" 2>&1 &
test=$!
# What is known so far, for whoever watches; the table itself comes in one piece at the end.
shown=0
while kill -0 $test 2>/dev/null; do
  sleep 2
  rows=$(grep -c -E 'MQTT → XMPP|XMPP → MQTT' "$FAULTS_TABLE" 2>/dev/null || true)
  if ((${rows:-0} > shown)); then
    grep -E 'MQTT → XMPP|XMPP → MQTT' "$FAULTS_TABLE" | tail -n +$((shown + 1)) >&2 || true
    shown=$rows
  fi
done
status=0
wait $test || status=$?
[[ -s $FAULTS_TABLE ]] || { tail -n 40 "$work/log" >&2 && die "no row was played"; }
cat "$FAULTS_TABLE"
if [[ $status != 0 ]]; then
  grep -a -A 12 "recorded an issue" "$work/log" >&2 || tail -n 40 "$work/log" >&2
  die "the promise is broken"
fi
say "every cell keeps the promise" >&2
