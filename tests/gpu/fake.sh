#!/bin/sh
# Every program that run.sh calls, for tests/test_gpu_run.c: called by the name of one, it says at once what that one says after long.
# Patterns of the shell, with | between them, choose calls, "NAME ARGUMENT...":
#     FAKE_CRASH that end by an error    FAKE_NAN with NaN in the surface    FAKE_MUTE that say no time    FAKE_STOP that stop run.sh
# FAKE_SHAPE: the shape in a key of a plan. FAKE_HELP, FAKE_FOUND: what compute-sanitizer can, and finds uninitialized.
# Each call is a line of $FAKE_LOG.
called="${0##*/} $*"
echo "$called" >>"$FAKE_LOG"
fits() ( # PATTERNS
    set -f
    IFS='|'
    for pattern in $1; do
        # shellcheck disable=SC2254 # it is a pattern
        case $called in $pattern) exit 0 ;; esac
    done
    exit 1
)
plan() { # SHAPE
    mkdir -p "$LOSSCOPE_PLAN_CACHE"
    printf 'losscope plan 1\nfake; %s; graph 1; fastest\n0a\n{"engineId":7}' "$1" >"$LOSSCOPE_PLAN_CACHE/1.plan"
}
if fits "${FAKE_CRASH:-none}"; then
    echo "a fault of the device"
    exit 3
fi
if fits "${FAKE_STOP:-none}"; then
    kill -TERM "$(cut -d ' ' -f 4 /proc/$PPID/stat)" # run.sh, above timeout
    exec sleep 30
fi
case $called in
'landscape --list devices') echo "  cuda:0   Fake H100, 80 GB" ;;
*--dry-run*) echo '{"samples": 1000, "seconds": 1}' ;;
landscape*--json*)
    plan "${FAKE_SHAPE:-timed}"
    seconds=', "seconds": 0.5'
    if fits "${FAKE_MUTE:-none}"; then seconds=""; fi
    echo "{\"status\": \"done\"$seconds}"
    ;;
viz*)
    loss=0.5
    if fits "${FAKE_NAN:-none}"; then loss=nan; fi
    printf 'direction_1,done,loss\n-1,1,2.5\n1,1,%s\n' $loss >"$5"
    ;;
train*)
    for folder; do :; done
    mkdir -p "$folder"
    echo weights >"$folder/run.bin"
    ;;
python*) printf 'torch 2.0\ndevice Fake H100\ntf32 32400\nfp16 6000\nbf16 7000\n' ;;
test_cuda_*) plan "tests" ;;
*--help) echo "${FAKE_HELP:---kernel-name arg, --initcheck-track-filtered-global-memory arg}" ;;
compute-sanitizer*)
    plan "sanitizer"
    if [ -n "${FAKE_FOUND-}" ] && fits '*initcheck*'; then
        echo "$FAKE_FOUND"
        exit 9
    fi
    ;;
esac
