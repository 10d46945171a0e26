# Shared by scripts that run the bridge between servers of their own; sourced behind lib.sh.
# shellcheck shell=bash

# make_certificates FOLDER: a CA of its own (ca.pem) and what it says of localhost (server.pem, server.key).
make_certificates() {
  local folder=$1 key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
  openssl req -x509 "${key[@]}" -days 2 -subj '/CN=loopback CA' -keyout "$folder/ca.key" -out "$folder/ca.pem" 2>/dev/null
  openssl req -new "${key[@]}" -subj /CN=localhost -keyout "$folder/server.key" -out "$folder/server.csr" 2>/dev/null
  openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial -days 2 \
    -extfile <(echo subjectAltName=DNS:localhost) -out "$folder/server.pem" 2>/dev/null
}

# start_mosquitto FOLDER LOG_TYPE: on a free port, mqtt_port. Whoever is slow loses nothing.
start_mosquitto() {
  local folder=$1
  free_port && mqtt_port=$REPLY
  cat >"$folder/mosquitto.conf" <<CONF
user $(id -un)
listener $mqtt_port 127.0.0.1
allow_anonymous true
persistence true
persistence_location $folder/
max_queued_messages 0
log_dest stderr
log_type $2
CONF
  start Mosquitto "$folder/mosquitto.log" mosquitto -c "$folder/mosquitto.conf"
}

# start_prosody FOLDER ENCRYPTION USER:FRIEND…: on a free port, xmpp_port, with the folder's certificate. Every user has the
# password "secret" and the friend in the roster; ENCRYPTION is true if nobody gets in without TLS, else false.
start_prosody() {
  local folder=$1 encryption=$2 pair
  shift 2
  free_port && xmpp_port=$REPLY
  cat >"$folder/prosody.cfg.lua" <<CONF
run_as_root = true
pidfile = "$folder/prosody.pid"
data_path = "$folder/data"
certificates = "$folder"
interfaces = { "127.0.0.1" }
c2s_ports = { $xmpp_port }; c2s_direct_tls_ports = { }; legacy_ssl_ports = { }
s2s_ports = { }; s2s_direct_tls_ports = { }; http_ports = { }; https_ports = { }; component_ports = { }
modules_enabled = { "roster"; "saslauth"; "tls"; "disco"; "ping"; "posix"; "smacks"; "offline"; "carbons" }
modules_disabled = { "s2s" }
authentication = "internal_hashed"; storage = "internal"
c2s_require_encryption = $encryption
ssl = { key = "$folder/server.key"; certificate = "$folder/server.pem" }
log = { { levels = { min = "warn" }; to = "console" } }
VirtualHost "localhost"
CONF
  mkdir -p "$folder/data/localhost/accounts" "$folder/data/localhost/roster"
  for pair in "$@"; do
    echo 'return { ["password"] = "secret"; };' >"$folder/data/localhost/accounts/${pair%:*}.dat"
    cat >"$folder/data/localhost/roster/${pair%:*}.dat" <<DATA
return {
  [false] = { version = 1; pending = {}; };
  ["${pair#*:}@localhost"] = { subscription = "both"; groups = {}; };
};
DATA
  done
  start Prosody "$folder/prosody.log" prosody --config "$folder/prosody.cfg.lua" -F
}

# await_servers: until both take connections.
await_servers() {
  await 30 "Mosquitto does not listen on port $mqtt_port" listens "$mqtt_port"
  await 30 "Prosody does not listen on port $xmpp_port" listens "$xmpp_port"
}

# write_configuration FOLDER LOG_LEVEL: bridge.conf, for a bridge between the two, without accounts.
write_configuration() {
  mkdir "$1/state"
  cat >"$1/bridge.conf" <<CONF
[bridge]
state = "state/bridge.sqlite"
log_level = "$2"

[mqtt]
url = "mqtt://127.0.0.1:$mqtt_port"
CONF
}

# add_account FOLDER NAME USER LINE…: to its bridge.conf, with these lines in the section.
add_account() {
  local folder=$1 name=$2 user=$3
  shift 3
  cat >>"$folder/bridge.conf" <<CONF

[[account]]
name = "$name"
jid = "$user@localhost"
password = "secret"
host = "127.0.0.1"
port = $xmpp_port
$(printf '%s\n' "$@")
CONF
}
