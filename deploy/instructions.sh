#!/usr/bin/env bash
# Counts the instructions of what the parts of the bridge do (Benchmarks/Sources/Operations) and compares them with
# Benchmarks/Thresholds.tsv. Exit code 0 only if nothing costs more than it may.
#
#   deploy/instructions.sh             builds, counts and compares
#   deploy/instructions.sh --update    builds, counts and writes what was counted into the file
#   deploy/instructions.sh NAME…       compares only these
#
# An operation is done N times in one process and 2 N times in another; the difference by N is one, without what it takes to
# start and to prepare. Callgrind counts, so neither the machine's speed nor what else it does has any influence.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

thresholds=Benchmarks/Thresholds.tsv
update=
case ${1-} in
  --update) update=yes && shift && [[ $# == 0 ]] || die "--update takes no names: it writes the whole file" ;;
  -*) die "usage: deploy/instructions.sh [--update | NAME…]" ;;
esac

ensure_packages "${build_packages[@]}" valgrind
find_swift
counts=$(mktemp -d)
trap 'rm -rf "$counts"' EXIT

say "build"
options=(--package-path Benchmarks -c release --static-swift-stdlib --product count)
swift build "${options[@]}" --explicit-target-dependency-import-check error 2>&1 | tee "$counts/build"
if grep -E "^$PWD/(Sources|Benchmarks/[A-Z][a-z]*)/.*: warning:" "$counts/build"; then
  die "the build is not free of warnings"
fi
program=$(swift build "${options[@]}" --show-bin-path)/count

# count NAME REPETITIONS: writes what the whole process took. Its environment is always the same, since its size moves the
# stack, and hashes have no random seed.
count() {
  local name=$1 repetitions=$2
  env -i PATH=/usr/bin:/bin SWIFT_DETERMINISTIC_HASHING=1 \
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file="$counts/$name.log" \
    "$program" "$name" "$repetitions" >/dev/null || { cat "$counts/$name.log" >&2 && return 1; }
  sed -n 's/.*Collected : //p' "$counts/$name.log"
}

# measure NAME REPETITIONS: writes what doing it once takes.
measure() {
  local name=$1 repetitions=$2 once twice
  once=$(count "$name" "$repetitions") && twice=$(count "$name" $((2 * repetitions))) || return 1
  echo $(((twice - once + repetitions / 2) / repetitions)) >"$counts/$name.count"
}
export -f count measure
export counts program

say "count"
"$program" >"$counts/all"
while read -r name repetitions; do
  if [[ $# == 0 || " $* " == *" $name "* ]]; then echo "$name $repetitions"; fi
done <"$counts/all" >"$counts/wanted"
[[ $# == 0 || $(wc -l <"$counts/wanted") == "$#" ]] || die "known are: $(cut -d ' ' -f 1 "$counts/all" | paste -s -d ' ')"
xargs -P "$(nproc)" -L 1 bash -c 'set -u; measure "$@"' measure <"$counts/wanted" || die "not all could be counted"
while read -r name _; do printf '%s\t%s\n' "$name" "$(<"$counts/$name.count")"; done <"$counts/wanted" >"$counts/counted"

if [[ $update ]]; then
  touch "$thresholds"
  {
    echo "# What an operation may cost: its name, instructions on x86-64, and the per cent by which they may differ."
    echo "# Written by deploy/instructions.sh --update, which keeps the last column."
    awk -F '\t' -v OFS='\t' '
      pass == 1 { set[$1] = $3 }
      pass == 2 { print $1, $2, ($1 in set) ? set[$1] : 10 }
    ' pass=1 "$thresholds" pass=2 "$counts/counted"
  } >"$counts/thresholds"
  cp "$counts/thresholds" "$thresholds"
  say "$thresholds is written"
  exit
fi

if [[ $(uname -m) != x86_64 ]]; then
  cat "$counts/counted"
  say "nothing is compared: the thresholds are those of x86-64"
  exit
fi

say "compare"
failed=0
awk -F '\t' -v all="$#" -v red="$red" -v yellow="$yellow" -v plain="$plain" '
  BEGIN { printf "%-22s %14s %14s %8s\n", "operation", "instructions", "threshold", "change" }
  /^#/ { next }
  pass == 1 { threshold[$1] = $2; tolerance[$1] = $3; next }
  !($1 in threshold) {
    printf "%-22s %14d %14s %8s  %sit has no threshold%s\n", $1, $2, "", "", red, plain
    failed = 1
    next
  }
  {
    change = ($2 / threshold[$1] - 1) * 100
    word = ""
    if (change > tolerance[$1]) { word = red "it costs too much" plain; failed = 1 }
    if (change < -tolerance[$1]) { word = yellow "it has become cheaper" plain; cheaper = 1 }
    printf "%-22s %14d %14d %+7.1f%%  %s\n", $1, $2, threshold[$1], change, word
    delete threshold[$1]
  }
  END {
    if (all == 0) for (name in threshold) { printf "%-22s %sit is in the file only%s\n", name, red, plain; failed = 1 }
    if (cheaper) print "What has become cheaper shall stay so: deploy/instructions.sh --update lowers the thresholds."
    exit failed
  }
' pass=1 "$thresholds" pass=2 "$counts/counted" || failed=$?
[[ $failed == 0 ]] || die "not as $thresholds says; if that is meant to be: deploy/instructions.sh --update"
say "nothing costs more than it may"
