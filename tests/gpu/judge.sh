# Sourced by run.sh: what a surface, a time or a plan counts for. Nothing here runs a program of ours; each function prints its result,
# or says on stderr why there is none and fails. Tested by tests/test_gpu_judge.c.

# A B: the largest relative difference of the losses of two surfaces as CSV. All that stands in them must be finite numbers, in equal
# rows: a comparison with NaN is never true, so that it must be looked for.
difference() {
    awk -F, '
        function bad(why) { printf "%s, row %d: %s\n", FILENAME, FNR - 1, why >"/dev/stderr"; failed = 1; exit 1 }
        function is_finite(x) { return x ~ /^[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$/ && x < 1e300 && x > -1e300 }
        FNR == 1 {
            file++
            columns = NF
            for (loss = NF; loss > 0 && $loss != "loss"; loss--)
                ;
            if (loss == 0) bad("no column is called loss")
            next
        }
        {
            if (NF != columns) bad(NF " columns, not " columns)
            for (i = 1; i <= NF; i++) if (!is_finite($i)) bad("\"" $i "\" is no finite number")
            rows[file]++
            if (file == 2 && !(FNR in want)) bad("the other surface has no such row")
        }
        file == 1 { want[FNR] = $loss }
        file == 2 {
            d = $loss - want[FNR]
            if (d < 0) d = -d
            if (d > 0 && want[FNR] <= 0) bad("no relative difference to a loss of " want[FNR])
            if (d > 0 && d / want[FNR] > most) most = d / want[FNR]
        }
        END {
            if (failed) exit 1
            if (rows[1] == 0 || rows[1] != rows[2]) {
                printf "%d rows, and %d to compare with\n", rows[2], rows[1] >"/dev/stderr"
                exit 1
            }
            printf "%.3g\n", most
        }' "$1" "$2"
}

# A B: two surfaces are the same to the last bit, and all of it is finite.
same_bits() {
    difference "$1" "$2" >/dev/null || return 1
    cmp "$1" "$2" >&2
}

# A B: a <= b
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 <= b + 0) }'; }

# KEY FILE: the number under a key in a line of JSON
number() {
    found=$(sed -n "s/.*\"$1\": \([0-9][0-9.]*\(e[-+]*[0-9]*\)\{0,1\}\)[,}].*/\1/p" "$2" | tail -n 1)
    [ -n "$found" ] || { echo "no number under $1 in $2" >&2 && return 1; }
    echo "$found"
}

# PASSES IMAGES SECONDS: images a second
rate() {
    awk -v n="$1" -v images="$2" -v s="$3" 'BEGIN {
        if (!(s + 0 > 0 && n * images > 0)) {
            printf "%s passes over %s images in %s seconds are no rate\n", n, images, s >"/dev/stderr"
            exit 1
        }
        printf "%.0f\n", n * images / s
    }'
}

# A B: their ratio; null without them
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (a + 0 > 0 && b + 0 > 0) printf "%.3g\n", a / b; else print "null" }'; }

# FOLDER: "SHAPE": ENGINE, ... of the plans kept in it: a line with the key, then the plan, with cuDNN's number of the engine
engines() {
    for plan in "$1"/*.plan; do
        [ -e "$plan" ] || continue
        shape=$(sed -n '2s/.*; \([^;]*\); graph .*/\1/p' "$plan")
        engine=$(grep -a -o '"engineId":[0-9]*' "$plan" | head -n 1)
        printf '"%s": %s\n' "${shape:-${plan##*/}}" "${engine##*:}"
    done | sed 's/: $/: null/' | sort | paste -s -d , | sed 's/,"/,\n    "/g'
}

# FOLDER: the properties of the device that the plans are for, as in tests/golden/cuda-devices; null without
properties() {
    found=$(cat "$1"/*.plan 2>/dev/null | grep -a -o '"GPUProfile":{[^}]*}' | head -n 1)
    echo "${found:+${found#*:}}" | sed 's/^$/null/'
}

# TEXT...: as it may stand between quotation marks in JSON
plain() { printf '%s' "$*" | tr -d '"\\' | tr -c '[:print:]' ' '; }
