#!/bin/sh
# callmanager.sh TRUSTLINE TRUSTLINED SCCPPROBE ENROLLED: phones register at a real node, or do not.
# What speaks to it is not ours (sccpprobe and openssl).
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
sccpprobe=$(realpath "$3")
enrolled=$(realpath "$4")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/sccp.sh"

state=$work/node
anna=SEP001122330001   # encrypted
bert=SEP001122330002   # encrypted
clara=SEP001122330003  # authenticated
dora=SEP001122330004   # non-secure
otto=SEP001122330005   # SIP
pia=SEP001122330017    # encrypted

give_lsc() { # NAME FILE [DAYS]
    lsc "$@" && "$enrolled" "$state/trustline.db" "${kept:-lsc}" "$1" "$2.crt"
}

prepare() {
    make_node "$state" --organization Example --country XX && start_node "$state" || return
    admin phone add $anna --model 7975 --profile sccp-encrypted --line 1001,Anna &&
        admin phone add $bert --model 7975 --profile sccp-encrypted --line 1002,Bert &&
        admin phone add $clara --model 7975 --profile sccp-authenticated --line 1003 &&
        admin phone add $dora --model 7975 --profile sccp-non-secure --line 1004 &&
        admin phone add $otto --model 7975 --profile sip-encrypted --line 1005 || return
    kept=pending give_lsc $anna anna && give_lsc $bert bert && give_lsc $clara clara &&
        give_lsc $dora dora && give_lsc $otto otto || return
    admin utils ctl set-cluster mixed-mode --yes
}

# ---- who may ----

over_tcp() {
    talk "$(plain)" <<END
alarm Name=$dora Load=9.4 Last=initialized
register $dora 17
until 81
message 9b
words b 1
text 147 8
message 0
until 100
END
    heard '0081 1e000000442f4d2f59' 2 && heard '0147 1004' 3 && heard 0100 4 || return
    logged "event=phone_registered device=$dora" && traced 'ClusterSecurityMode = (1) DeviceSecurityMode = (1)' &&
        traced "Alarm severity=2 text=Name=$dora Load=9.4 Last=initialized"
}

# What DefineTimeDate says, beside its own Unix time.
local_time() {
    [ -e /usr/share/zoneinfo/Asia/Tokyo ] || { admin parameter set time_zone Etc/UTC; return; }
    expect 2 "$trustline" parameter set time_zone Asia/Tokio --state "$state" && says 'it may be a name like' &&
        expect 0 "$trustline" parameter set time_zone Asia/Tokyo --state "$state" || return
    talk "$(plain)" <<END
register $dora 17
until 81
message d
until 94
END
    heard 0081 2 && heard 0094 3 || return
    told=$(sed -n 's/^0094 //p' heard)
    told=$(for at in 0 4 12 16 20 32; do printf '%d ' "0x$(part "$told" $((at + 3)) 1)$(part "$told" $((at + 2)) 1)$(
        part "$told" $((at + 1)) 1)$(part "$told" "$at" 1)"; done)
    unix=${told% }
    [ "${told% * }" = "$(TZ=Asia/Tokyo date -d "@${unix##* }" '+%Y %-m %-d %-H %-M')" ] ||
        fails "not the time of Tokyo: $told"
}

over_tls() {
    talk "$(secure)" tls cert=anna.pem <<END
register $anna 22
until 81
until 9b
END
    heard 'tls TLSv1.3' 1 && heard 0081 2 && heard 009b 3 || return
    cipher=$(sed -n 's/^tls [^ ]* //p' heard)
    logged "event=phone_registered device=$anna" &&
        traced 'SdlSSLTCPListener::verify_cb pre-verified=1,cert verification errno=0,depth=0' &&
        traced 'ClusterSecurityMode = (1) DeviceSecurityMode = (3)' &&
        traced "TLS Connection Cipher - INFO:deviceName=$anna, Cipher=$cipher, Security Mode=3"
}

confirmed() {
    state_of=$(admin run sql "select state from phone_certificate where device = '$anna'" --json | tr -dc 0-9)
    [ "$state_of" = 1 ] || fails "its state is $state_of"
}

observed() {
    eventually sh -c "'$trustline' phone show $anna --state '$state' | grep -q 'registered, encrypted'"
}

# refused_with ANSWER LOG OPTION... <SCRIPT: the last line heard, and one line of the log.
refused_with() {
    answer=$1
    reason=$2
    shift 2
    before=$(times_logged "$reason")
    talk "$@" || return
    tail -n 1 heard | grep -q "$answer" || fails "heard no $answer" || return
    eventually eval "[ \$(times_logged '$reason') -gt $before ]" || return
    [ "$(times_logged "$reason")" -eq $((before + 1)) ] || fails 'more than one line'
}

handshakes() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout foreign.key -out foreign.crt -days 30 \
        -subj "/CN=$anna" 2>/dev/null && cat foreign.crt foreign.key >foreign.pem && lsc $anna expired -1 || return
    echo 'until 81' | refused_with 'refused\|closed' 'showed no certificate, and this service needs one' \
        "$(secure)" tls from=127.0.0.2 || return
    echo 'until 81' | refused_with 'refused\|closed' 'none of the 1 CAs trusted for phones' \
        "$(secure)" tls cert=foreign.pem from=127.0.0.3 || return
    echo 'until 81' | refused_with 'refused\|closed' "CN=$anna expired on" \
        "$(secure)" tls cert=expired.pem from=127.0.0.4 || return
    traced 'pre-verified=0'
}

# s_client says what the alert was.
client() { echo | timeout 10 openssl s_client -connect "127.0.0.1:$(secure)" "$@" 2>&1; }
alerts() {
    client -tls1_2 | grep -q 'alert handshake failure' || fails 'without a certificate' || return
    client -tls1_2 -cert foreign.crt -key foreign.key | grep -q 'alert unknown ca' || fails 'a foreign one' || return
    client -tls1_2 -cert expired.crt -key expired.key | grep -q 'alert certificate expired' || fails 'an expired one'
}

revoked() {
    give_lsc $bert bert2 && admin phone revoke $bert --yes || return
    eventually sh -c "echo | openssl s_client -connect 127.0.0.1:$(secure) -tls1_2 -bind 127.0.0.5 \
        -cert bert.crt -key bert.key 2>&1 | grep -q 'alert certificate revoked'" || return
    logged "CN=$bert is revoked" || return
    echo 'until 81' | refused_with 'refused\|closed' "CN=$bert is revoked" "$(secure)" tls cert=bert.pem from=127.0.0.13 &&
        give_lsc $bert bert
}

other_names() {
    refused_with '^009d.*4365727469666963617465206f6620616e6f74686572' 'device='"$bert"' peer=127.0.0.6' \
        "$(secure)" tls cert=anna.pem from=127.0.0.6 <<END
register $bert 17
until 9d
END
    logged "foreign: its certificate is another phone's: the name in it must be $bert" || return
    lsc $anna unknown && refused_with '^009d' 'device='"$anna"' peer=127.0.0.7' \
        "$(secure)" tls cert=unknown.pem from=127.0.0.7 <<END
register $anna 17
until 9d
END
    logged "device=$anna peer=127.0.0.7" && logged 'not_issued: CAPF issued it, and the store knows nothing of it; ' &&
        grep 'not_issued: ' "$state/log/trustline.log" | grep -q 'set cert regen CAPF' || fails 'not what to do' || return
    admin phone add SEP001122330006 --model 7975 --profile sccp-encrypted && lsc $otto taken &&
        "$enrolled" "$state/trustline.db" lsc SEP001122330006 taken.crt || return
    refused_with '^009d' 'foreign: it is known as that of' "$(secure)" tls cert=taken.pem from=127.0.0.13 <<END
register $otto 17
until 9d
END
}

modes() {
    refused_with '^009d' 'reason="needs_tls: ' "$(plain)" from=127.0.0.8 <<END || return
register $anna 17
until 9d
END
    refused_with '^009d' 'reason="not_secure: ' "$(secure)" tls cert=dora.pem from=127.0.0.9 <<END || return
register $dora 17
until 9d
END
    refused_with '^009d' 'reason="protocol: ' "$(secure)" tls cert=otto.pem from=127.0.0.10 <<END || return
register $otto 17
until 9d
END
    refused_with '^009d' 'reason="unknown: ' "$(plain)" from=127.0.0.11 <<END || return
register SEP0000000000FF 17
until 9d
END
    refused_with '^009d' 'reason="no_name: ' "$(plain)" from=127.0.0.12 <<END
register PHONE1 17
until 9d
END
}

# ---- who is ----

listed() {
    plug 5 anna "$(secure)" tls cert=anna.pem
    say 5 "register $anna 17" && say 5 'until 81' && hears anna '^0081' && eventually registered $anna || return
    admin phone list --where status=registered --json >out
    [ "$(json '$[0].name') $(json '$[0].node') $(json '$[0].registered_mode') $(json '$[0].tls')" = \
        "$anna node encrypted TLSv1.3" ] || { cat out; fails 'not as it is registered'; } || return
    until=$(date -d "$(openssl x509 -in anna.crt -noout -enddate | cut -d = -f 2)" +%s)
    [ "$(date -d "$(json '$[0].certificate_not_after')" +%s)" = "$until" ] || fails 'not its certificate' || return
    admin phone list --where node=nod* >out && prints "$anna" && prints encrypted &&
        admin phone list --where status=unregistered >out && prints "$dora" &&
        admin phone show $anna >out && prints 'Registered:   at node, encrypted, since ' && prints 'SCCP version 17'
}

again() {
    plug 6 anna2 "$(secure)" tls cert=anna.pem
    say 6 "register $anna 17" && say 6 'until 81' && hears anna2 '^0081' || return
    say 5 'until 9d' && hears anna '^closed' && unplug 5 || return
    logged 'the phone has registered over another connection' || return
    registered $anna || fails 'it is not registered any more'
}

goodbye() {
    say 6 'message 27' && say 6 'until 118' && hears anna2 '^0118' && unplug 6 || return
    eventually sh -c "! '$trustline' run sql 'select phone from registration' --state '$state' | grep -q '[0-9]'" &&
        logged "event=phone_unregistered device=$anna"
}

shown_out() {
    plug 5 anna "$(secure)" tls cert=anna.pem
    plug 6 dora "$(plain)"
    say 5 "register $anna 17" && say 5 'until 81' && hears anna '^0081' &&
        say 6 "register $dora 17" && say 6 'until 81' && hears dora '^0081' || return
    admin phone revoke $anna --yes && admin phone delete $dora --yes || return
    say 5 'until 9d' && say 6 'until 9d' && hears anna '^closed' && hears dora '^closed' || return
    unplug 5
    unplug 6
    logged 'its certificate was revoked' && logged 'the phone was deleted'
}

# ---- restarts ----

# phone_is FD NAME CERT: a phone that is registered, and listens for what it is told.
phone_is() {
    plug "$1" "$2" "$(secure)" tls "cert=$4.pem"
    say "$1" "register $3 17" && say "$1" 'until 81' && hears "$2" '^0081' && eventually registered "$3"
}

told() {
    phone_is 5 bert $bert bert && say 5 'until 9f' || return
    expect 0 "$trustline" phone restart $bert --state "$state" && prints "$bert is told to restart" &&
        hears bert '^009f 02000000' || return
    phone_is 5 bert $bert bert && say 5 'until 9f' && expect 0 "$trustline" phone reset $bert --state "$state" &&
        hears bert '^009f 01000000' || return
    unplug 5
    eventually sh -c "'$trustline' phone list --where status=unregistered --state '$state' | grep -q $bert" || return
    expect 1 "$trustline" phone reset $bert --state "$state" && says 'is not registered, so it cannot be told' &&
        expect 2 "$trustline" phone reset --state "$state" && says 'NAME is missing' &&
        expect 1 "$trustline" phone reset SEP00 --state "$state"
}

waves() {
    phone_is 5 bert $bert bert && phone_is 6 clara $clara clara && say 5 'until 9f' && say 6 'until 9f' || return
    expect 0 "$trustline" phone restart --where protocol=sccp --wave 1 --dry-run --state "$state" &&
        prints 'would be told to restart' || return
    expect 0 "$trustline" phone restart --where protocol=sccp --wave 1 --state "$state" &&
        prints 'phones are told to restart now' && prints 'never more than 1' || return
    hears bert '^009f 02000000' && admin show status >out && prints 'On their way' || return
    ! grep -q '^009f' clara.out || fails 'the second was told before the first was back' || return
    phone_is 5 bert $bert bert && hears clara '^009f 02000000' || return
    phone_is 6 clara $clara clara || return
    eventually sh -c "'$trustline' run sql 'select count(*) as n from reset_phone where state = 3 and reset = 3' --json \
        --state '$state' | grep -q 2" || { admin run sql 'select * from reset_phone'; return 1; }
    unplug 5
    unplug 6
}

# While nobody can write a phone whose LSC is to be confirmed waits, and one that is known does not.
locked() {
    admin phone add $pia --model 7975 --profile sccp-encrypted --line 1017 && kept=pending give_lsc $pia pia || return
    eventually speaks pia || return
    rm -f lock.in
    mkfifo lock.in
    (exec 5>&- 6>&- && exec timeout 60 "$enrolled" "$state/trustline.db" lock locked) <lock.in >lock.out 2>&1 &
    exec 7>lock.in
    eventually grep -q locked lock.out || return
    plug 5 pia "$(secure)" tls cert=pia.pem 7>&-
    say 5 "register $pia 17" && say 5 'until 81' && hears pia '^tls' || return
    plug 6 bert "$(secure)" tls cert=bert.pem 7>&-
    say 6 "register $bert 17" && say 6 'until 81' && hears bert '^0081' || return
    ! grep -q '^0081\|closed' pia.out || fails 'it did not wait' || return
    exec 7>&-
    hears pia '^0081' || return
    unplug 5
    unplug 6
}
speaks() { echo | talk "$(secure)" tls cert="$1.pem" from=127.0.0.34; heard tls 1; }

# ---- calls ----

encrypted_call() {
    give_lsc $anna anna3 && phone_is 5 anna $anna anna3 && phone_is 6 bert $bert bert || return
    calls 5 anna 1002 6 bert && keys_match anna bert 1 || return
    [ "$(part "$(heard_last anna 014a)" 24 4)" = 03000000 ] || fails 'no lock on the screen' || return
    eventually sh -c "'$trustline' call list --state '$state' | grep -q 'encrypted.*AES_CM_128_HMAC_SHA1_32'" || return
    # Hold and resume: keys of their own.
    before=$(part "$(heard_last anna 0105)" 36 32)
    say 5 'words 26 3 1 0' && next 5 anna 0106 && next 6 bert 0106 && say 5 'words 26 10 1 0' &&
        next 5 anna 0105 && next 6 bert 0105 || return
    listens 5 anna 20004
    listens 6 bert 20006
    next 5 anna 008a && next 6 bert 008a && keys_match anna bert 1 || return
    [ "$(part "$(heard_last anna 0105)" 36 32)" != "$before" ] || fails 'the old keys again' || return
    for key in "$before" "$(part "$(heard_last anna 0105)" 36 16)" "$(part "$(heard_last bert 0105)" 36 16)"; do
        ! grep -rqi "$key" "$state/log" "$state"/trustline.db* || fails 'a key is in a log or the store' || return
    done
    say 5 'words 26 9 1 0' && next 6 bert 0106 || return
    eventually sh -c "'$trustline' call history --state '$state' | grep -q 1002"
}

mixed_call() {
    unplug 6
    plug 6 clara "$(secure)" tls cert=clara.pem
    say 6 "register $clara 17" && say 6 'until 81' && hears clara '^0081' || return
    calls 5 anna 1003 6 clara && keys_match anna clara 0 || return
    [ "$(part "$(heard_last anna 014a)" 24 4)" = 02000000 ] || fails 'no shield on the screen' || return
    unplug 5
    unplug 6
}

# What is open stays; what begins then has no keys. It is raised by registering again, and not before.
lowered() {
    phone_is 5 anna $anna anna3 && phone_is 6 bert $bert bert && calls 5 anna 1002 6 bert && keys_match anna bert 1 || return
    admin phone update $bert --profile sccp-non-secure >out && prints "$bert is registered: it loses at once" &&
        logged "event=phone_lowered device=$bert" || return
    admin phone update $bert --profile sccp-encrypted || return
    say 5 'words 26 3 1 0' && next 5 anna 0106 && next 6 bert 0106 && say 5 'words 26 10 1 0' &&
        next 5 anna 0105 && next 6 bert 0105 || return
    listens 5 anna 20004
    listens 6 bert 20006
    next 5 anna 008a && next 6 bert 008a && keys_match anna bert 0 || return
    [ "$(part "$(heard_last anna 014a)" 24 4)" = 01000000 ] || fails 'a lock on the screen' || return
    say 5 'words 26 9 1 0' && next 6 bert 0106 && unplug 5 && unplug 6
}

# ---- versions and suites ----

modern() {
    echo | talk "$(secure)" tls cert=clara.pem version=1.2 from=127.0.0.20
    heard 'tls TLSv1.2 ECDHE' 1 || return
    echo | talk "$(secure)" tls cert=clara.pem version=1.0 cipher=AES128-SHA from=127.0.0.21
    heard refused 1 || return
    logged 'the phone offers only TLS 1.0, this service speaks TLS 1.2 and 1.3: legacy_tls is off' || return
    echo | talk "$(secure)" tls cert=clara.pem version=1.2 cipher=AES128-SHA from=127.0.0.22
    heard refused 1 && logged 'the phone offers AES128-SHA; legacy_tls is off' || return
    echo | talk "$(secure)" tls cert=clara.pem version=1.2 cipher=NULL-SHA from=127.0.0.23
    heard refused 1 && logged 'the phone offers NULL-SHA; legacy_tls is off' || return
    old_client AES128-SHA | grep -q 'alert protocol version' || fails 'TLS 1.0' || return
    old_client NULL-SHA | grep -q 'alert protocol version' || fails 'NULL-SHA'
}
# A 7975, as s_client plays it.
old_client() { # SUITE
    client -tls1 -cipher "$1:@SECLEVEL=0" -bind 127.0.0.18 -cert clara.crt -key clara.key
}

speaks_old() {
    echo | talk "$(secure)" tls cert=bert.pem version=1.0 cipher=AES128-SHA from=127.0.0.19
    heard tls 1
}
legacy() {
    sed -i 's/^legacy_tls = off/legacy_tls = on/' "$state/trustline.conf" && kill -HUP "$node_pid" || return
    eventually speaks_old || return
    talk "$(secure)" tls cert=bert.pem version=1.0 cipher=AES128-SHA <<END
register $bert 11
until 81
END
    heard 'tls TLSv1 AES128-SHA' 1 && heard 0081 2 || return
    traced "TLS Connection Cipher - INFO:deviceName=$bert, Cipher=AES128-SHA, Security Mode=3" || return
    echo | talk "$(secure)" tls cert=bert.pem version=1.2 from=127.0.0.24
    heard 'tls TLSv1.2 ECDHE' 1 || return
    old_client AES128-SHA | grep -q 'Cipher is AES128-SHA' || fails 'no AES128-SHA for s_client' || return
    old_client NULL-SHA | grep -q 'Cipher is NULL-SHA' || fails 'no NULL-SHA for s_client' || return
    # The least is taken last, though it is asked for first.
    echo | talk "$(secure)" tls cert=bert.pem version=1.0 cipher=NULL-SHA:AES128-SHA from=127.0.0.25
    heard 'tls TLSv1 AES128-SHA' 1
}

authenticated() {
    talk "$(secure)" tls cert=clara.pem version=1.0 cipher=NULL-SHA <<END
register $clara 11
until 81
END
    heard 'tls TLSv1 NULL-SHA' 1 && heard 0081 2 || return
    traced "deviceName=$clara, Cipher=NULL-SHA, Security Mode=2" || return
    refused_with '^009d' 'reason="not_confidential: ' "$(secure)" tls cert=bert.pem version=1.0 cipher=NULL-SHA \
        from=127.0.0.26 <<END
register $bert 11
until 9d
END
}

# ---- by themselves ----

by_itself() {
    refused_with '^009d' 'do not register by themselves in mixed mode' "$(plain)" from=127.0.0.30 <<END || return
register SEP0000000000AA 17
until 9d
END
    admin parameter set auto_registration 7001-7002 --yes &&
        phone_is 5 anna $anna anna3 && admin utils ctl set-cluster non-secure-mode --yes >out || return
    prints 'Note: phones that are registered get no keys for audio that begins now' &&
        logged "event=phone_lowered device=$anna" && unplug 5 || return
    eventually come SEP0000000000AA || return
    admin phone show SEP0000000000AA >out && prints 7001 && prints sccp-non-secure || return
    eventually come SEP0000000000AB && ! come SEP0000000000AC && logged 'all 2 numbers' || return
    admin phone list >out && prints SEP0000000000AB && ! grep -q SEP0000000000AC out
}
come() { # NAME
    talk "$(plain)" from=127.0.0.31 <<END
register $1 17
words b 1
text 147 8
END
    heard '0147 700' 2
}

# One address brings so many a minute; a larger range counts at once.
not_all_at_once() {
    admin parameter set auto_registration 7001-7100 --yes && eventually comes 0 || return
    i=1
    while [ $i -lt 30 ]; do
        comes $i || fails "not the $i." || return
        i=$((i + 1))
    done
    ! comes 30 || fails 'one too many' || return
    logged '30 phones have come by themselves from its address' || return
    comes 31 from=127.0.0.33
}
comes() { # NUMBER [OPTION]
    printf 'register SEP000000000%03d 17\nuntil 81\n' "$1" | talk "$(plain)" "${2:-from=127.0.0.32}" >/dev/null
    heard 0081 2
}

# ---- and no secrets ----

silent_logs() {
    for name in bert clara; do
        secret=$(openssl pkey -in $name.pem -outform DER 2>/dev/null | od -An -tx1 -v | tr -d ' \n' | cut -c 100-140)
        ! grep -rqi "$secret" "$state/log" || fails "a key is in a log" || return
    done
    grep -q '^Max core file size *0 *0 ' "/proc/$(child_of callmanager)/limits"
}

test_that 'a node in mixed mode starts, with phones of each kind' prepare
test_that 'a non-secure phone registers over TCP' over_tcp
test_that 'phones show the time of the time zone that was set' local_time
test_that 'an encrypted phone registers over TLS, and the trace has the lines of CUCM' over_tls
test_that 'its pending LSC is confirmed by that' confirmed
test_that 'the registration is remembered' observed
test_that 'no certificate, a foreign one and an expired one end the handshake, with one line' handshakes
test_that 'and the alert says which it is' alerts
test_that 'a revoked LSC ends it, too' revoked
test_that "another phone's name, and an LSC we never issued, are refused at registration" other_names
test_that 'who comes another way than its profile says is refused' modes
test_that 'who is registered is in the store' listed
test_that 'the newer connection of a phone counts' again
test_that 'a phone that says goodbye is gone' goodbye
test_that 'a revoked or deleted phone is shown out' shown_out
test_that 'a registered phone is told to reset or restart' told
test_that 'the next of a wave is told when the one before is back' waves
test_that 'a phone that is known does not wait for one about which something is to be written' locked
test_that 'two encrypted phones get keys, crosswise, new ones after hold, and nobody else sees them' encrypted_call
test_that 'an authenticated one gets none' mixed_call
test_that 'a phone whose profile is made less secure has no keys any more' lowered
test_that 'without legacy_tls TLS 1.2 and 1.3 are spoken, and nothing of old' modern
test_that 'with legacy_tls TLS 1.0 and AES128-SHA, too, from a reload on' legacy
test_that 'and NULL-SHA, for authenticated phones alone' authenticated
test_that 'phones register by themselves in non-secure mode only' by_itself
test_that 'an address does not bring all phones at once' not_all_at_once
test_that 'no key is in a log, and none in a core file' silent_logs
done_testing
