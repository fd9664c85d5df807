#!/bin/sh
# tvs.sh TRUSTLINE TRUSTLINED TVSPROBE: phones ask a real node about certificates. What speaks to it
# is not ours (tvsprobe and openssl), and so can say what no phone would.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
tvsprobe=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"

state=$work/node
phone=SEPB000B4BA0AEE
crowd=300
! is_long || crowd=5000

admin() { "$trustline" "$@" --state "$state"; }
hex() { od -An -tx1 -v "$@" | tr -d ' \n'; }
port() { echo $((2445 + offset)); }

# What the server said to a script is in $work/heard.
talk() {
    timeout 60 "$tvsprobe" "$(port)" >"$work/heard" 2>&1
    cat "$work/heard"
}
heard() { # LINE NUMBER: that line of the server's is this
    [ "$(sed -n "$2p" "$work/heard")" = "$1" ] || fails "line $2 is not: $1"
}
# The answer about a certificate is this, now or in a moment.
says_now() { # FILE ANSWER
    printf 'verify %s\nrecv\n' "$1" | talk >/dev/null
    [ "$(cat "$work/heard")" = "$2" ]
}
answers() { eventually says_now "$1" "$2" || { cat "$work/heard"; fails "not the answer about $1: $2"; }; }

own() { # NAME: its certificate in $work/NAME.der
    admin show cert own "$1" --pem >"$work/$1.pem" && openssl x509 -in "$work/$1.pem" -outform DER -out "$work/$1.der"
}
serial() { openssl x509 -inform DER -in "$1" -noout -serial | cut -d = -f 2; }
# As CUCM writes names.
subject() {
    openssl x509 -inform DER -in "$1" -noout "${2:--subject}" -nameopt sep_comma_plus,utf8,dn_rev |
        sed 's/^[a-z]*= *//' | tr , '\n' | grep . | awk -F= '
            BEGIN { split("CN OU O L ST C", order, " ") }
            { value[$1] = $0 }
            END { for (i = 1; i <= 6; i++) if (order[i] in value) printf "%s%s", n++ ? ";" : "", value[order[i]] }'
}

prepare() {
    make_node "$state" --organization Example --country XX && start_node "$state" || return
    admin phone add $phone --model 8861 --profile sip-encrypted --line 1001 || return
    for name in CallManager CAPF TVS ITLRecovery web; do own $name || return; done
    openssl ecparam -name prime256v1 -genkey -noout -out ca.key &&
        openssl req -x509 -new -key ca.key -subj /CN=stormin-WIN2012-CA -days 30 -out ca.pem 2>/dev/null &&
        openssl req -new -newkey rsa:2048 -nodes -keyout far.key -out far.csr \
            -subj /C=AU/ST=QLD/L=Brisbane/O=Stormin/OU=IST/CN=ucm11pub.stormin.local 2>/dev/null
}

# A certificate with the names, serial number and size of the one in the exchange of a real phone.
certificate_of() { # BYTES
    pad=$(printf '%*s' "$1" '' | tr ' ' x)
    printf 'nsComment=ASN1:UTF8String:%s\n' "$pad" >ext
    openssl x509 -req -in far.csr -CA ca.pem -CAkey ca.key -days 30 -extfile ext \
        -set_serial 0x24000000179479b8f124ac3f3b000000000017 -outform DER -out far.der 2>/dev/null
}
of_that_size() {
    certificate_of 100 || return
    missing=$((1451 - $(stat -c %s far.der)))
    # An EC signature of the CA has one of several lengths.
    for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
        certificate_of $((100 + missing)) || return
        [ "$(stat -c %s far.der)" -ne 1451 ] || return 0
        missing=$((missing + 1451 - $(stat -c %s far.der)))
    done
    fails "$(stat -c %s far.der) bytes"
}

# The bytes of a real 8861, over openssl; the answer byte by byte that of CUCM but for the reserved one.
golden() {
    of_that_size && admin set cert import trust Phone-SAST-trust far.der && answers far.der 'trusted 0,3 86400 0' || return
    [ "$(stat -c %s "$root/test/fuzz/corpus/tvs/query")" -eq 153 ] || return
    { cat "$root/test/fuzz/corpus/tvs/query"; sleep 2; } |
        timeout 20 openssl s_client -quiet -connect "127.0.0.1:$(port)" >said 2>/dev/null
    {
        printf '\127\001\004\000\000\000\003\351\005\276\007\000\001\000\002\005\253'
        cat far.der
        printf '\010\000\002\000\003\011\000\004\000\001\121\200'
    } >wanted
    [ "$(stat -c %s wanted)" -eq 1480 ] && cmp said wanted
}

roles() {
    answers CallManager.der 'trusted 0,3 86400 0' && answers CAPF.der 'trusted 4 86400 0' &&
        answers TVS.der 'trusted 21 86400 0' && answers ITLRecovery.der 'trusted 0 86400 0' &&
        answers web.der 'trusted 7 86400 0' || return
    admin utils ctl set-cluster mixed-mode --yes && answers CallManager.der 'trusted 0,2 86400 0'
}

asked_by_name() {
    serial=$(serial CallManager.der)
    talk <<END
query $serial CN=node;O=Example;C=XX|CN=node;O=Example;C=XX
recv
save got.der
query $serial x|c=XX, O="Example" ,cn=node
recv
query 00$serial |CN=node;O=Example;C=XX
recv
query $serial CN=node;O=Example;C=XX|CN=node;O=Example;C=YY
recv
query ${serial}00 CN=node;O=Example;C=XX|CN=node;O=Example;C=XX
recv
END
    size=$(stat -c %s CallManager.der)
    heard "trusted 0,2 86400 $size" 1 && heard "trusted 0,2 86400 $size" 2 && heard "trusted 0,2 86400 $size" 3 &&
        heard 'not trusted' 4 && heard 'not trusted' 5 && cmp got.der CallManager.der
}

# The trace of an eToken, line by line as CUCM wrote it; nobody has it here.
traced() {
    talk <<'END'
name SEP001122334455
query 83E9080000005545AF31 cn="SAST-ADN008580ef        ";ou=IPCBU;o="Cisco Systems|cn=Cisco Manufacturing CA;o=Cisco Systems
recv
END
    heard 'not trusted' 1 || return
    log=$state/log/tvs.log
    eventually grep -q '83E9080000005545AF31cn=Cisco Manufacturing CA;o=Cisco Systems, len : 61' "$log" || return
    key='83E9080000005545AF31cn=Cisco Manufacturing CA;o=Cisco Systems'
    cat >wanted <<END
debug tvsHandleQueryCertReq
debug tvsHandleQueryCertReq : Subject Name is: cn="SAST-ADN008580ef        ";ou=IPCBU;o="Cisco Systems
debug tvsHandleQueryCertReq : Issuer Name is: cn=Cisco Manufacturing CA;o=Cisco Systems
debug tvsHandleQueryCertReq :subjectName and issuerName matches for eToken certificate
debug tvsHandleQueryCertReq : SAST Issuer Name  is: cn=Cisco Manufacturing CA;o=Cisco Systems
debug tvsHandleQueryCertReq : This is SAST eToken cert
debug tvsHandleQueryCertReq : Serial Number is: 83E9080000005545AF31
debug CertificateDBCache::getCertificateInformation - Looking up the certificate cache using Unique MAP ID : $key
debug ERROR:CertificateDBCache::getCertificateInformation - Cannot find the certificate in the cache
debug CertificateCTLCache::getCertificateInformation - Looking up the certificate cache using Unique MAP ID : $key, len : 61
debug ERROR:CertificateCTLCache::getCertificateInformation - Cannot find the certificate in the cache
debug tvsHandleQueryCertReq: Timer started from tvsHandleNewPhConnection
END
    grep -n -m 1 'eToken certificate' "$log" >at && sed -n "$(($(cut -d : -f 1 at) - 3)),+11p" "$log" >lines || return
    ! grep -v '^[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\.[0-9][0-9][0-9] | debug ' lines || return
    sed 's/^[0-9:.]* | //' lines | diff wanted - || return
    for line in 'Got a new ph conn 127.0.0.1 on' 'tvsSSLHandShake Session ciphers - ' 'TLS HS Done for ph_conn' \
        'tvsPhoneDecodeMsg - Decoded Phone Msg:' 'Protocol Discriminator: 57' 'MsgType : TVS_MSG_QUERY_CERT_REQ' \
        'Session Id : 1001' 'Length : 143' \
        ":$phone:TVS CORE: Rcvd Event: TVS_EV_CERT_VERIFICATION_REQ in State: TVS_STATE_AWAIT_REQ" \
        ":SEP001122334455:Sending QUERY_CERT_RES msg" 'Sending CERT_VERIF_RES msg' \
        'CertificateDBCache::getCertificateInformation - Found entry {rolecount : 2}' \
        'CertificateDBCache::getCertificateInformation - {role : 0}' 'Certificate compare return =0' \
        "tvsGetSerialNumberFromX509 - serialNumber : $(serial CAPF.der)"; do
        grep -qF -- "$line" "$log" || { cat "$log"; fails "not in the trace: $line"; return; }
    done
    eventually grep -q 'event=tvs_not_trusted device=SEP001122334455 .*serial=83e9080000005545af31' "$state/log/trustline.log"
}

# Each was found to make another server close the connection.
tolerant() {
    printf '\060\202\001\000not a certificate' >bad.der
    for name in SEP001122334455 CP-8861-SEPB000B4BA0AEE 'Cisco DX650-SEP001122334455' CSF123 -; do
        printf 'name %s\nverify CallManager.der\nrecv\nverify bad.der\nrecv\n' "$name" | talk
        heard 'trusted 0,2 86400 0' 1 && heard 'not trusted' 2 || { fails "with the name $name"; return; }
    done
    der=$(hex CAPF.der)
    size=$(printf %04x "$(stat -c %s CAPF.der)")
    body=$(printf '06000200000300024100%s%s%sff0000' 02 "$size" "$der")
    talk <<END
send $(printf '570101f7deadbeef%04x' $((${#body} / 2)))$body
recv
raw said
END
    heard 'trusted 4 86400 0' 1 && [ "$(hex -N 8 said)" = 57010200deadbeef ]
}

strict() {
    for bad in 57020100000000010000 55010100000000010000 "$(printf 'GET / HTTP/1.1' | hex)" 57010200000000010000 \
        57010500000000010000 57010100000000014001 570101000000000100050200033000 \
        5701010000000001000a02000230000200023000; do
        printf 'send %s\nrecv\n' "$bad" | talk
        heard closed 1 || { fails "after $bad"; return; }
    done
    answers CAPF.der 'trusted 4 86400 0'
}

several() {
    {
        for i in 1 2 3 4 5 6 7 8 9 10; do
            echo 'verify web.der'
            echo "query $(serial CAPF.der) x|$(subject CAPF.der)"
        done
        for i in 1 2 3 4 5 6 7 8 9 10; do printf 'recv\nrecv\n'; done
    } | talk
    [ "$(grep -c '^trusted 7 86400 0$' "$work/heard")" -eq 10 ] && [ "$(grep -c '^trusted 4 86400 [1-9]' "$work/heard")" -eq 10 ] ||
        return
    # In pieces as no phone sends them.
    { cat "$root/test/fuzz/corpus/tvs/query" | od -An -tx1 -v -w1 | sed 's/^ */send /'; echo recv; } | talk
    heard 'trusted 0,3 86400 1451' 1
}

revoked() {
    file=$(admin show cert list trust | sed -n 's,^Phone-SAST-trust/\(.*\.pem\): .*,\1,p')
    expect 0 admin set cert delete trust "$file" --yes && prints 'up to 86400 s more' || return
    answers far.der 'not trusted' || return
    printf 'file %s\nrecv\n' "$root/test/fuzz/corpus/tvs/query" | talk
    heard 'not trusted' 1
}

# Asked for by name, a certificate of the trust stores is read when it is wanted, and no more when it is gone.
many_stores() {
    admin set cert import trust web-trust far.der && answers far.der 'trusted 7 86400 0' &&
        admin set cert import trust CAPF-trust far.der && answers far.der 'trusted 4,7 86400 0' || return
    printf 'file %s\nrecv\nsave got.der\n' "$root/test/fuzz/corpus/tvs/query" | talk
    heard 'trusted 4,7 86400 1451' 1 && cmp got.der far.der || return
    admin set cert delete trust "web-trust/$file" --yes && answers far.der 'trusted 4 86400 0' &&
        admin set cert delete trust "CAPF-trust/$file" --yes && answers far.der 'not trusted'
}

short_time() {
    admin parameter set tvs_ttl 3600 && answers CAPF.der 'trusted 4 3600 0' &&
        admin parameter set tvs_changing CallManager && answers CallManager.der 'trusted 0,2 300 0' &&
        answers CAPF.der 'trusted 4 3600 0' || return
    timeout 30 "$trustlined" --state "$state" --check >"$work/out"
    prints 'TVS: for a change of CallManager phones ask again after 300 s' &&
        admin parameter set tvs_changing none && admin parameter set tvs_ttl 86400 && answers CallManager.der 'trusted 0,2 86400 0'
}

# The scenario of the tech note: the CallManager certificate changes, and the CTL with it.
cached_again() {
    lines=$(grep -c 'Recaching CTL Certificate Cache' "$state/log/tvs.log")
    pid=$(child_of tvs)
    cp CallManager.der before.der
    admin set cert regen CallManager --yes --accept-lockout && own CallManager || return
    answers CallManager.der 'trusted 0,2 86400 0' && answers before.der 'not trusted' || return
    cached() { [ "$(grep -c "CertificateCache::localCTLCacheMonitor - CTLFile.tlv has been modified. Recaching CTL Certificate Cache" "$state/log/tvs.log")" -gt "$lines" ]; }
    eventually cached || return
    key="$(serial CallManager.der)CN=node;O=Example;C=XX"
    grep -q 'updateLocalCTLCache : Refreshing the local CTL certificate cache' "$state/log/tvs.log" &&
        grep -qF "tvs_sql_get_all_CTL_certificate - Unique Key used for Caching :: $key, length : ${#key}" "$state/log/tvs.log" || return
    [ "$(child_of tvs)" = "$pid" ] || fails 'the role was started anew'
}

# A token that only the CTL names: its list is built elsewhere, and put into the place of ours.
ctl_only() {
    # What the trace may have of one address was used up by the tests before.
    admin utils service restart Cisco Trust Verification Service >"$work/out" || { cat "$work/out"; return 1; }
    openssl req -x509 -newkey rsa:2048 -nodes -keyout token.key -out token.pem -days 30 \
        -subj '/O=Cisco Systems, Inc./OU=IPCBU/CN=SAST-ADN008580ef        ' 2>/dev/null &&
        openssl x509 -in token.pem -outform DER -out token.der && cat token.key >>token.pem &&
        "$trustline" list build token.tlv --type ctl --signer token.pem --record sast=token.pem \
            --record "ccm+tftp=CallManager.der,dns=node,address=127.0.0.1" || return
    answers token.der 'not trusted' || return
    hash=$(sha256sum token.tlv | cut -d ' ' -f 1)
    sqlite3 "$state/trustline.db" "
        insert into published_list values ('$hash', 0, 0, readfile('token.tlv'));
        update current_list set hash = '$hash' where kind = 0;
        update revision set number = number + 1 where area = 4" || return
    answers token.der 'trusted 0 86400 0' || return
    printf 'query %s x|%s\nrecv\nsave got.der\n' "$(serial token.der)" 'cn="SAST-ADN008580ef        ";ou=IPCBU;o="Cisco Systems' | talk
    heard "trusted 0 86400 $(stat -c %s token.der)" 1 && cmp got.der token.der || return
    grep -q 'CertificateCTLCache::getCertificateInformation - Found entry {rolecount : 1}' "$state/log/tvs.log" || return
    admin utils ctl update CTLFile --yes --accept-lockout && answers token.der 'not trusted'
}

observed() {
    seen() {
        admin run sql "select o.file, o.hash, o.complete, o.size from observation o join phone p on p.id = o.phone
            where p.name = '$phone' and o.kind = 5 and o.transport = 4 order by o.sequence desc" >"$work/out" &&
            grep -q "$(sha256sum web.der | cut -d ' ' -f 1)" "$work/out"
    }
    answers web.der 'trusted 7 86400 0' && eventually seen && prints 86400 || return
    eventually status_counts && eventually phone_shows
}
status_counts() { admin show status >"$work/out" && grep -q '^tvs_trusted  *[1-9]' "$work/out"; }
phone_shows() { admin phone show $phone | grep -q 'it asked TVS about .*: trusted, for 86400 s, from 127.0.0.1$'; }

renewed() {
    before=$(served_serial)
    admin set cert regen TVS --yes --accept-lockout || return
    changed() { [ "$(served_serial)" != "$before" ]; }
    eventually changed && own TVS && [ "$(served_serial)" = "$(serial TVS.der)" ] && answers TVS.der 'trusted 21 86400 0'
}
served_serial() {
    echo | timeout 10 openssl s_client -connect "127.0.0.1:$(port)" 2>/dev/null | openssl x509 -noout -serial | cut -d = -f 2
}

# One that asks and asks is traced for a while, then counted.
flooded() {
    before=$(grep -c 'Incoming Phone Msg' "$state/log/tvs.log")
    for i in 1 2; do
        { for i in $(seq 150); do echo 'verify web.der'; echo recv; done; } | talk >/dev/null
        [ "$(grep -c '^trusted 7 ' "$work/heard")" -eq 150 ] || return
    done
    [ $(($(grep -c 'Incoming Phone Msg' "$state/log/tvs.log") - before)) -le 120 ]
}

not_delayed() {
    mkfifo crowd.in
    "$tvsprobe" "$(port)" silent $crowd <crowd.in >crowd.out &
    crowd_pid=$!
    exec 7>crowd.in
    eventually grep -q open crowd.out || return
    result=0
    answers web.der 'trusted 7 86400 0' || result=1
    exec 7>&-
    wait $crowd_pid
    return $result
}

# One address may hold so many connections; the limit is read while it runs.
capped() {
    open_from_here() {
        mkfifo "few.$1"
        "$tvsprobe" "$(port)" <"few.$1" >"few.$1.out" 2>&1 &
        few="$few $!"
    }
    few=
    admin parameter set connections_per_address 3 || return
    turned_away() { ! echo | timeout 5 openssl s_client -connect "127.0.0.1:$(port)" 2>/dev/null | grep -q 'BEGIN CERT'; }
    open_from_here 1 && open_from_here 2 && open_from_here 3
    exec 7>few.1 8>few.2 9>few.3
    result=0
    eventually turned_away || result=1
    exec 7>&- 8>&- 9>&-
    # shellcheck disable=SC2086 # numbers
    wait $few
    admin parameter set connections_per_address 256 && answers web.der 'trusted 7 86400 0' || return
    return $result
}

late() {
    start=$(date +%s)
    printf 'send 5701\nrecv\n' | talk
    heard closed 1 && [ $(($(date +%s) - start)) -ge 25 ]
}

killed() {
    for time in 1 2 3; do
        victim=$(child_of tvs)
        printf 'verify web.der\nrecv\n' | talk
        heard 'trusted 7 86400 0' 1 || return
        kill -9 "$victim"
        another() { now=$(child_of tvs) && [ "$now" != "$victim" ]; }
        eventually another && answers web.der 'trusted 7 86400 0' || return
    done
}

old_tls() {
    old() { echo | timeout 10 openssl s_client -connect "127.0.0.1:$(port)" -tls1 -cipher 'AES256-SHA:@SECLEVEL=0' 2>&1; }
    old >"$work/out"
    ! grep -q 'Cipher is AES256-SHA' "$work/out" || fails 'TLS 1.0 without legacy_tls' || return
    eventually grep -q 'event=tvs_handshake_failed.*legacy_tls' "$state/log/trustline.log" || return
    stop_node
    sed -i 's/^legacy_tls = off/legacy_tls = on/' "$state/trustline.conf"
    start_node "$state" || return
    old >"$work/out"
    grep -q 'Cipher is AES256-SHA' "$work/out" || { cat "$work/out"; fails 'no TLS 1.0 with legacy_tls'; return; }
    answers web.der 'trusted 7 86400 0'
}

stopped() {
    admin utils service stop Cisco Trust Verification Service && ! child_of tvs || return
    admin utils service start Cisco Trust Verification Service && answers web.der 'trusted 7 86400 0'
}

test_that 'a node starts, with the service in its list' prepare
test_that 'the query of a real phone is answered with the bytes CUCM sent' golden
test_that 'own certificates have the roles of the lists, and web that of applications' roles
test_that 'a certificate is found by serial number and issuer, however that is written' asked_by_name
test_that 'the trace has the lines of CUCM' traced
test_that 'what other servers close the connection for is answered' tolerant
test_that 'faults of the protocol end the connection without an answer' strict
test_that 'one connection carries many questions, in any pieces' several
test_that 'a certificate that is taken away is trusted no more at once' revoked
test_that 'trust stores add up, and certificates are read from them when asked for by name' many_stores
test_that 'answers are kept as long as parameters say, shorter for what is about to change' short_time
test_that 'a new CallManager certificate is vouched for, the old one not, the CTL cached again' cached_again
test_that 'what only the CTL names is found in the second cache' ctl_only
test_that 'questions and answers are observed and counted' observed
test_that 'a new certificate of TVS is shown without a restart' renewed
test_that 'who asks and asks is answered, and fills no log' flooded
test_that "$crowd silent connections delay nobody" not_delayed
test_that 'one address has as many connections as the parameter says' capped
if is_long; then
    test_that 'half a question is not waited for' late
else
    skip_test 'half a question is not waited for' 'takes half a minute; ./dev test --long'
fi
test_that 'a role killed at any moment answers again' killed
test_that 'the service is stopped and started by its name' stopped
in_order() { stop_node && ! grep -E 'AddressSanitizer|runtime error|LeakSanitizer' "$state.err"; }
test_that 'TLS 1.0 is spoken only with legacy_tls' old_tls
test_that 'the node ends in order' in_order
done_testing
