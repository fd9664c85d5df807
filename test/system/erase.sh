#!/bin/sh
# erase.sh TRUSTLINE TRUSTLINED TRUSTLINE-PHONE: all keys are lost, no TVS can help, and the lists of all
# phones are erased at once.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/scenario.sh"

count=24
if is_long; then count=400; fi

# All phones at once, eight generations in turn; what became of them is in $work/said.
fleet() { # OPTION...
    timeout 300 "$phone" --fleet $count --first SEP000000001000 --model 7940,7960,7961,7962,7975,6941,8945,8861 \
        --tftp "127.0.0.1:$((69 + offset))" --home "$work/fleet" --concurrency 32 --json --until files "$@" >"$work/said" 2>"$work/err"
}
of_fleet() { # KEY VALUE
    [ "$(said "$.$1")" = "$2" ] || { cat "$work/said" "$work/err"; fails "$1 is $(said "$.$1"), not $2"; }
}
new_cluster() {
    make_node "$state" && act utils ctl set-cluster mixed-mode --yes && start_cluster "$state"
}

state=$work/node
all_take() {
    new_cluster && fleet && of_fleet reached $count && of_fleet refused 0
}
all_is_lost() {
    stop_node && rm -rf "$state" && new_cluster || return
    fleet
    [ $? -eq 3 ] && of_fleet refused $count && of_fleet reached 0
}
erased() {
    fleet --erase ctl --erase itl && of_fleet reached $count && of_fleet refused 0 &&
        [ "$(said '$.taken_by_rule.first_list')" -ge $count ]
}
at_peace() {
    fleet && of_fleet reached $count && of_fleet refused 0 && of_fleet taken_by_rule.first_list ''
}

test_that 'phones of every generation take the lists of a cluster' all_take
test_that 'the same cluster with other keys is refused by all of them' all_is_lost
test_that 'lists erased at once are followed by the first that come' erased
test_that 'and then they are as other phones' at_peace
test_that 'the node ends in order' node_in_order
done_testing
