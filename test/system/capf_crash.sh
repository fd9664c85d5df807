#!/bin/sh
# capf_crash.sh TRUSTLINE TRUSTLINED CAPFPROBE: the role capf dies at every moment of an enrolment at
# which anything changes: before and after each step of the engine, in each transaction of the store
# and behind it, after each answer of the signer. Then the phone comes again.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
capfprobe=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/enrol.sh"

state=$work/node
name=SEP001122330001
crash=$work/crash/at
stride=3
! is_long || stride=1
first=1

admin() { "$trustline" "$@" --state "$state"; }
lscs() { # STATE: how many LSCs of the phone are in it
    admin run sql "select count(*) as n from phone_certificate where state = $1 and kind = 1" --json |
        tr -dc 0-9
}
order() { # OPERATION: the order's string is 4711
    admin phone update $name --capf-operation "$1" --auth-string 4711 --yes >"$work/order"
}

prepare() {
    mkdir -m 777 "$work/crash"
    chmod 755 "$work"
    export TRUSTLINE_CAPF_CRASH="$crash"
    make_node "$state" --organization Example --country XX && start_node "$state" || return
    admin phone add $name --model 7975 --profile sccp-encrypted --line 1001 || return
    admin parameter set lsc_unique_keys 0 --yes >"$work/out" || { cat "$work/out"; return 1; }
    admin show cert own CAPF --pem >"$work/capf.pem" && new_key "$work/key" 2048 || return
    enrolled || fails 'an enrolment without a crash'
}

enrolled() {
    order install && enrol $name "$work/key" 4711 01 || return
    grep '^0f' "$work/heard" | tail -n 1 | grep -q '^0f 01 00 01 01$'
}

deleted() {
    order delete || return
    talk <<END
recv
send $(auth_res $name 4711)
recv
send $(message 0e "$(element 01 01)")
recv
END
}

answers() { echo recv | timeout 10 "$capfprobe" $((3804 + offset)) 2>&1 | grep -q '^01 07'; }

# The supervisor waits longer before each start of what keeps dying; a node that starts anew does not.
again() {
    stop_node
    start_node "$state" && eventually answers
}

one_at_most() { # WHEN
    [ "$(lscs 1)" -le 1 ] || { fails "$(lscs 1) active LSCs $1"; return 1; }
}

# What the phone does when it comes again: it says what it said before. An order that was done
# already has nothing more for it (reason 00).
comes_again() { # WHEN
    enrol $name "$work/key" 4711 01
    grep '^0f' "$work/heard" | tail -n 1 | grep -q '^0f 01 00 01 0[01]$' ||
        { cat "$work/heard"; fails "the next visit did not complete $1"; return 1; }
    [ "$(lscs 1)" -eq 1 ] || { fails "$(lscs 1) active LSCs $1"; return 1; }
    admin phone show $name --json >"$work/out" || return
    [ "$(json '$.capf.status')" = 'Upgrade Success' ] ||
        { cat "$work/out"; fails "the order is not done $1"; return 1; }
}

installs() {
    moment=$first
    met=0
    while order install && printf %s $moment >"$crash" && enrol $name "$work/key" 4711 01; [ ! -e "$crash" ]; do
        met=$((met + 1))
        again && one_at_most "after a kill at moment $moment" &&
            comes_again "after a kill at moment $moment" || return
        moment=$((moment + stride))
    done
    rm -f "$crash"
    echo "killed at $met moments of $((moment - 1))"
    [ $moment -gt 20 ] || fails "an enrolment has only $moment moments"
}

deletes() {
    moment=$first
    while order delete && printf %s $moment >"$crash" && deleted; [ ! -e "$crash" ]; do
        again && one_at_most "after a kill at moment $moment" || return
        deleted || return
        [ "$(lscs 1)" -eq 0 ] || { cat "$work/heard"; fails "an LSC is left after a kill at moment $moment"; return; }
        moment=$((moment + stride))
        enrolled || fails 'a new LSC after the deletion' || return
    done
    rm -f "$crash"
    [ $moment -gt 10 ] || fails "a deletion has only $moment moments"
}

test_that 'a phone enrols at a node that can be told to die' prepare
test_that 'a role killed at any moment of an installation leaves one LSC and an order that completes' installs
test_that 'a role killed at any moment of a deletion leaves none or one, and the next visit deletes it' deletes
done_testing
