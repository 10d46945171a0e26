#!/usr/bin/env bash
# Builds the bridge as it should be installed, optimised for the way that messages take through it: once with counters, to carry some
# thousand messages between a Mosquitto and a Prosody of this script's own, and once more with what was counted. A message that comes
# alone touches a fifth less code then (docs/performance.md).
#
#   deploy/release.sh          writes the program to .build-profiled/xmpp-mqtt-bridge
#   deploy/release.sh FILE     or there
#
# The program needs Debian's libraries (README), and nothing of Swift.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source deploy/servers.sh

[[ $# -le 1 && ${1-} != -* ]] || die "usage: deploy/release.sh [FILE]"
scratch=.build-profiled
program=$(realpath -m "${1:-$scratch/xmpp-mqtt-bridge}")

work=$(mktemp -d)
trap 'end_children; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

ensure_packages "${build_packages[@]}" "${demo_packages[@]}"
find_swift
toolchain=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath" *: *"\(.*\)\/lib\/swift".*/\1/p')
profdata=$toolchain/bin/llvm-profdata counters=$toolchain/lib/swift/clang/lib/linux/libclang_rt.profile-$(uname -m).a
[[ -x $profdata && -f $counters ]] || die "this Swift lacks what counts: $profdata and $counters"

# build OPTION…: both times in the same place, whose path is part of the counters' names. Options of the command line hold for the
# dependencies too, where the manifest has none: like our own code they do not check exclusive access again as a release runs.
# The compiler's driver takes -ir-profile-… and does not pass it on, hence -Xfrontend.
build() {
  local options=(-c release --static-swift-stdlib --scratch-path "$scratch" -Xswiftc -enforce-exclusivity=unchecked "$@")
  built=$(swift build "${options[@]}" --show-bin-path)/xmpp-mqtt-bridge
  # Of what has been built with other options SwiftPM would leave some as it is.
  rm -rf "${built%/*}"
  swift build "${options[@]}" --product xmpp-mqtt-bridge
}

say "building with counters (takes some minutes)"
build -Xswiftc -Xfrontend -Xswiftc -ir-profile-generate -Xlinker -u__llvm_profile_runtime -Xlinker "$counters"

# --- two accounts, one with TLS and one without, write to each other over MQTT: every message takes both ways ---------------

say "starting Mosquitto and Prosody"
make_certificates "$work"
start_mosquitto "$work" error
start_prosody "$work" false one:two two:one
await_servers

write_configuration "$work" warning
add_account "$work" one one 'trust = { ca_file = "ca.pem" }'
add_account "$work" two two 'tls = "none"' 'status = "asked"'

# publish FROM TO SUFFIX COUNT PAUSE FORMAT: so many messages, with their numbers in the format.
publish() {
  local from=$1 to=$2 suffix=$3 count=$4 pause=$5 format=$6 number
  for ((number = 0; number < count; number++)); do
    # shellcheck disable=SC2059
    printf "$format\n" "$number"
    if [[ $pause != 0 ]]; then sleep "$pause"; fi
  done | mosquitto_pub -p "$mqtt_port" -q 1 -t "xmpp/$from/message/$to@localhost/$suffix" -l
}

# exchange SUFFIX COUNT PAUSE FORMAT: each account to the other, until everything has come out again.
sent=0
exchange() {
  publish one two "$@" &
  local other=$!
  publish two one "$@"
  wait "$other"
  sent=$((sent + 2 * $2))
  await 120 "of $sent messages not all came through" have_arrived
}
have_arrived() { [[ $(sort -u "$work/received" | wc -l) == "$sent" ]]; }

start mosquitto_sub "$work/states" mosquitto_sub -p "$mqtt_port" -t 'xmpp/+/state' -F '%t %p'
start mosquitto_sub "$work/received" mosquitto_sub -p "$mqtt_port" -q 1 -t 'xmpp/+/message/+' -F '%t %p'
LLVM_PROFILE_FILE=$work/%p.profraw start "the bridge" "$work/bridge.log" "$built" run --config "$work/bridge.conf"
for account in one two; do
  await 60 "account $account does not get online" grep -q "^xmpp/$account/state .*\"online\"" "$work/states"
done

say "training: messages one by one"
exchange send 1500 0.004 'Message %d of those that come alone, as long as people make them when they write to each other all day'
exchange send/json 500 0.004 '{"id":"alone-%d","body":"A message whose sender wants to know what becomes of it"}'
say "training: as many as go"
exchange send 2000 0 'Message %d of those that come in a crowd, as long as people make them when they write to each other all day'
end_children
"$profdata" merge -o "$work/profile" "$work"/*.profraw || die "the bridge left no counts"

say "building with what the counters say"
build -Xswiftc -Xfrontend -Xswiftc "-ir-profile-use=$work/profile"
mkdir -p "$(dirname "$program")"
cp "$built" "$program.new"
mv "$program.new" "$program"
say "${green}$program"
