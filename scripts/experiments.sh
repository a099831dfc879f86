#!/bin/sh
# The comparison of docs/experiments.md: a small residual network on synthetic faces, five optimizers, each of the four
# domains held out in turn. What has a result in docs/experiments is not done again, and a run that was stopped goes on,
# so this may be killed and started at any time; and several, of different groups, may run side by side.
# Usage: [THREADS=N] scripts/experiments.sh [BUILD_FOLDER [GROUP ...]]
set -eu
cd "$(dirname "$0")/.."
build=${1-build/release}
[ $# -eq 0 ] || shift
groups=${*:-msu-steps msu-compute oulu-steps casia-steps replay-steps}

# run GROUP OPTIMIZER SEED EPOCHS HELD_OUT THREE_SOURCES
run() {
    name=$1/$2-$3
    case " $groups " in *" $1 "*) ;; *) return 0 ;; esac
    [ ! -e "docs/experiments/$name/result.json" ] || return 0
    echo "experiments.sh: $name, $4 epochs" >&2
    "$build/train/train" --config configs/synfas_gacfas.yaml --out "outputs/experiments/$name" --resume --json --seed "$3" --threads "${THREADS-0}" \
        --set "train.optimizer=$2" --set "train.epochs=$4" --set "data.domains=$6" --set "data.held_domains=$5" >/dev/null
    mkdir -p "docs/experiments/$name"
    cp "outputs/experiments/$name/history.csv" "docs/experiments/$name/"
    cp "outputs/experiments/$name/result.json" "docs/experiments/$name/"
}

# Equal steps, the domain with the reversed cue held out, three seeds; then equal compute: with one epoch of plain
# training first, 10 epochs of GAC-FAS are 1 + 9 x 6 = 55 of ERM, and 1 + 27 x 2 of SAM and its relatives.
for seed in 1 2 3; do
    for optimizer in erm sam asam sagm gac-fas; do
        run msu-steps $optimizer $seed 10 msu "oulu casia replay"
    done
done
for seed in 1 2 3; do
    run msu-compute erm $seed 55 msu "oulu casia replay"
    for optimizer in sam asam sagm; do
        run msu-compute $optimizer $seed 28 msu "oulu casia replay"
    done
done
for optimizer in erm sam asam sagm gac-fas; do
    run oulu-steps $optimizer 1 10 oulu "casia replay msu"
    run casia-steps $optimizer 1 10 casia "oulu replay msu"
    run replay-steps $optimizer 1 10 replay "oulu casia msu"
done
for group in $groups; do
    "$build/train/train" summary "docs/experiments/$group"/*
done
