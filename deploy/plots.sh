#!/usr/bin/env bash
# Draws docs/plots/*.svg, which docs/performance.md shows, from the figures in docs/plots/*.tsv, which deploy/bench.sh wrote:
#
#   deploy/bench.sh --size 10,100,1000,10000,65536 --tls none,direct --accounts 1 --messages 2000 --server ejabberd \
#     --repeat 3 --tsv docs/plots/size.tsv
#   deploy/bench.sh --accounts 1,10,100,1000,4000 --total-rate 400 --seconds 10 --tsv docs/plots/accounts.tsv
#   deploy/bench.sh --waiting 0,10000,100000,1000000 --to xmpp --tsv docs/plots/waiting.tsv      # and, in a run of its own,
#                                                    --to mqtt, whose lines belong behind those
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[[ $# == 0 ]] || die "usage: deploy/plots.sh"

ensure_packages gnuplot-nox
cd docs/plots

# Dark on light or light on dark, as the reader has it: gnuplot draws text and axes in one colour, which becomes the
# reader's. The titles of the curves stand in their colours, which are readable on both.
ink='#010203'
style='<style>svg{color:#1f2328;background:#fff}@media(prefers-color-scheme:dark){svg{color:#e6edf3;background:#0d1117}}</style>'

# series FILE [COLUMN VALUE]: those lines of a table that have this value there, with the heading.
series() {
  awk -F '\t' -v column="${2-}" -v value="${3-}" '
    NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) at = i; print }
    NR > 1 && (column == "" || $at == value)' "$1.tsv"
}

# draw NAME TITLE COMMANDS: the commands are gnuplot's.
draw() {
  local name=$1
  {
    cat <<EOF
set terminal svg size 720,420 font "sans-serif,14" noenhanced
set title "$2" textcolor rgb "$ink"
set datafile separator "\t"
set datafile missing NaN
set border 3 linecolor rgb "$ink"
set tics nomirror scale 0.5 textcolor rgb "$ink"
set xlabel textcolor rgb "$ink"
set ylabel textcolor rgb "$ink"
set grid ytics linecolor rgb "#888888" linewidth 0.4 dashtype 3
set key outside below textcolor variable
set style data linespoints
set style line 1 linecolor rgb "#2f81f7" linewidth 2 pointtype 7 pointsize 0.6
set style line 2 linecolor rgb "#d9730d" linewidth 2 pointtype 5 pointsize 0.6
set style line 3 linecolor rgb "#2da44e" linewidth 2 pointtype 9 pointsize 0.8
set style line 4 linecolor rgb "#bf4bc9" linewidth 2 pointtype 13 pointsize 0.8
set style line 9 linecolor rgb "#888888" linewidth 1.5 dashtype 2
EOF
    printf '%s\n' "$3"
  } | gnuplot >"$name.new"
  # The colour as gnuplot writes it, in attributes of two kinds.
  sed -e "0,/<desc>/s|<desc>|$style<desc>|" -e 's/rgb( *1, *2, *3)/currentColor/g' -e "s/$ink/currentColor/g" \
    -e 's/ color="black"//g' -e 's/ *$//' "$name.new" >"$name.svg"
  rm "$name.new"
  say "docs/plots/$name.svg"
}

data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
bytes='set logscale x; set xlabel "bytes of a body"; set xtics ("10" 10, "100" 100, "1,000" 1e3, "10,000" 1e4, "65,536" 65536); set xrange [8:82000]'
accounts='set logscale x; set xlabel "accounts"; set xtics ("1" 1, "10" 10, "100" 100, "1,000" 1e3, "4,000" 4e3); set xrange [0.8:5000]'
# An empty journal has no place on a logarithmic axis: it gets one.
waiting='set logscale x; set xlabel "messages waiting in the journal"; set xtics ("0" 100, "1,000" 1e3, "10,000" 1e4, "100,000" 1e5, "1,000,000" 1e6); set xrange [80:1300000]; n(x) = x < 100 ? 100 : x'

if [[ -e size.tsv ]]; then
  for tls in none direct; do series size tls $tls >"$data/$tls"; done
  # The lines of the two in pairs: with TLS, and without.
  paste "$data/direct" <(sed '1s/[^\t]*/plain_&/g' "$data/none") >"$data/both"
  draw size "What a message costs, by its size" "$bytes
    set logscale y; set ylabel \"CPU of the bridge, µs a message\"
    plot '$data/none' using (column('size')):(column('to_xmpp_cpu_us')) ls 1 title 'MQTT → XMPP, no TLS', \
      '$data/direct' using (column('size')):(column('to_xmpp_cpu_us')) ls 2 title 'MQTT → XMPP, TLS 1.3', \
      '$data/none' using (column('size')):(column('to_mqtt_cpu_us')) ls 3 title 'XMPP → MQTT, no TLS', \
      '$data/direct' using (column('size')):(column('to_mqtt_cpu_us')) ls 4 title 'XMPP → MQTT, TLS 1.3'"
  draw tls "CPU of the bridge with TLS 1.3, against without" "$bytes
    set ylabel \"times as much\"; set yrange [0.5:2]
    plot '$data/both' using (column('size')):(column('to_xmpp_cpu_us') / column('plain_to_xmpp_cpu_us')) ls 1 title 'MQTT → XMPP', \
      '' using (column('size')):(column('to_mqtt_cpu_us') / column('plain_to_mqtt_cpu_us')) ls 3 title 'XMPP → MQTT', \
      1.5 ls 9 title 'to be 1.5 at most', 1 ls 9 dashtype 1 notitle"
fi

if [[ -e accounts.tsv ]]; then
  draw accounts "What accounts cost" "$accounts
    set logscale y; set ylabel \"MiB, seconds, µs\"; set key maxrows 2
    plot 'accounts.tsv' using (column('accounts')):(column('memory_idle') / 2**20) ls 1 title 'memory, MiB', \
      '' using (column('accounts')):(column('login')) ls 2 title 'all logged in, s', \
      '' using (column('accounts')):(column('reconnect')) ls 3 title 'all back after the server was killed, s', \
      '' using (column('accounts')):(column('cpu_us')) ls 4 title 'CPU at the same load in all, µs a message'"
fi

if [[ -e waiting.tsv ]]; then
  for to in xmpp mqtt; do series waiting to $to >"$data/$to"; done
  draw waiting-memory "Memory and disk, by what waits" "$waiting
    set logscale y; set ylabel \"MiB\"; set yrange [10:2000]
    plot '$data/xmpp' using (n(column('waiting'))):(column('memory_resting') / 2**20) ls 1 title 'memory, they wait for XMPP', \
      '$data/mqtt' using (n(column('waiting'))):(column('memory_resting') / 2**20) ls 2 title 'memory, for MQTT', \
      '$data/xmpp' using (n(column('waiting'))):(column('memory_leaving') / 2**20) ls 3 title 'memory at most, while they leave for XMPP', \
      '$data/xmpp' using (n(column('waiting'))):(column('file') / 2**20) ls 4 title 'state file'"
  draw waiting-speed "Throughput, by what waits for XMPP" "$waiting
    set ylabel \"% of the same with an empty journal\"; set yrange [0:220]
    plot '$data/xmpp' using (n(column('waiting'))):(column('other_to_xmpp_of_empty') * 100) ls 1 title 'another account meanwhile, MQTT → XMPP', \
      '' using (n(column('waiting'))):(column('other_to_mqtt_of_empty') * 100) ls 2 title 'another account meanwhile, XMPP → MQTT', \
      '' using (n(column('waiting'))):(column('drain_of_empty') * 100) ls 3 title 'they leave', \
      80 ls 9 title 'to be 80 at least'"
  draw waiting-cost "What a message costs on its way over the journal" "$waiting
    set ylabel \"CPU of the bridge, µs a message\"; set yrange [0:*]
    plot '$data/xmpp' using (n(column('waiting'))):(column('first_cpu_us')) ls 1 title 'taken in for XMPP, first tenth', \
      '' using (n(column('waiting'))):(column('last_cpu_us')) ls 2 title 'last tenth', \
      '' using (n(column('waiting'))):(column('drain_cpu_us')) ls 3 title 'sent to XMPP', \
      '$data/mqtt' using (n(column('waiting'))):(column('drain_cpu_us')) ls 4 title 'sent to MQTT'"
fi
