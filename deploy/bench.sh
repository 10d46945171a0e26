#!/usr/bin/env bash
# Measures the bridge between a real Mosquitto and a real Prosody or ejabberd on loopback, and prints one table.
#
# With many accounts: how long all of them take to log in, what an account costs in memory and CPU, what a load both ways
# costs and how late it arrives, and how they all come back when the XMPP server has been killed. With many messages
# waiting (--waiting): how fast the journal takes them in while nobody is there who wants them, what they cost in memory and
# on the disk, how fast they leave, and how fast another account is meanwhile.
#
# Exit code 0 only if every account came online and nothing was lost; nothing timed is judged, for everything here runs
# on the same machine.
#
#   deploy/bench.sh                100 accounts at Prosody over TLS
#     --accounts N[,N…]            other numbers of accounts
#     --rate R                     messages a second for each account and direction (1)
#     --total-rate R               instead: of all accounts together, in each direction
#     --seconds S                  how long (20)
#     --messages N                 instead: so many for each account and direction at full speed, and nothing else
#     --server prosody|ejabberd    the XMPP server (prosody)
#     --tls direct|starttls|none   the links to it (direct)
#     --status all|asked|failed    which statuses the accounts publish (all)
#     --size BYTES[,BYTES…]        of a message's body (100)
#   deploy/bench.sh --waiting N[,N…]   so many messages waiting for one of two accounts
#     --to xmpp|mqtt               whom they are for (xmpp,mqtt)
#     --server, --tls, --status, --size as above
#   either:
#     --repeat N                   measures every column so often, all of them in turns, and prints medians (1)
#     --markdown                   the table as docs/performance.md has it
#     --tsv FILE                   writes the figures to a file, too: what deploy/plots.sh draws
#
# --server, --tls and --to take several values with commas between them as well; every combination is a column.
#
# BRIDGE_BINARY=FILE in the environment: measures that program and does not build it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage="usage: deploy/bench.sh [--accounts N[,N…] | --waiting N[,N…] [--to xmpp|mqtt]]
  [--rate R | --total-rate R] [--seconds S] [--messages N] [--server prosody|ejabberd] [--tls direct|starttls|none]
  [--status all|asked|failed] [--size BYTES[,BYTES…]] [--repeat N] [--markdown] [--tsv FILE]"

# option VARIABLE PATTERN NAME VALUE: exports the value, if the whole of it matches.
option() {
  [[ ${4-} =~ ^($2)$ ]] || die "$3 needs $2, not \"${4-}\""
  export "LOAD_$1=$4"
}
# list PATTERN: of several with commas between them.
list() { REPLY="($1)(,($1))*"; }

export LOAD_SERVER=prosody LOAD_FORMAT=text
tsv=''
number='[0-9]+(\.[0-9]+)?' whole='[1-9][0-9]*'
while [[ $# != 0 ]]; do
  case $1 in
    --accounts) list "$whole" && option ACCOUNTS "$REPLY" "$@" ;;
    --waiting) list '[0-9]+' && option WAITING "$REPLY" "$@" ;;
    --to) list 'xmpp|mqtt' && option TO "$REPLY" "$@" ;;
    --rate) option RATE "$number" "$@" ;;
    --total-rate) option TOTAL_RATE "$number" "$@" ;;
    --seconds) option SECONDS "$number" "$@" ;;
    --messages) option MESSAGES "$whole" "$@" ;;
    --server) list 'prosody|ejabberd' && option SERVER "$REPLY" "$@" ;;
    --tls) list 'direct|starttls|none' && option TLS "$REPLY" "$@" ;;
    --status) option STATUS 'all|asked|failed' "$@" ;;
    --size) list "$whole" && option SIZE "$REPLY" "$@" ;;
    --repeat) option REPEAT "$whole" "$@" ;;
    --tsv) tsv=$(realpath -m "${2:?--tsv needs a file}") ;;
    --markdown) LOAD_FORMAT=markdown && shift && continue ;;
    *) die "$usage" ;;
  esac
  shift 2
done
[[ -z ${LOAD_ACCOUNTS-} || -z ${LOAD_WAITING-} ]] || die "$usage"
[[ -n ${LOAD_WAITING-} ]] || export LOAD_ACCOUNTS=${LOAD_ACCOUNTS-100}

# The bridge has one descriptor of an account's XMPP link and three of its MQTT connection; the servers have fewer.
ulimit -n "$(ulimit -Hn)"
accounts_list=${LOAD_ACCOUNTS-2}
for accounts in ${accounts_list//,/ }; do
  needed=$((accounts * 4 + 256))
  if [[ $(ulimit -n) != unlimited ]] && (($(ulimit -n) < needed)); then
    die "$accounts accounts need $needed open files, and ulimit -Hn allows $(ulimit -n)"
  fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LOAD_TABLE=$work/table LOAD_TSV=$work/tsv LOAD_STEPS=$work/steps
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

if [[ -n ${LOAD_WAITING-} ]]; then
  say "$LOAD_WAITING messages waiting, at $LOAD_SERVER" >&2
else
  say "$LOAD_ACCOUNTS accounts at $LOAD_SERVER" >&2
fi
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
if [[ -n $tsv ]]; then cp "$LOAD_TSV" "$tsv"; fi
if [[ $status != 0 ]]; then
  grep -a -A 12 "recorded an issue" "$work/log" >&2 || tail -n 40 "$work/log" >&2
  die "something was lost, or an account did not come online"
fi
