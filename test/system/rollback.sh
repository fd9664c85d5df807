#!/bin/sh
# rollback.sh TRUSTLINE TRUSTLINED TRUSTLINE-PHONE: "prepare cluster for rollback to pre 8.0": the ITLs
# of all phones are emptied at once, unsigned configuration and any ITL are taken, and back again.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/scenario.sh"

home=$work/home away=$work/away
anchor='System Administrator Security Token'

# Two clusters run; phones go to the one that `at` says.
at() { # home|away
    eval "state=\$$1 offset=\$$1_offset node_pid=\$$1_pid"
}
{
    cluster "$away" && away_offset=$offset away_pid=$node_pid &&
        cluster "$home" && home_offset=$offset home_pid=$node_pid && boots $all_models
} >"$work/log" 2>&1 || { sed 's/^/# /' "$work/log"; echo '1..0 # SKIP no clusters'; exit 1; }

asked_for() { # NAME
    sqlite3 :memory: "select json_extract(value, '\$.name') from json_each(readfile('$work/said'), '\$.files')" | grep -qx "$1" ||
        { told "does not ask for $1"; return 1; }
}
configuration_is() { # RULE SUFFIX MODEL...: taken by this rule, under the name with this suffix
    rule=$1 suffix=$2
    shift 2
    for model in "$@"; do
        boot_one "$model" || { told 'does not boot'; return 1; }
        asked_for "$(device_of "$model").cnf.xml$suffix" || return
        case $(fared configuration) in
        *":$rule") ;;
        *) told "configuration $(fared configuration)"; return 1 ;;
        esac
    done
}

planned() {
    plans 0 parameter set prepare_rollback 1 && [ "$(lost)" = '' ] || fails "would lose $(lost)"
}
emptied() {
    changes parameter set prepare_rollback 1 && grep -q '^Note: a phone that holds the empty ITL' "$work/out" &&
        [ "$(roles itl)" = "$anchor, CAPF, $anchor" ] || fails "the ITL has: $(roles itl)" || return
    boots $all_models
}
unsigned_is_taken() {
    configuration_is empty_itl '' $models && configuration_is unsigned '' $old_models
}
# Also of a cluster that nobody here has ever heard of.
any_itl_is_taken() {
    at away
    for model in $models; do
        boot_one "$model" && [ "$(fared itl)" = accepted:empty_itl ] || { told "ITL $(fared itl)"; return 1; }
    done
    boots $all_models && configuration_is signer_in_itl .sgn $models
}
# From there no way leads back but another empty ITL.
the_same_way_back() {
    at home
    refuses tvs_refuses $models || return
    at away
    changes parameter set prepare_rollback 1 && boots $models || return
    at home
    boots $all_models && [ "$(roles itl)" = "$anchor, CAPF, $anchor" ]
}
closed_again() {
    plans 0 parameter set prepare_rollback 0 && [ "$(lost)" = '' ] || fails "would lose $(lost)" || return
    changes parameter set prepare_rollback 0 && [ "$(roles itl)" = "$anchor, TFTP, CAPF, TVS, $anchor" ] &&
        boots $all_models && configuration_is signer_in_itl .sgn $models
}
# A CTL is not emptied: it goes on to demand signed files, and to guard the next CTL.
a_ctl_stays_on_guard() {
    changes utils ctl set-cluster mixed-mode && boots $all_models && changes parameter set prepare_rollback 1 &&
        boots $all_models && [ "$(roles ctl)" = "$anchor, CCM+TFTP, CAPF, $anchor" ] || fails "the CTL has: $(roles ctl)" || return
    configuration_is signer_in_ctl .sgn $all_models || return
    for model in 7975 8861; do
        cp "$vector/CTLFile.tlv" "$state/tftpboot/CTL$(device_of $model).tlv" && refuses unknown_signer $model || return
    done
    rm "$state"/tftpboot/CTL*.tlv && changes parameter set prepare_rollback 0 && boots $all_models
}
both_in_order() {
    at away
    node_in_order || return
    at home
    node_in_order
}

test_that 'a plan says that no phone is lost by the empty ITL' planned
test_that 'the ITL has anchors and CAPF alone, and every generation takes it' emptied
test_that 'phones with the empty ITL ask for unsigned files and take them' unsigned_is_taken
test_that 'they take the ITL of a cluster they never heard of' any_itl_is_taken
test_that 'and come home by the same way, and no other' the_same_way_back
test_that 'the ITL is whole again, and phones take it' closed_again
test_that 'the CTL of a mixed cluster stays on guard' a_ctl_stays_on_guard
test_that 'both nodes end in order' both_in_order
done_testing
