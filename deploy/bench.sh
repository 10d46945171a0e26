#!/usr/bin/env bash
# Measures the bridge with many accounts between a real Mosquitto and a real Prosody or ejabberd on loopback: how long all
# of them take to log in, what an account costs in memory and CPU, what a load both ways costs and how late it arrives,
# and how they all come back when the XMPP server has been killed. Prints one table, with a column for each number of
# accounts. Exit code 0 only if every account came online and nothing was lost; nothing timed is judged, for everything
# here runs on the same machine.
#
#   deploy/bench.sh                100 accounts at Prosody over TLS
#     --accounts N[,N…]            other numbers of accounts
#     --rate R                     messages a second for each account and direction (1)
#     --seconds S                  how long (20)
#     --server prosody|ejabberd    the XMPP server (prosody)
#     --tls direct|starttls|none   the links to it (direct)
#     --status all|asked|failed    which statuses the accounts publish (all)
#     --size BYTES                 of a message's body (100)
#     --markdown                   the table as docs/performance.md has it
#
# BRIDGE_BINARY=FILE in the environment: measures that program and does not build it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export LOAD_ACCOUNTS=100 LOAD_RATE=1 LOAD_SECONDS=20 LOAD_SERVER=prosody LOAD_TLS=direct LOAD_STATUS=all LOAD_SIZE=100
export LOAD_FORMAT=text
usage="usage: deploy/bench.sh [--accounts N[,N…]] [--rate R] [--seconds S] [--server prosody|ejabberd]
  [--tls direct|starttls|none] [--status all|asked|failed] [--size BYTES] [--markdown]"

# option NAME VALUE PATTERN: the value, if the whole of it matches.
option() { [[ ${2-} =~ ^($3)$ ]] && REPLY=$2 || die "$1 needs $3, not \"${2-}\""; }

number='[0-9]+(\.[0-9]+)?'
while [[ $# != 0 ]]; do
  case $1 in
    --accounts) option "$1" "${2-}" '[1-9][0-9]*(,[1-9][0-9]*)*' && LOAD_ACCOUNTS=$REPLY && shift ;;
    --rate) option "$1" "${2-}" "$number" && LOAD_RATE=$REPLY && shift ;;
    --seconds) option "$1" "${2-}" "$number" && LOAD_SECONDS=$REPLY && shift ;;
    --server) option "$1" "${2-}" 'prosody|ejabberd' && LOAD_SERVER=$REPLY && shift ;;
    --tls) option "$1" "${2-}" 'direct|starttls|none' && LOAD_TLS=$REPLY && shift ;;
    --status) option "$1" "${2-}" 'all|asked|failed' && LOAD_STATUS=$REPLY && shift ;;
    --size) option "$1" "${2-}" '[1-9][0-9]*' && LOAD_SIZE=$REPLY && shift ;;
    --markdown) LOAD_FORMAT=markdown ;;
    *) die "$usage" ;;
  esac
  shift
done

# The bridge has one descriptor of an account's XMPP link and three of its MQTT connection; the servers have fewer.
ulimit -n "$(ulimit -Hn)"
for accounts in ${LOAD_ACCOUNTS//,/ }; do
  needed=$((accounts * 4 + 256))
  if [[ $(ulimit -n) != unlimited ]] && (($(ulimit -n) < needed)); then
    die "$accounts accounts need $needed open files, and ulimit -Hn allows $(ulimit -n)"
  fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LOAD_TABLE=$work/table LOAD_STEPS=$work/steps
: >"$LOAD_STEPS"

ensure_packages "${build_packages[@]}" "${test_packages[@]}" >&2
find_swift >&2
if [[ -z ${BRIDGE_BINARY-} ]]; then
  say "build (release; the first time takes some minutes)" >&2
  release=(-c release --static-swift-stdlib --scratch-path .build-release)
  swift build "${release[@]}" --product xmpp-mqtt-bridge >&2
  BRIDGE_BINARY=$(swift build "${release[@]}" --show-bin-path)/xmpp-mqtt-bridge
fi
export BRIDGE_BINARY
say "build of the load generator" >&2
swift build --build-tests >&2

say "$LOAD_ACCOUNTS accounts at $LOAD_SERVER" >&2
swift test --skip-build --disable-xctest --no-parallel --filter LoadTests >"$work/log" 2>&1 &
test=$!
# What is going on, for whoever watches; the table comes at the end.
shown=0
while kill -0 $test 2>/dev/null; do
  sleep 1
  tail -n +$((shown + 1)) "$LOAD_STEPS" >"$work/news"
  while read -r step; do
    say "$step" >&2
    shown=$((shown + 1))
  done <"$work/news"
done
status=0
wait $test || status=$?
[[ -s $LOAD_TABLE ]] || { tail -n 40 "$work/log" >&2 && die "nothing was measured"; }
cat "$LOAD_TABLE"
if [[ $status != 0 ]]; then
  grep -a -A 12 "recorded an issue" "$work/log" >&2 || tail -n 40 "$work/log" >&2
  die "something was lost, or an account did not come online"
fi
