#!/bin/sh
# move.sh TRUSTLINE TRUSTLINED TRUSTLINE-PHONE: phones move to another cluster. Its signers are imported
# into the Phone-SAST-trust of the cluster they come from, whose TVS then vouches for them.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/scenario.sh"

old=$work/old new=$work/new

# Both clusters run; phones go to the one that `at` says.
at() { # old|new
    eval "state=\$$1 offset=\$$1_offset node_pid=\$$1_pid"
}
two_clusters() {
    cluster "$old" && old_offset=$offset old_pid=$node_pid && changes utils ctl set-cluster mixed-mode && boots $all_models &&
        cluster "$new" && new_offset=$offset new_pid=$node_pid && changes utils ctl set-cluster mixed-mode
}
two_clusters || { echo '1..0 # SKIP no clusters'; exit 1; }

foreign_at_first() {
    at new
    refuses tvs_refuses $models && refuses unknown_signer $old_models
}
imported() {
    for name in CallManager ITLRecovery; do
        "$trustline" show cert own $name --pem --state "$new" >"$work/$name.pem" || return
        "$trustline" set cert import trust Phone-SAST-trust "$work/$name.pem" --state "$old" || return
    done
    "$trustline" show cert list trust --state "$old" | grep -c '^Phone-SAST-trust/' | grep -qx 2
}
moved() {
    at new
    trusted_meanwhile 7975 || return
    for model in $models; do
        boot_one "$model" || { told 'does not move'; return 1; }
        case $(fared ctl),$(fared itl) in
        accepted:tvs_vouches,accepted:*) ;;
        *) told "CTL $(fared ctl), ITL $(fared itl)"; return 1 ;;
        esac
    done
}
at_home_there() {
    at new
    boots $models
    kill "$old_pid" && wait "$old_pid"
    boots $models
}
hands_for_the_oldest() {
    refuses unknown_signer $old_models && boots $old_models -- --erase ctl && boots $all_models
}
both_in_order() {
    node_in_order && ! grep -E 'AddressSanitizer|runtime error|LeakSanitizer' "$old.err"
}

test_that 'phones of one cluster refuse the lists of another' foreign_at_first
test_that 'the signers of the other cluster are imported' imported
test_that 'TVS vouches for them: phones take the lists of the other cluster' moved
test_that 'and stay there when the old cluster is gone' at_home_there
test_that 'phones without TVS are moved by hand' hands_for_the_oldest
test_that 'both nodes end in order' both_in_order
done_testing
