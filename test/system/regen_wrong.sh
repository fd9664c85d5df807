#!/bin/sh
# regen_wrong.sh TRUSTLINE TRUSTLINED TRUSTLINE-PHONE: certificates are regenerated in the wrong order:
# what bridges one change changes with it. What the plan says beforehand is what comes.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/scenario.sh"

# With one anchor that is TVS.
tvs_and_the_anchor() {
    fresh three callmanager && renews TVS || return
    plans 3 set cert regen CallManager && loses "$(devices_of $all_models)" || return
    renews CallManager --accept-lockout && refuses tvs_silent $models && refuses unknown_signer $old_models
}
# And the other way round: the anchor first, which TVS would have bridged.
the_anchor_and_tvs() {
    fresh other callmanager && renews CallManager --accept-lockout || return
    plans 3 set cert regen TVS && [ "$(lost)" = "$(devices_of $models)" ] || fails "would lose: $(lost)" || return
    renews TVS --accept-lockout && refuses tvs_silent $models && refuses unknown_signer $old_models
}
healed_by_hand() {
    boots $models -- --erase ctl --erase itl && boots $old_models -- --erase ctl && boots $all_models
}
# With two it is the other anchor; there the TVS that the old ITL names still stands by.
both_anchors() {
    fresh four callmanager,itlrecovery && renews CallManager || return
    plans 3 set cert regen ITLRecovery && loses "$(devices_of $old_models)" || return
    [ "$(through_tvs)" = "$(devices_of $models)" ] || fails "through TVS: $(through_tvs)" || return
    renews ITLRecovery --accept-lockout && accepted ctl tvs_vouches $models && refuses unknown_signer $old_models &&
        boots $old_models -- --erase ctl
}
# All of them in a row, and none fetched: nobody is lost as long as one anchor stays, but the plan
# says which bridge goes.
all_but_one() {
    renews CallManager && plans 3 set cert regen TVS && loses '' && burns servers "$models" || return
    renews TVS --accept-lockout && plans 0 set cert regen CAPF && loses '' && renews CAPF
}
one_stays() {
    fresh five callmanager,itlrecovery && all_but_one && accepted ctl signer_in_ctl $all_models
}
none_stays() {
    all_but_one && plans 3 set cert regen ITLRecovery && loses "$(devices_of $all_models)" || return
    renews ITLRecovery --accept-lockout && refuses tvs_silent $models && refuses unknown_signer $old_models && healed_by_hand
}
burns() { # BRIDGE MODELS
    burnt=$(sqlite3 :memory: "select distinct json_extract(value, '\$.device') from json_each(readfile('$work/out'), '\$.phones')
        where json_extract(value, '\$.bridge') = '$1' order by 1" | paste -s -d ' ')
    # shellcheck disable=SC2086 # a list of words
    [ "$burnt" = "$(devices_of $2)" ] || { cat "$work/out"; fails "would burn: $burnt"; }
}

# And hands help for good: a phone that is deleted and added is a new one to the plan.
known_as_new() {
    added_anew $all_models && boots $all_models && plans 0 set cert regen CallManager && loses ''
}

test_that 'TVS and the only anchor in one go lose all phones: so says the plan, and so it comes' tvs_and_the_anchor
test_that 'erased lists heal them' healed_by_hand
test_that 'the same the other way round' the_anchor_and_tvs
test_that 'which is healed in the same way' healed_by_hand
test_that 'both anchors in one go lose those that cannot ask TVS' both_anchors
test_that 'three certificates in a row, none fetched: the plan names the bridge, and the last anchor takes all' one_stays
test_that 'the last anchor after them: so many are lost as the plan says' none_stays
test_that 'phones that were helped are new to the plan when they were deleted and added' known_as_new
test_that 'the node ends in order' node_in_order
done_testing
