#!/usr/bin/env bash
# Shows the bridge at work: Mosquitto, Prosody and the bridge on loopback, all files in a temporary directory, and alice, an
# XMPP user in this terminal. Installs what is missing and builds first. Leaves nothing running and nothing behind.
#
#   deploy/demo.sh          shows a message crossing each way, then the traffic, until Ctrl-C
#   deploy/demo.sh --once   one verified round trip each way: exit code 0, or another one and the reason
#
# BRIDGE_BINARY=FILE in the environment: shows that program and builds nothing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source deploy/servers.sh

once=false
case ${1-} in
  '') ;;
  --once) once=true ;;
  *) die "usage: deploy/demo.sh [--once]" ;;
esac

work=$(mktemp -d)
clean_up() {
  trap - EXIT INT TERM
  exec 9>&- 2>/dev/null || true
  end_children
  rm -rf "$work"
}
trap clean_up EXIT
trap 'echo; say "ending"; exit 0' INT TERM

if [[ -n ${BRIDGE_BINARY-} ]]; then
  ensure_packages "${demo_packages[@]}"
  bridge=$BRIDGE_BINARY
else
  ensure_packages "${build_packages[@]}" "${demo_packages[@]}"
  find_swift
  say "building the bridge (release; the first time takes some minutes)"
  swift build -c release --product xmpp-mqtt-bridge
  bridge=$(swift build -c release --show-bin-path)/xmpp-mqtt-bridge
fi

# --- the servers: a CA of this demo's own, which alice and the bridge trust; users bot and alice, who know each other --------

say "starting Mosquitto and Prosody"
make_certificates "$work"
start_mosquitto "$work" all
start_prosody "$work" true bot:alice alice:bot
await_servers

# --- the bridge --------------------------------------------------------------------------------------------------------

write_configuration "$work" debug
add_account "$work" home bot 'trust = { ca_file = "ca.pem" }'

# follow LABEL COLOUR LOG PATTERN: shows the lines of a log that match, as they come.
follow() {
  local script
  printf -v script 's/^/%s%-7s%s /' "$2" "$1" "$plain"
  touch "$3"
  setsid setpriv --pdeathsig TERM -- tail -n +1 -f "$3" \
    > >(grep --line-buffered -E "$4" | sed -u "$script") 2>/dev/null </dev/null &
  child_names+=("tail") child_pids+=("$!") child_logs+=("$3")
}

say "starting the bridge, a subscriber of xmpp/# and alice"
follow mqtt "$yellow" "$work/mqtt.log" .
follow xmpp "$blue" "$work/alice.log" .
follow bridge "$dim" "$work/bridge.log" 'PUBACK|<a/>|<r/>|<resum|warning|error'
start mosquitto_sub "$work/mqtt.log" mosquitto_sub -p "$mqtt_port" -q 1 -t 'xmpp/#' -F '%t  %p'
mkfifo "$work/typed"
exec 9<>"$work/typed"
start alice "$work/alice.log" \
  sh -c 'exec python3 deploy/alice.py --port "$1" --ca "$2" <"$3"' alice "$xmpp_port" "$work/ca.pem" "$work/typed"
await 30 "alice cannot log in" grep -q 'alice is online' "$work/alice.log"
start "the bridge" "$work/bridge.log" "$bridge" run --config "$work/bridge.conf"
await 60 "the account does not get online" grep -q '^xmpp/home/state .*"online"' "$work/mqtt.log"
await 30 "the bridge does not subscribe" grep -q ' bridge-in-home 1 xmpp/home/' "$work/mosquitto.log"
await 30 "alice does not see the bridge" grep -q 'alice sees bot@localhost' "$work/alice.log"

# --- one message each way ------------------------------------------------------------------------------------------------

topic=xmpp/home/message/alice@localhost

say "1. from MQTT to XMPP: a publish on $topic/send"
words="The washing is done ($RANDOM)"
mosquitto_pub -p "$mqtt_port" -V 5 -q 1 -t "$topic/send" -m "$words"
await 30 "the message did not reach alice" grep -qF "$words" "$work/alice.log"
await 30 "the server's acknowledgement (h) was not reported as status \"sent\"" \
  grep -q "^$topic/status .*\"sent\"" "$work/mqtt.log"
await 30 "the bridge did not acknowledge the publish (PUBACK)" \
  grep -q 'Received PUBACK from bridge-in-home' "$work/mosquitto.log"
say "   ${green}alice has it, the XMPP server acknowledged it (status \"sent\"), the broker got the bridge's PUBACK"

say "2. from XMPP to MQTT: alice answers"
words="Thank you! ($RANDOM)"
echo "$words" >&9
await 30 "the answer did not come out at $topic" grep -qF "$words" "$work/mqtt.log"
await 30 "the broker did not acknowledge the bridge's publish" \
  grep -q 'Sending PUBACK to bridge-out' "$work/mosquitto.log"
say "   ${green}the subscriber has it, and the bridge got the broker's PUBACK"

if $once; then
  sleep 0.5 # so that the last lines of the logs are shown
  say "${green}one message each way, none lost"
  exit 0
fi

cat <<HELP

  ${bold}Everything is up.$plain Type a line and alice sends it. In another terminal:

    mosquitto_pub -p $mqtt_port -q 1 -t '$topic/send' -m 'Hello alice'
    mosquitto_sub -p $mqtt_port -v -t 'xmpp/#'
    $bridge status --config $work/bridge.conf

  Ctrl-C ends everything.

HELP
while IFS= read -r line; do echo "$line" >&9; done
while :; do
  check_children
  sleep 1
done
