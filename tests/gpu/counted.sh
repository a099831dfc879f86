#!/bin/sh
# How many tests of the GPU code ran, and which did not and why, in one line.
#     ctest -N -L cuda | tests/gpu/counted.sh LOG ABSENT
# LOG: what ctest said when it ran them. ABSENT: a file with "N skipped (WHY)", the tests that could not be built. Where all could be,
# exit 1 if one was skipped: but for cuda_hardware, which waits for a GPU.
set -eu
log=$1 absent=$(cat "$2")
ran=0 skipped=${absent%% *} reasons="" wrong=0
case $absent in
all*) echo "gpu: 0 run, $absent" && exit 0 ;;
0*) wrong=1 ;;
*) reasons="$skipped of them: $(echo "$absent" | sed 's/^[^(]*(\(.*\))$/\1/')" ;;
esac
add() { # TEST WHY
    skipped=$((skipped + 1))
    reasons="$reasons${reasons:+; }$1: $2"
}
for test in $(sed -n 's/^ *Test *#[0-9]*: //p'); do
    if ! grep -q " - $test (Skipped)\$" "$log"; then
        ran=$((ran + 1))
    elif [ "$test" = cuda_hardware ]; then
        add "$test" "no report of a card for these sources"
    else
        add "$test" "skipped itself" && status=$wrong
    fi
done
echo "gpu: $ran run, $skipped skipped${reasons:+ ($reasons)}"
exit "${status-0}"
