#!/bin/sh
# regen.sh TRUSTLINE TRUSTLINED TRUSTLINE-PHONE: certificates are regenerated, with one anchor and with
# two, and phones of several generations take what follows or are named beforehand.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/scenario.sh"

# ---- one anchor: as the documents of 10.0 show it ----

one_anchor() {
    fresh one callmanager && [ "$(roles ctl)" = 'System Administrator Security Token, CCM+TFTP, CAPF' ] ||
        fails "the CTL has: $(roles ctl)"
}
named_beforehand() {
    plans 3 set cert regen CallManager && loses "$(devices_of $old_models)" || return
    [ "$(through_tvs)" = "$(devices_of $models)" ] || fails "through TVS: $(through_tvs)" || return
    before=$(serial_of CallManager)
    timeout 60 "$trustline" set cert regen CallManager --yes --state "$state" >"$work/out" 2>&1
    [ $? -eq 3 ] && [ "$(serial_of CallManager)" = "$before" ] || fails 'it was done all the same' || return
    boots $all_models
}
through_tvs_alone() {
    renews CallManager --accept-lockout && accepted ctl tvs_vouches $models || return
    boot_one 7975 && asked_nothing && [ "$(fared ctl)" = unchanged:signer_in_ctl ] || told "$(fared ctl)"
}
lost_as_said() {
    refuses unknown_signer $old_models && boots $old_models -- --erase ctl && boots $all_models
}
# Once more, with an eye on the console of a 7975 and on the trace of TVS.
told_by_both_sides() {
    renews CallManager --accept-lockout || return
    timeout 60 "$phone" "$(device_of 7975)" --model 7975 --tftp "127.0.0.1:$((69 + offset))" --home "$(flash_of 7975)" \
        --until files >"$work/said" 2>"$work/err" || { cat "$work/said"; return 1; }
    for words in '-Successfully obtained a TLS connection to the TVS server' 'CTL taken; rule <tvs_vouches>' \
        'setupSocketToTvsProxy: Connected to TVS proxy server' 'processTvsClntReq: TVS Certificate cache flush request received'; do
        grep -q "SECD: $words\$" "$work/said" || { cat "$work/said"; fails "the phone does not say: $words"; return; }
    done
    asked_as_documented && cached_as_documented
}
# The question in the trace of TVS, line by line.
asked_as_documented() {
    serial=$(serial_of CallManager | tr a-f A-F) name='CN=one;O=Example;C=XX'
    cat >"$work/wanted" <<END
debug tvsHandleQueryCertReq
debug tvsHandleQueryCertReq : Subject Name is: $name
debug tvsHandleQueryCertReq : Issuer Name is: $name
debug tvsHandleQueryCertReq : Serial Number is: $serial
debug CertificateDBCache::getCertificateInformation - Looking up the certificate cache using Unique MAP ID : $serial$name
debug CertificateDBCache::getCertificateInformation - Found entry {rolecount : 2}
debug CertificateDBCache::getCertificateInformation - {role : 0}
debug CertificateDBCache::getCertificateInformation - {role : 2}
debug tvsHandleQueryCertReq: Timer started from tvsHandleNewPhConnection
END
    eventually grep -q "Serial Number is: $serial" "$state/log/tvs.log" || return
    grep -B 3 -A 5 -m 1 "Serial Number is: $serial" "$state/log/tvs.log" | sed 's/^[0-9:.]* | //' | diff "$work/wanted" -
}
# And before it the CTL cached anew, with a line for each of its records.
cached_as_documented() {
    capf=$(serial_of CAPF | tr a-f A-F)$("$trustline" show cert own CAPF --json --state "$state" | sed -n 's/^ *"issuer": "\(.*\)",*$/\1/p')
    {
        echo 'CertificateCache::localCTLCacheMonitor - CTLFile.tlv has been modified. Recaching CTL Certificate Cache'
        echo 'updateLocalCTLCache : Refreshing the local CTL certificate cache'
        for key in "$serial$name" "$serial$name" "$capf"; do
            echo "tvs_sql_get_all_CTL_certificate - Unique Key used for Caching :: $key, length : ${#key}"
        done
    } >"$work/wanted"
    grep -A 4 localCTLCacheMonitor "$state/log/tvs.log" | tail -n 5 | sed 's/^[0-9:.]* | debug //' | diff "$work/wanted" -
}

# ---- two anchors: the default ----

without_asking() {
    fresh two callmanager,itlrecovery && plans 0 set cert regen CallManager && loses '' || return
    [ "$(through_tvs)" = '' ] || fails "through TVS: $(through_tvs)" || return
    renews CallManager && accepted ctl signer_in_ctl $all_models
}
# CAPF and TVS first, the signer of files last, and each is fetched before the next.
right_order() {
    for name in CAPF TVS CallManager; do
        plans 0 set cert regen $name && loses '' && renews $name && boots $all_models || return
    done
}
# A phone whose lists name the old certificate meets a CAPF that shows the new one.
capf_through_tvs() {
    act profile add lsc --model any --protocol sccp --mode non-secure --capf-auth null-string &&
        act phone update "$(device_of 8945)" --profile lsc --capf-operation install --yes && boots 8945 || return
    for list in CTL ITL; do
        cp "$(flash_of 8945)/${list}File.tlv" "$state/tftpboot/$list$(device_of 8945).tlv" || return
    done
    renews CAPF && boot_one 8945 --until enrolled || { told 'is not enrolled'; return 1; }
    [ "$(said '$.enrolment.result')" = installed ] && [ "$(said '$.tvs[0].about')" = certificate ] &&
        [ "$(said '$.tvs[0].result')" = vouched ] && [ "$(said '$.tvs[0].roles')" = '[4]' ] || { told 'not through TVS'; return 1; }
    rm "$state"/tftpboot/*.tlv && boots $all_models
}

test_that 'with one anchor the CTL has the records of the documents' one_anchor
test_that 'phones without TVS are named beforehand, and nothing is done' named_beforehand
test_that 'phones with TVS take the new CTL through it, and know its signer from then on' through_tvs_alone
test_that 'phones without TVS refuse, and are helped by an erased CTL' lost_as_said
test_that 'phone and server tell it in the words of the documents' told_by_both_sides
test_that 'with two anchors every generation takes the new lists without asking' without_asking
test_that 'in the right order, each fetched before the next, no phone is lost' right_order
test_that 'a new CAPF certificate is believed through TVS' capf_through_tvs
test_that 'the node ends in order' node_in_order
done_testing
