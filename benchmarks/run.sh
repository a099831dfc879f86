#!/bin/sh
# Measure evaluation, training, Hessian-vector products and reading on this machine and write benchmarks/results/NAME.json.
#     benchmarks/run.sh NAME [--threads N] [--seconds S]
# The machine must be quiet. Builds in build/release.
set -eu
case ${1-} in
'' | -* | */*)
    echo "usage: $0 NAME [--threads N] [--seconds S]" >&2
    exit 64
    ;;
esac
name=$1
shift
cd "$(dirname "$0")/.."
cmake --preset release >/dev/null
cmake --build --preset release --target bench_forward bench_product bench_read bench_step bench_train >/dev/null
out=benchmarks/results/$name.json
{
    printf '{\n"forward": '
    build/release/benchmarks/bench_forward "$@"
    printf ',\n"train": '
    build/release/benchmarks/bench_train "$@"
    printf ',\n"step": '
    build/release/benchmarks/bench_step "$@"
    printf ',\n"product": '
    build/release/benchmarks/bench_product "$@"
    printf ',\n"read": '
    build/release/benchmarks/bench_read "$@"
    printf '}\n'
} >"$out.part"
mv "$out.part" "$out"
cat "$out"
