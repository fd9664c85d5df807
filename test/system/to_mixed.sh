#!/bin/sh
# to_mixed.sh TRUSTLINE TRUSTLINED TRUSTLINE-PHONE: from non-secure to mixed mode without tokens and
# back, with phones of several generations; records and checksums as a CUCM shows them.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/scenario.sh"

cluster "$work/cucm-1051-a1" || { echo '1..0 # SKIP no cluster'; exit 1; }
anchor='System Administrator Security Token'

# Before: an ITL, no CTL, unsigned configuration for phones without one.
non_secure() {
    [ "$(roles itl)" = "$anchor, TFTP, CAPF, TVS, $anchor" ] || fails "the ITL has: $(roles itl)" || return
    "$trustline" show ctl --state "$state" | grep -qF 'Length of CTL file: 0' || return
    boots $all_models || return
    boot_one 7940 && [ "$(said '$.configuration.full')" = 1 ] && [ "$(fared ctl)" = '' ] &&
        [ ! -e "$(flash_of 7940)/CTLFile.tlv" ]
}

mixed() {
    changes utils ctl set-cluster mixed-mode || return
    [ "$(roles ctl)" = "$anchor, CCM+TFTP, CAPF, $anchor" ] || fails "the CTL has: $(roles ctl)" || return
    [ "$(roles itl)" = "$anchor, CCM+TFTP, CAPF, TVS, $anchor" ] || fails "the ITL has: $(roles itl)"
}

# What stands above the list, what each record says of its length, and the last line.
shown_as_on_a_cucm() {
    "$trustline" show ctl --state "$state" >"$work/ctl.text" && fetch CTLFile.tlv "$work/ctl" || return
    size=$(wc -c <"$work/ctl")
    head -n 5 "$work/ctl.text" >"$work/head"
    {
        echo 'The checksum value of the CTL file:'
        echo "$(md5sum <"$work/ctl" | cut -d ' ' -f 1)(MD5)"
        echo "$(sha1sum <"$work/ctl" | cut -d ' ' -f 1)(SHA1)"
        echo
        echo "Length of CTL file: $size"
    } | diff - "$work/head" || return
    # Header and records make up the whole file.
    sum=$(sed -n 's/^HeaderLength:	\([0-9]*\) .*/\1/p' "$work/ctl.text")
    for length in $(record_lengths ctl); do sum=$((sum + length)); done
    [ "$sum" -eq "$size" ] || fails "$sum bytes of header and records, $size of the file" || return
    grep -c '^This etoken was used to sign the CTL file.$' "$work/ctl.text" | grep -qx 1 &&
        grep -c '^This etoken was not used to sign the CTL file.$' "$work/ctl.text" | grep -qx 1 &&
        [ "$(tail -n 1 "$work/ctl.text")" = 'The CTL file was verified successfully.' ]
}

# Every generation takes the CTL, by its own road, and shows the checksum that the CUCM shows.
taken_by_all() {
    md5=$(sed -n 's/(MD5)$//p' "$work/ctl.text")
    for model in $all_models; do
        boot_one "$model" || { told 'does not boot'; return 1; }
        case " $old_models " in *" $model "*) rule=first_list ;; *) rule=signer_in_itl ;; esac
        [ "$(fared ctl)" = "accepted:$rule" ] || { told "CTL $(fared ctl), not accepted by $rule"; return 1; }
        [ "$(said '$.lists.after.ctl.md5')" = "$md5" ] || { told 'shows another checksum'; return 1; }
        said '$.status_messages' | grep -qF 'Trust List Updated' || { told 'does not say that it was updated'; return 1; }
    done
    boots $all_models
}

# The CTL stays; records of servers keep name, role and address: 33 bytes for a name of 12.
back_to_non_secure() {
    changes utils ctl set-cluster non-secure-mode || return
    [ "$(roles ctl)" = "$anchor, CCM+TFTP, CAPF, $anchor" ] || fails "the CTL has: $(roles ctl)" || return
    [ "$(record_lengths ctl | cut -d ' ' -f 2)" -eq 33 ] ||
        fails "record lengths $(record_lengths ctl)" || return
    "$trustline" show ctl --state "$state" | awk '/CTL Record #:2/, /CTL Record #:3/' | grep -E '^[0-9]' | cut -f 1,2 >"$work/tags"
    printf '%s\t%s\n' 1 RECORDLENGTH 2 DNSNAME 4 FUNCTION 10 IPADDRESS | diff - "$work/tags" || return
    boots $all_models || return
    # The CTL names no signer of files any more: phones without an ITL take them as they are.
    boot_one 7940 && [ "$(fared configuration)" = unchanged:unsigned ] || { told "$(fared configuration)"; return 1; }
    boot_one 7975 && [ "$(fared configuration)" = unchanged:signer_in_itl ] || { told "$(fared configuration)"; return 1; }
}
and_mixed_again() {
    changes utils ctl set-cluster mixed-mode && boots $all_models && boot_one 7940 &&
        [ "$(fared configuration)" = unchanged:signer_in_ctl ] || { told "$(fared configuration)"; return 1; }
}

test_that 'a non-secure cluster has an ITL alone, and every generation boots' non_secure
test_that 'mixed mode makes a CTL with the records of the documents' mixed
test_that 'the CTL is shown with checksums, lengths and signer as on a CUCM' shown_as_on_a_cucm
test_that 'phones of every generation take it and show the same checksum' taken_by_all
test_that 'back to non-secure, the CTL stays with records emptied to 33 bytes, and phones take it' back_to_non_secure
test_that 'mixed mode comes back for the same phones' and_mixed_again
test_that 'the node ends in order' node_in_order
done_testing
