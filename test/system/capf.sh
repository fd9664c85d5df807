#!/bin/sh
# capf.sh TRUSTLINE TRUSTLINED CAPFPROBE: phones are enrolled by a real node. What speaks to it is
# not ours (capfprobe and openssl), and so can say what no phone would.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
capfprobe=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/enrol.sh"

state=$work/node
name=SEP001122330001
other=SEP001122330002
crowd=300
! is_long || crowd=2000

admin() { "$trustline" "$@" --state "$state"; }
heard() { # LINE NUMBER: that line of the server's begins so
    sed -n "$2p" "$work/heard" | grep -q "^$1" || fails "line $2 is not $1"
}

order() { # STRING [OPTION...]
    string=$1
    shift
    admin phone update $name --capf-operation install --auth-string "$string" "$@" --yes >"$work/order"
}

status_is() {
    admin phone show $name --json >"$work/out" || return
    shown=$(json '$.capf.status')
    [ "$shown" = "$1" ] || { cat "$work/out"; fails "the status is $shown"; }
}
lscs() { # STATE: how many LSCs of the phone are in it
    admin run sql "select count(*) as n from phone_certificate where state = $1 and kind = 1" --json |
        tr -dc 0-9
}

install() { enrol $name "$1" "$2" "$3"; } # KEY STRING REASON

prepare() {
    make_node "$state" --organization Example --country XX && start_node "$state" || return
    for phone in $name $other; do
        admin phone add $phone --model 7975 --profile sccp-encrypted --line 1001 || return
    done
    admin show cert own CAPF --pem >"$work/capf.pem" || return
    for key in one two three four; do new_key "$work/$key" 2048 || return; done
    new_key "$work/small" 1024
}

installs() {
    order 123456 && status_is 'Operation Pending' || return
    install "$work/one" 123456 01
    heard '01 07 00 01 03 08 00 01 00' 1 && heard '03 0a 00 02 08 00 11 00 01 00' 2 &&
        heard '09 03 00 01 01 04' 3 && ended 01 || return
    status_is 'Upgrade Success'
}

judged() {
    openssl x509 -inform DER -in "$work/one.der" -out "$work/one.crt" &&
        openssl verify -x509_strict -CAfile "$work/capf.pem" "$work/one.crt" || return
    openssl x509 -in "$work/one.crt" -noout -subject -ext basicConstraints,keyUsage,extendedKeyUsage \
        >"$work/out"
    prints "CN = $name" && prints 'CA:FALSE' && prints 'Digital Signature, Key Encipherment' || return
    openssl x509 -in "$work/one.crt" -noout -pubkey | openssl pkey -pubin -outform DER | cmp - "$work/one.spki"
}

traced() {
    log=$state/log/capf.log
    eventually grep -q "[0-9]:$name:Certificate upgrade successful" "$log" || return
    for line in 'UNKNOWN:Got a new ph conn 127.0.0.1 on' 'TLS HS Done for ph_conn .' \
        'MsgType      : CAPF_MSG_AUTH_REQ' 'MsgType      : CAPF_MSG_REQ_IN_PROGRESS' \
        "$name:CAPF CORE: Rcvd Event: CAPF_EV_REQUEST_IN_PROGRESS in State: CAPF_STATE_AWAIT_KEY_GEN_RES" \
        'MsgType      : CAPF_MSG_KEY_GEN_RES' 'Generated the cert'; do
        grep -qF -- "$line" "$log" || { cat "$log"; fails "not in the trace: $line"; return; }
    done
    grep -q '^[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\.[0-9]* | debug ' "$log"
}

nothing_to_do() {
    talk <<END
recv
send $(auth_res $name 123456)
recv
END
    ended 00
}

# The words about what is done name the certificate; a refusal is told once, whole, in both logs.
told() {
    eventually grep -q "event=capf_order_done device=$name .* operation=upgrade auth=string serial=$(lsc_serial one)\$" \
        "$state/log/trustline.log"
}
lsc_serial() {
    openssl x509 -inform DER -in "$work/$1.der" -noout -serial | cut -d = -f 2 | tr A-F a-f | sed 's/^0*//'
}
refused_once() { # STRING: a session with a wrong one
    talk <<END
recv
send $(auth_res $other "$1")
recv
END
}
locks() {
    admin phone update $other --capf-operation install --auth-string 4711 --yes >"$work/order" || return
    for i in 1 2 3 4 5 6 7 8 9 10 11; do refused_once 4712 >"$work/out"; done
    eventually grep -q "event=capf_refused device=$other .*locked for ten minutes" "$state/log/trustline.log" &&
        eventually grep -q "event=capf_refused device=$other .*(trustline phone update $other --auth-string generate)" \
            "$state/log/trustline.log" || { fails 'not in trustline.log'; return; }
    [ "$(grep -c "$other:Session refused: wrong authentication string" "$state/log/capf.log")" -eq 10 ] ||
        fails 'not ten refusals in capf.log'
}
counted() {
    admin show status >"$work/status" && for counter in capf_connections capf_issued capf_orders_done capf_refused; do
        grep -q "^$counter  *[1-9]" "$work/status" || { fails "$counter is not counted"; return; }
    done
}
shown() { eventually counted; }

strangers() {
    talk <<END
recv
send $(auth_res SEP0000000000AA 123456)
recv
recv
END
    heard '0f 01 00 01 09' 2 && heard closed 3
}

wrong_string() {
    order 4711 || return
    talk <<END
recv
send $(auth_res $name 4712)
recv
END
    ended 07 && status_is 'Upgrade Failed: Invalid Authentication String'
}

# What existing servers stumble over: each is answered as a good server does.
tolerant() {
    order 4711 || return
    res=$(auth_res $name 4711)
    talk <<END
recv
send $(message 02 "$(element 63 beef)$(element 08 01)$(element 0b "$(text 4711)")$(element 0d "$(text $name)")")
recv
send $(message 11 '')
send $(message 11 "$(element 0c 0005)")
send $(message 11 '')
send $(message 12 '')
send 5504S0000+
file $work/two.spki 09
recv
drop
END
    # VERSION was absent: KEY_SIZE alone.
    heard '03 0a 00 02 08 00$' 2 && heard '09' 3 || return
    talk <<END
recv
send $(printf %s "$res" | cut -c 1-5)
send $(printf %s "$res" | cut -c 6-21)
send $(printf %s "$res" | cut -c 22-)
recv
END
    heard '03 0a 00 02' 2
}

strict() {
    order 4711 || return
    for bad in "5502T0000" "56$(auth_res $name 4711 | cut -c 3-)" "$(message 0a "$(element 01 01)")" \
        "$(message 02 "$(element 07 03)0d0010534550")" "$(message 02 "$(element 07 03)")"; do
        talk <<END
recv
send $bad
recv
END
        ended 07 || { fails "after $bad"; return; }
    done
    status_is 'Operation Pending'
}

foreign_keys() {
    order 4711 --key-size 2048 || return
    install "$work/small" 4711 01
    ended 07 || return
    install "$work/one" 4711 01
    ended 07 || { fails 'a key that is known was certified'; return; }
    eventually grep -q "key is not new" "$state/log/capf.log" || return
    status_is 'Upgrade Failed: Key Generation Failed/Timeout'
}

refused_by_the_phone() {
    [ "$(lscs 1)" -eq 1 ] || fails 'not one active LSC before' || return
    order 4711 || return
    install "$work/three" 4711 07
    ended 07 && [ "$(lscs 1)" -eq 1 ] && [ "$(lscs 0)" -eq 0 ] || fails 'the LSC was not dropped' || return
    status_is 'Upgrade Failed'
    install "$work/four" 4711 01
    ended 01 && [ "$(lscs 1)" -eq 1 ] && status_is 'Upgrade Success'
}

no_secret_is_left() {
    order 8421973 || return
    install "$work/two" 8421974 01
    install "$work/two" 8421973 01
    for file in "$state"/log/* "$state"/trustline.db*; do
        ! grep -qaF 8421973 "$file" || { fails "the string is in $file"; return; }
    done
    ! admin run sql 'select * from enrolment' | grep -F 8421973 || fails 'run sql shows it' || return
    find "$state/keys" -type f ! -perm 600 | grep . && { fails 'a key others may read'; return; }
    for role in signer clerk tftp capf; do
        grep -q '^Max core file size *0 *0 ' "/proc/$(child_of $role)/limits" ||
            { fails "a core file of $role could be written"; return; }
    done
    expect 1 admin run sql "select * from enrolment_secret" && says "is secret"
}

# Silent connections from many places; then a phone is served as ever.
not_delayed() {
    mkfifo "$work/crowd.in"
    "$capfprobe" $((3804 + offset)) silent $crowd <"$work/crowd.in" >"$work/crowd.out" &
    crowd_pid=$!
    exec 7>"$work/crowd.in"
    eventually grep -q open "$work/crowd.out" || return
    new_key "$work/crowd" 2048 && order 4711 || return
    install "$work/crowd" 4711 01
    result=0
    ended 01 || result=1
    exec 7>&-
    wait $crowd_pid
    return $result
}

# From an address of its own: what 127.0.0.1 has done wrong fills its share of the log.
old() { # PORT: TLS 1.0 is spoken there
    echo | timeout 10 openssl s_client -bind 127.0.0.9 -connect "127.0.0.1:$(($1 + offset))" \
        -tls1 -cipher 'AES128-SHA:@SECLEVEL=0' >"$work/out" 2>&1
    grep -q 'Cipher is AES128-SHA' "$work/out"
}
legacy_tls() { # on | off, and the services read it again
    sed -i "s/^legacy_tls = .*/legacy_tls = $1/" "$state/trustline.conf" && kill -HUP "$node_pid"
}
old_no_more() { ! old 3804 && ! old 2445; }
old_tls() {
    ! old 3804 || fails 'TLS 1.0 without legacy_tls' || return
    eventually grep -q 'event=capf_handshake_failed.*legacy_tls' "$state/log/trustline.log" || return
    legacy_tls on && eventually old 3804 && eventually old 2445 ||
        { cat "$work/out"; fails 'no TLS 1.0 with legacy_tls'; return; }
    legacy_tls off && eventually old_no_more || fails 'TLS 1.0 is spoken on'
}

# Two silent connections are held open, by words that do not come.
few_of_an_address() {
    for port in 3804 2445; do
        admin parameter set connections_per_address 2 --yes || return
        mkfifo "$work/hold$port"
        for i in 1 2; do
            openssl s_client -bind 127.0.0.8 -connect "127.0.0.1:$((port + offset))" \
                <"$work/hold$port" >"$work/held$i" 2>&1 &
        done
        exec 8>"$work/hold$port"
        result=0
        eventually grep -q 'Cipher is' "$work/held1" && eventually grep -q 'Cipher is' "$work/held2" &&
            eventually turned_away $port || result=1
        admin parameter set connections_per_address 3 --yes && eventually let_in $port || result=1
        exec 8>&-
        [ $result -eq 0 ] || return
    done
}
let_in() { # PORT
    echo | timeout 10 openssl s_client -bind 127.0.0.8 -connect "127.0.0.1:$(($1 + offset))" >"$work/out" 2>&1
    grep -q 'Cipher is [A-Z]' "$work/out"
}
turned_away() { ! let_in "$1"; }

test_that 'a node with two phones starts' prepare
test_that 'a phone is enrolled by its string' installs
test_that 'openssl finds no fault with the LSC' judged
test_that 'the trace has the lines of CUCM' traced
test_that 'the log names the certificate that was issued, and how the phone was known' told
test_that 'ten wrong strings lock, and each is in both logs with its advice' locks
test_that 'show status counts what CAPF does' shown
test_that 'without an order the session ends at once' nothing_to_do
test_that 'a phone nobody added is told so' strangers
test_that 'a wrong string fails the order, which stays' wrong_string
test_that 'unknown elements, split headers and repeated words are borne' tolerant
test_that 'faults of the protocol end the session' strict
test_that 'a key that is too small or known is not certified' foreign_keys
test_that 'an LSC the phone refuses is dropped, and the old one stays' refused_by_the_phone
test_that 'no string is left anywhere' no_secret_is_left
test_that 'TLS 1.0 is spoken only with legacy_tls, from a reload on' old_tls
test_that 'an address has as many connections as connections_per_address says' few_of_an_address
test_that "$crowd silent connections delay nobody" not_delayed
in_order() { stop_node && ! grep -E 'AddressSanitizer|runtime error|LeakSanitizer' "$state.err"; }
test_that 'the node ends in order' in_order
done_testing
