# Shared by the scripts beside it: what they need from Debian, how they speak, how they end what they started.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
PATH=$PATH:/usr/sbin:/sbin

# Debian's packages: to build, to show, to test.
build_packages=(
  binutils gcc git libc6-dev libstdc++-12-dev pkg-config tzdata zlib1g-dev
  libidn2-dev libmosquitto-dev libsqlite3-dev libssl-dev libunistring-dev libxml2-dev
)
demo_packages=(ca-certificates mosquitto mosquitto-clients openssl prosody python3)
test_packages=("${demo_packages[@]}" ejabberd erlang-p1-sqlite3 lua-dbi-sqlite3 valgrind)

if [[ -t 1 ]]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' blue=$'\e[34m' plain=$'\e[0m'
else
  bold='' dim='' red='' green='' yellow='' blue='' plain=''
fi

# say WORDS: a heading with the time of day and the seconds since the start.
say() { printf '%s[%(%H:%M:%S)T +%ss] %s%s\n' "$bold" -1 "$SECONDS" "$*" "$plain"; }

# die WORDS: the reason, and exit code 1.
die() {
  printf '%s%s: %s%s\n' "$red" "$(basename "$0")" "$*" "$plain" >&2
  exit 1
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo --preserve-env=DEBIAN_FRONTEND "$@"
  else
    die "needs root or sudo for: $*"
  fi
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# ensure_packages NAME…: installs those that are missing, without starting the services that they bring.
ensure_packages() {
  local missing=() package
  for package in "$@"; do is_installed "$package" || missing+=("$package"); done
  if [[ ${#missing[@]} == 0 ]]; then
    say "Debian packages: all there"
    return
  fi
  say "Debian packages: installing ${missing[*]}"
  install_quietly "${missing[@]}"
  local service
  for service in prosody ejabberd mosquitto; do
    # Newly installed, it would also be started at the next boot; who had it already keeps it as it is.
    if [[ " ${missing[*]} " == *" $service "* && -d /run/systemd/system ]]; then
      as_root systemctl disable --now --quiet "$service" || true
    fi
  done
}

# apt-get behind the guard that Debian's policy provides for this: policy-rc.d says 101, "no service may be started".
install_quietly() (
  guard=/usr/sbin/policy-rc.d
  restore() {
    as_root rm -f "$guard"
    if [[ -e $guard.before-bridge ]]; then as_root mv "$guard.before-bridge" "$guard"; fi
  }
  if [[ -e $guard && ! -e $guard.before-bridge ]]; then as_root mv "$guard" "$guard.before-bridge"; fi
  trap restore EXIT
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$guard" >/dev/null
  as_root chmod 755 "$guard"
  as_root apt-get update -q || die "apt-get update failed"
  as_root apt-get install -q -y --no-install-recommends "$@" || die "apt-get could not install: $*"
)

# find_swift: puts the compiler into PATH.
find_swift() {
  local folder
  for folder in '' /opt/swift/usr/bin /usr/local/swift/usr/bin "$HOME/.local/share/swiftly/bin" "$HOME/swift/usr/bin"; do
    if [[ -x $folder/swift ]]; then PATH=$folder:$PATH; fi
    command -v swift >/dev/null && break
  done
  command -v swift >/dev/null || die "no swift in PATH; Swift 6.3 or later is needed, see https://swift.org/install"
  swift --version 2>&1 | head -n 1
}

# free_port: a port of 127.0.0.1 that nobody listens on, below those of outgoing connections.
free_port() {
  local port
  while :; do
    port=$((10000 + RANDOM % 20000))
    [[ " ${given_ports[*]-} " == *" $port "* ]] && continue
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  given_ports+=("$port")
  REPLY=$port
}

# await SECONDS WHAT COMMAND…: runs the command until it succeeds; dies with WHAT if that takes too long.
await() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    check_children
    if ((SECONDS >= end)); then die "$what"; fi
    sleep 0.1
  done
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Programs in the background: names, process ids and logs in the order of starting.
child_names=() child_pids=() child_logs=()

# start NAME LOG COMMAND…: in a session of its own, so that Ctrl-C reaches only the script, which then ends things in
# order; and the kernel ends it should the script be killed.
start() {
  local name=$1 log=$2
  shift 2
  setsid setpriv --pdeathsig TERM -- "$@" >"$log" 2>&1 </dev/null &
  child_names+=("$name") child_pids+=("$!") child_logs+=("$log")
}

# check_children: dies if one of them has ended.
check_children() {
  local index
  for index in "${!child_pids[@]}"; do
    kill -0 "${child_pids[index]}" 2>/dev/null && continue
    tail -n 20 "${child_logs[index]}" >&2
    die "${child_names[index]} has ended"
  done
}

# end_children: asks them to end, the last first, and waits for each; after ten seconds it is killed.
end_children() {
  local index pid end
  for ((index = ${#child_pids[@]} - 1; index >= 0; index--)); do
    pid=${child_pids[index]}
    kill "$pid" 2>/dev/null || continue
    end=$((SECONDS + 10))
    while kill -0 "$pid" 2>/dev/null; do
      if ((SECONDS >= end)); then kill -9 "$pid" 2>/dev/null || true; fi
      sleep 0.05
    done
  done
  wait
  child_names=() child_pids=() child_logs=()
}
