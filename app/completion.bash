# Completion of the options, kinds and keys of train, landscape and viz, from what the programs say of themselves.
# Installed under the name of each program; in a shell of its own: . app/completion.bash && complete -F _losscope train
# SPDX-License-Identifier: MIT

# The names of a family, or of all families for --list itself.
_losscope_kinds() {
    "$1" --list"${2:+=$2}" 2>/dev/null | sed -n "$3"
}

_losscope() {
    local program=$1 word=$2 before=$3 words=""
    # Of "--option=word" bash makes three words.
    if [ "$word" = "=" ]; then
        word=""
    elif [ "$before" = "=" ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    [ "$before" != "=" ] || before=${COMP_WORDS[COMP_CWORD - 2]}
    COMPREPLY=()
    case $before in
    --device | --model) words=$(_losscope_kinds "$program" "${before#--}s" 's/^  *\([^ ]*\).*/\1/p') ;;
    --list) words=$(_losscope_kinds "$program" "" '/^[a-z]*$/p') ;;
    --set) words=$("$program" --help-config 2>/dev/null | sed -n 's/^  \([a-z][a-z_.]*\) .*/\1=/p') ;;
    *)
        case $word in
        -*) words=$("$program" --help 2>/dev/null | sed -n 's/^ *\(-., \)\{0,1\}\(--[a-z-]*=\{0,1\}\).*/\2/p') ;;
        esac
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    case ${COMPREPLY[0]-} in
    *=) compopt -o nospace 2>/dev/null ;;
    esac
}
