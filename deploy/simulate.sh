#!/usr/bin/env bash
# Simulates the whole bridge against model servers, optimised: 100,000 runs unless told otherwise. Exit code 0 only if all
# is well; a run that fails prints its seed and what happened in it.
#
#   deploy/simulate.sh [--seeds N] [--from SEED]   N runs, the first with SEED
#   deploy/simulate.sh --forever [--from SEED]     until something is wrong
#   deploy/simulate.sh --seed SEED                 one run, with its trace
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

seeds=100000
test=everyRunKeepsTheWord
while [[ $# != 0 ]]; do
  case $1 in
    --seeds) seeds=${2:?--seeds needs a number} && shift 2 ;;
    --from) export SIMULATION_FROM=${2:?--from needs a seed} && shift 2 ;;
    --forever) export SIMULATION_FOREVER=1 && shift ;;
    --seed) export SIMULATION_SEED=${2:?--seed needs a seed} && test=oneRun && shift 2 ;;
    *) die "usage: deploy/simulate.sh [--seeds N | --forever] [--from SEED] | --seed SEED" ;;
  esac
done
export SIMULATION_SEEDS=$seeds

ensure_packages "${build_packages[@]}"
find_swift

# A build of its own: tests look into the product's modules, which only an optimised build for them allows.
options=(-c release --disable-xctest --scratch-path .build/simulation -Xswiftc -enable-testing)
say "build"
swift build --build-tests "${options[@]:0:2}" "${options[@]:3}"
say "simulate"
swift test --skip-build "${options[@]}" --filter "SimulationTests.$test"
