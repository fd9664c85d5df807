#!/bin/sh
# fleet.sh TRUSTLINE TRUSTLINED TRUSTLINE_PHONE: a fleet enrols, registers with a real node, and calls.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"

state=$work/node
count=12
if is_long; then count=300; fi
admin() { "$trustline" "$@" --state "$state"; }

# fleet [OPTION]...: all of them, with flashes of their own. stay [OPTION]... is one that stays: $fleet_pid.
options() {
    echo "--fleet $count --first SEP001122330001 --model 7975,8945 --tls modern --tftp 127.0.0.1:$((69 + offset))" \
        "--home $work/flash --concurrency 32 --quiet --json"
}
# shellcheck disable=SC2046 # a list of words
fleet() { timeout --foreground 300 "$phone" $(options) "$@"; }
stay() {
    # shellcheck disable=SC2046 # a list of words
    (exec timeout --foreground 300 "$phone" $(options) --stay "$@" >"$work/stayed" 2>"$work/err") &
    fleet_pid=$!
}
# It goes, and what it says of its time is $work/out.
go() {
    kill $fleet_pid && wait $fleet_pid && cp "$work/stayed" "$work/out" && is_json || { cat "$work/stayed" "$work/err"; return 1; }
}
is() { # PATH VALUE
    [ "$(json "$1")" = "$2" ] || { cat "$work/out"; fails "$1 is $(json "$1"), not $2"; }
}

prepare() {
    make_node "$state" --organization Example --country XX && start_node "$state" || return
    i=0
    while [ $((i += 1)) -le $count ]; do
        model=7975
        [ $((i % 2)) -eq 1 ] || model=8945
        admin phone add "$(printf 'SEP00112233%04X' $i)" --model $model --profile sccp-encrypted --line $((2000 + i)) ||
            return
    done
    admin utils ctl set-cluster mixed-mode --yes &&
        admin phone update --where profile=sccp-encrypted --capf-operation install --capf-auth null-string --yes
}
test_that 'a node with phones that are to be encrypted' prepare

registers() {
    expect 0 fleet && is_json && is '$.phones' $count && is '$.reached' $count && is '$.enrolments.installed' $count &&
        is '$.registrations.registered' $count && is '$.registrations.lost' 0 && is '$.calls.placed' 0 &&
        [ "$(json '$.registrations.register_ms.max')" -gt 0 ]
}
test_that 'a fleet enrols and registers, and that is how far it goes when nothing is said' registers

calls() {
    pairs=$((count / 2))
    expect 0 fleet --calls 20/s --talk 1 && is '$.calls.placed' $pairs && is '$.calls.connected' $pairs &&
        is '$.calls.encrypted' $pairs && is '$.calls.failed' 0 && is '$.registrations.registered' $count &&
        eventually sh -c "[ \$('$trustline' call history --state '$state' | grep -c encrypted) -eq $pairs ]"
}
test_that 'every second phone calls the next, encrypted, each from an address of its own' calls

# ---- those who stay ----

at_the_node() { "$trustline" phone list --where status=registered --json --state "$state" | grep -c '"name"'; }
there_are() { [ "$(at_the_node)" -eq "$1" ]; }

stays() {
    stay --calls 20/s --talk 1
    eventually there_are $count && eventually sh -c "[ \$('$trustline' call history --json --state '$state' | grep -c '\"began\"') -gt $count ]" || return
    go && is '$.registrations.registered' $count &&
        is '$.calls.failed' 0 && [ "$(json '$.calls.placed')" -gt $((count / 2)) ] && eventually there_are 0
}
test_that 'one that stays calls again and again until it is interrupted, and says goodbye' stays

# The event is written when a phone has its place, so that twice as many mean that all have lost it once.
registrations() { grep -c event=phone_registered "$state/log/trustline.log"; }
all_are_back() { [ "$(registrations)" -ge "$1" ]; }
comes_back() {
    stay
    eventually there_are $count || return
    twice=$(($(registrations) + count))
    pkill -9 -P "$node_pid" -f 'role callmanager' && eventually all_are_back $twice || return
    go && is '$.registrations.lost' $count &&
        is '$.registrations.registered' $count
}
test_that 'a call manager that is killed gets all of it back, and that is counted' comes_back

a_phone_is_missing() {
    admin phone delete "$(printf SEP00112233%04X 2)" --yes || return
    fleet --calls 50/s --talk 1 >"$work/out" 2>"$work/err"
    [ $? -eq 1 ] && is_json && is '$.reached' $((count - 1)) && is '$.failed' 1 &&
        is '$.calls.failed' 1 && is '$.calls.connected' $((count / 2 - 1)) && prints "not there"
}
test_that 'a phone that may not register is counted, and so is the call it cannot have' a_phone_is_missing

stop_node
done_testing
