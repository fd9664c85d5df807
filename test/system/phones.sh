# phones.sh: simulated phones in a system test. Sourced after daemon.sh; needs $trustline, $phone and
# $state.
#
#     add NAME MODEL MODE NUMBER       a phone in the cluster: encrypted, authenticated, non-secure
#     enrol NAME MODEL                 gives it its certificate; several at a time, then `all_enrolled`
#     boot NAME MODEL [OPTION]...      it runs; what it says is in NAME.out and NAME.err
#     through NAME                     it ends by itself, and has got where it should
#     dismiss NAME                     ends it; it must have got where it should
#     sees NAME TEXT [TIMES]           its console has the text so often by now, or soon

admin() { "$trustline" "$@" --state "$state"; }

a_phone() { # NAME MODEL [OPTION]...
    a_name=$1
    a_model=$2
    shift 2
    exec timeout 250 "$phone" "$a_name" --model "$a_model" --tftp "127.0.0.1:$((69 + offset))" \
        --home "$work/flash/$a_name" "$@" >"$work/$a_name.out" 2>"$work/$a_name.err"
}

add() {
    admin phone add "$1" --model "$2" --profile "sccp-$3" --line "$4"
}

enrolments=
enrol() {
    mkdir -p "$work/flash"
    admin phone update "$1" --capf-operation install --capf-auth null-string || return
    (a_phone "$1" "$2" --tls modern --until enrolled --quiet) &
    enrolments="$enrolments $1:$!"
}
all_enrolled() {
    for one in $enrolments; do
        wait "${one#*:}" || { cat "$work/${one%:*}.out" "$work/${one%:*}.err"; return 1; }
    done
    enrolments=
}

boot() {
    mkdir -p "$work/flash"
    booted=$1
    (a_phone "$@") &
    eval "pid_$booted=\$!"
}
through() {
    eval "wait \$pid_$1" && [ ! -s "$work/$1.err" ] || { cat "$work/$1.out" "$work/$1.err"; return 1; }
}
dismiss() {
    eval "kill \$pid_$1" && through "$1"
}

count_of() { grep -cF -- "$2" "$work/$1.out"; }
sees() {
    eventually eval "[ \$(count_of $1 '$2') -ge ${3:-1} ]" || { cat "$work/$1.out" "$work/$1.err"; return 1; }
}

# A phone with somebody at its keys: `type NAME LINE`, and `type NAME quit` in the end.
sit() { # FD NAME MODEL [OPTION]...
    sitter_fd=$1
    sitter=$2
    sitter_model=$3
    shift 3
    mkdir -p "$work/flash"
    mkfifo "$work/$sitter.keys"
    # The descriptors of other phones stay with the test.
    (exec 5>&- 6>&- 7>&- && exec timeout 250 script -qefc "'$phone' $sitter --model $sitter_model --stay \
        --tftp 127.0.0.1:$((69 + offset)) --home '$work/flash/$sitter' $*" "$work/$sitter.out") \
        <"$work/$sitter.keys" >/dev/null 2>"$work/$sitter.err" &
    eval "pid_$sitter=\$! fd_$sitter=$sitter_fd; exec $sitter_fd>\"\$work/\$sitter.keys\""
}
type() { # NAME LINE
    eval "printf '%s\n' \"\$2\" >&\$fd_$1"
}
