# lib.sh: what the system tests share. Sourced; prints TAP.
#
# A test is a function that returns 0 when what its name says holds; it may print, and what it
# printed is shown as comments when it does not hold:
#
#     test_that 'a list is shown as CUCM does' shown_like_cucm
#     ...
#     done_testing

set -u
export TZ=UTC LC_ALL=C.UTF-8
unset TRUSTLINE_STATE POSIXLY_CORRECT
umask 022

root=$(cd "$(dirname "$0")/../.." && pwd)
vector=$root/test/vector
work=$(mktemp -d "${TMPDIR:-/tmp}/trustline-system-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work" || exit 1

tests_run=0
tests_failed=0

test_that() { # NAME COMMAND...
    test_name=$1
    shift
    tests_run=$((tests_run + 1))
    if "$@" >"$work/.log" 2>&1 </dev/null; then
        echo "ok $tests_run - $test_name"
    else
        sed 's/^/# /' "$work/.log" >&2
        echo "not ok $tests_run - $test_name"
        tests_failed=$((tests_failed + 1))
    fi
}

skip_test() { # NAME REASON
    tests_run=$((tests_run + 1))
    echo "ok $tests_run - $1 # SKIP $2"
}

done_testing() {
    echo "1..$tests_run"
    [ "$tests_failed" -eq 0 ]
}

is_long() { [ "${TRUSTLINE_TEST_LONG:-0}" = 1 ]; }

fails() { echo "$*"; return 1; }

# expect STATUS COMMAND...: runs it; its output is in $work/out and $work/err. Fails when it exits
# with another status, or says something that is not "trustline...: ..." on standard error. (Wrong
# usage, status 2, is followed by the usage.)
expect() {
    wanted=$1
    shift
    "$@" >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" -eq "$wanted" ] || {
        cat "$work/err"
        fails "exit status $got, not $wanted: $*"
        return
    }
    case $wanted in
    0) [ ! -s "$work/err" ] || { cat "$work/err"; fails "said something on standard error: $*"; } ;;
    *) head -n 1 "$work/err" | grep -q '^trustline[a-z-]*: ' ||
        [ ! -s "$work/err" ] || { cat "$work/err"; fails "an error without our name: $*"; } ;;
    esac
}

# says TEXT: the last error has this text, in its first line.
says() {
    head -n 1 "$work/err" | grep -qF -- "$1" || { cat "$work/err"; fails "does not say: $1"; }
}

# The last error is one line.
one_line() {
    [ "$(wc -l <"$work/err")" -eq 1 ] || { cat "$work/err"; fails "not one line"; }
}

# prints TEXT: the last output has a line with this text.
prints() {
    grep -qF -- "$1" "$work/out" || { cat "$work/out"; fails "does not print: $1"; }
}

# json EXPRESSION: what SQLite's JSON functions find at this path in the last output.
json() {
    sqlite3 :memory: "select json_extract(readfile('$work/out'), '$1')"
}

# The last output is JSON, by the judgement of SQLite.
is_json() {
    [ "$(sqlite3 :memory: "select json_valid(readfile('$work/out'))")" = 1 ] ||
        { cat "$work/out"; fails "not JSON"; }
}

# u16 FILE OFFSET: the big-endian number there.
u16() { od -An -j "$2" -N 2 -t u1 "$1" | awk '{ print $1 * 256 + $2 }'; }

# Where libsofthsm2.so is; empty when it is not installed.
softhsm_module() {
    for so in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
        [ -r "$so" ] && { echo "$so"; return; }
    done
}
