# Sourced by the long tests. report NAME COMMAND KEY=VALUE ... writes tests/long/reports/NAME.json: what ran, on which
# commit, and what it counted. Values that are not numbers are quoted.
report() {
    name=$1 command=$2
    shift 2
    mkdir -p tests/long/reports
    {
        printf '{\n  "name": "%s",\n  "command": "%s",\n' "$name" "$command"
        printf '  "commit": "%s",\n' "$(git describe --always --dirty --exclude '*')"
        printf '  "processor": "%s",\n  "cores": %s' \
            "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)"
        for pair in "$@"; do
            value=${pair#*=}
            case $value in
            '' | *[!0-9.]*) value="\"$value\"" ;;
            esac
            printf ',\n  "%s": %s' "${pair%%=*}" "$value"
        done
        printf '\n}\n'
    } >"tests/long/reports/$name.json.part"
    mv "tests/long/reports/$name.json.part" "tests/long/reports/$name.json"
    echo "wrote tests/long/reports/$name.json" >&2
}

# The counts of ctest's closing line "N% tests passed, F tests failed out of T" in a log.
ctest_failed() {
    sed -n 's/.*tests passed, \([0-9]*\) tests* failed out of \([0-9]*\).*/\1/p' "$1"
}
ctest_total() {
    sed -n 's/.*tests passed, \([0-9]*\) tests* failed out of \([0-9]*\).*/\2/p' "$1"
}
