# admin.sh: what the tests of the administrator's commands share. Sourced after lib.sh and
# daemon.sh; needs $terminal, the program that plays a person at a terminal.

state=$work/node
export TRUSTLINE_STATE="$state"

# done_by WORDS...: the command succeeds, and says nothing on standard error.
done_by() { expect 0 "$trustline" "$@"; }

# complains STATUS TEXT WORDS...: the command fails with this status and says this; in one line,
# unless it explains its usage.
complains() {
    complaint_status=$1
    complaint=$2
    shift 2
    expect "$complaint_status" "$trustline" "$@" && says "$complaint" || return
    [ "$complaint_status" -eq 2 ] || one_line
}

# exactly: the last output is what stands on standard input, to the last blank.
exactly() {
    cat >"$work/wanted"
    diff -u "$work/wanted" "$work/out" || fails 'not what was expected'
}

# like: the same, where a line of the expected text that begins with ~ is a regular expression.
like() {
    cat >"$work/wanted"
    while IFS= read -r line <&8; do
        IFS= read -r wanted <&9 || { fails "too much: $line"; return; }
        case $wanted in
        '~'*) printf '%s\n' "$line" | grep -Eqx -- "${wanted#?}" ;;
        *) [ "$line" = "$wanted" ] ;;
        esac || { fails "expected: $wanted
printed:  $line"; return; }
    done 8<"$work/out" 9<"$work/wanted"
    [ "$(wc -l <"$work/out")" -ge "$(wc -l <"$work/wanted")" ] ||
        fails "missing: $(tail -n 1 "$work/wanted")"
}

# typed STATUS [PROMPT ANSWER]... -- WORDS...: the same at a terminal; what it shows is the output.
typed() {
    wanted_status=$1
    shift
    "$terminal" "$@" >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" -eq "$wanted_status" ] || { cat "$work/out" "$work/err"; fails "status $got: $*"; }
}

# What is published: both lists and the certificates in use. Compared before and after.
published() {
    {
        "$trustline" show ctl
        "$trustline" show itl
        "$trustline" show cert list own --json | grep -v days_left
        "$trustline" show csr list own
        "$trustline" show cert list trust
        "$trustline" parameter list
        "$trustline" phone list
        "$trustline" profile list
        "$trustline" utils service list --json | grep -v -e since -e pid
        ls "$state/keys" "$state/tftpboot"
    } 2>&1
}

# changes_nothing STATUS WORDS...: what is published stays as it is.
changes_nothing() {
    published >"$work/published.before"
    expect "$@"
    nothing_status=$?
    published >"$work/published.after"
    diff "$work/published.before" "$work/published.after" || fails "changed something: $*" || return
    return $nothing_status
}
