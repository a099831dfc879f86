#!/bin/sh
# The main job from nothing: install packages, build, train resnet20 on Fashion-MNIST in three rotated domains
# with ERM, SAM and GAC-FAS, evaluate each minimum over two random directions, draw and compare.
# What is there already is kept: call it again after an interruption.
set -eu
from=$(pwd)
cd "$(dirname "$0")/.."

usage() {
    cat <<END
Usage: scripts/demo.sh [--quick] [--build-dir DIR] [--out DIR] [--accuracy PERCENT]
  --quick             1 epoch of 1,000 images a domain, 9 x 9 points on 200 images
                      (otherwise 3 epochs of 4,000, 21 x 21 points on 600 images)
  --build-dir DIR     use the programs built there; install and build nothing
  --out DIR           where results go (outputs/demo, or outputs/demo-quick)
  --accuracy PERCENT  fail if a run's training accuracy is below this (75, or 0 with --quick)
END
}

fail() {
    echo "demo.sh: $*" >&2
    exit 1
}

# A path that was given, as seen from where the caller is.
absolute() {
    case $1 in
    /*) echo "$1" ;;
    *) echo "$from/$1" ;;
    esac
}

quick="" build="" out="" accuracy=""
while [ $# -gt 0 ]; do
    case $1 in
    --build-dir | --out | --accuracy) [ $# -ge 2 ] || fail "$1 needs a value (see --help)" ;;
    esac
    case $1 in
    --quick) quick=yes ;;
    --build-dir) build=$(absolute "$2") && shift ;;
    --out) out=$(absolute "$2") && shift ;;
    --accuracy) accuracy=$2 && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 64 ;;
    esac
    shift
done

if [ -n "$quick" ]; then
    # One epoch is too short to begin with plain training.
    set -- --set train.epochs=1 --set train.batch=60 --set data.per_domain=1000 --set train.erm_epochs=0
    points=9 samples=200
    : "${out:=outputs/demo-quick}" "${accuracy:=0}"
else
    set --
    points=21 samples=600
    : "${out:=outputs/demo}" "${accuracy:=75}"
fi
runs="erm sam gacfas"

began=$(date +%s)
step() {
    elapsed=$(($(date +%s) - began))
    printf '[%2d min %02d s] %s\n' $((elapsed / 60)) $((elapsed % 60)) "$*" >&2
}

# Silent unless it fails: then the last lines of what was said are shown.
quietly() {
    "$@" >"$out/build.log" 2>&1 || {
        tail -n 40 "$out/build.log" >&2
        fail "this failed, see $out/build.log: $*"
    }
}

title() {
    case $1 in
    erm) echo "ERM" ;;
    sam) echo "SAM" ;;
    gacfas) echo "GAC-FAS" ;;
    esac
}

# In percent, of the last evaluated epoch.
training_accuracy() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "train_accuracy") column = i }
             NR > 1 && $column != "" { last = $column }
             END { printf "%.2f", 100 * last }' "$1"
}

mkdir -p "$out"
if [ -z "$build" ]; then
    step "install packages"
    scripts/deps.sh
    step "build (a minute the first time)"
    quietly cmake --preset release -G Ninja
    quietly cmake --build --preset release --target train landscape viz
    build=build/release
fi

for run in $runs; do
    name=$(title "$run")
    step "train resnet20 with $name"
    "$build/train/train" --config "configs/demo_$run.yaml" "$@" --out "$out/$run" --resume
    reached=$(training_accuracy "$out/$run/history.csv")
    step "training accuracy of $name: $reached %"
    awk -v reached="$reached" -v least="$accuracy" 'BEGIN { exit !(reached + 0 >= least + 0) }' ||
        fail "the training accuracy of $name is $reached %, it must be at least $accuracy %"
done

for run in $runs; do
    step "evaluate the surface of $(title "$run"): $points x $points points, $samples images"
    "$build/landscape/landscape" --ckpt "$out/$run/run.bin" --dirs 2 --points "$points" --samples "$samples"
    "$build/viz/viz" convert "$out/$run/surface.h5" -o "$out/$run/surface.png"
done

step "compare"
"$build/viz/viz" compare "$out/erm" "$out/sam" "$out/gacfas" -o "$out/compare.png"

step "done"
cat <<END

What to open, in $out:
  compare.png         the three surfaces side by side, one scale
  compare.vtm         the same in ParaView
  RUN/surface.vtp     in ParaView: comes up coloured, with no click (RUN: $runs)
  RUN/surface.png     a surface alone
  RUN/history.csv     losses and accuracies, epoch by epoch
A finer surface of one minimum, over all training images:
  $build/landscape/landscape --ckpt $out/sam/run.bin --dirs 2 --out $out/sam/fine.h5
END
