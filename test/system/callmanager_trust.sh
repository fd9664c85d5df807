#!/bin/sh
# callmanager_trust.sh TRUSTLINE TRUSTLINED SCCPPROBE ENROLLED: a certificate that was trusted when the
# phone connected, and is not any more.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
sccpprobe=$(realpath "$3")
enrolled=$(realpath "$4")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/sccp.sh"

state=$work/node
anna=SEP001122330001 # with an LSC
bert=SEP001122330002 # with a MIC
clara=SEP001122330003

prepare() {
    make_node "$state" && start_node "$state" || return
    admin phone add $anna --model 7975 --profile sccp-encrypted --line 1001 &&
        admin phone add $bert --model 7975 --profile sccp-encrypted --line 1002 &&
        admin phone add $clara --model 7975 --profile sccp-encrypted --line 1003 || return
    lsc $anna anna && "$enrolled" "$state/trustline.db" lsc $anna anna.crt || return
    openssl req -x509 -newkey rsa:2048 -nodes -keyout maker.key -out maker.crt -days 3000 -subj '/CN=Maker' 2>/dev/null &&
        mic $bert bert "$(date -u -d '+1 year' +%Y%m%d%H%M%SZ)" || return
    trust_maker && admin utils ctl set-cluster mixed-mode --yes
}
trust_maker() {
    admin set cert import trust CAPF-trust maker.crt --yes >out || return
    maker=$(sed -n 's,^It is \(CAPF-trust/.*\.pem\)\.$,\1,p' out)
    [ -n "$maker" ] || { cat out; fails 'it was not imported'; }
}
lets_in() { # FILE
    echo | talk "$(secure)" tls "cert=$1.pem" version=1.2
    heard tls 1
}

cat >ca.conf <<'END'
[ca]
default_ca = maker
[maker]
database = index
rand_serial = yes
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
END
# mic NAME FILE UNTIL: FILE.pem, made by the maker, ends then (YYYYMMDDHHMMSSZ).
mic() {
    : >index
    openssl req -newkey rsa:2048 -nodes -keyout "$2.key" -subj "/CN=CP-7975G-$1" -out "$2.csr" 2>/dev/null &&
        openssl ca -batch -notext -config ca.conf -cert maker.crt -keyfile maker.key -in "$2.csr" \
            -startdate 20200101000000Z -enddate "$3" -out "$2.crt" 2>/dev/null && cat "$2.crt" "$2.key" >"$2.pem"
}

phone_is() { # FD NAME DEVICE
    plug "$1" "$2" "$(secure)" tls "cert=$2.pem"
    say "$1" "register $3 17" && say "$1" 'until 81' && hears "$2" '^0081'
}
stands_by() { # FD NAME CERT
    plug "$1" "$2" "$(secure)" tls "cert=$3.pem"
    say "$1" 'message 0' && say "$1" 'until 100' && hears "$2" '^0100'
}
# turned_down FD NAME DEVICE REASON: one that stood by wants to register now.
turned_down() {
    say "$1" "register $3 17" && say "$1" 'until 9d' && hears "$2" '^009d' && logged "$4" && unplug "$1"
}
is_shown_out() { # FD NAME REASON
    say "$1" 'until fff' && hears "$2" '^closed' && logged "$3" && unplug "$1"
}

# What a registration proves is that the phone knows the certificate that its handshake showed.
proof() {
    shown=$(openssl x509 -in "$state/keys/CallManager.pem" -outform DER | sha256sum | cut -c 1-64)
    renewed=$(times_logged event=callmanager_certificate)
    stands_by 6 standby anna && admin set cert regen CallManager --yes --accept-lockout || return
    eventually eval "[ \$(times_logged event=callmanager_certificate) -gt $renewed ]" || return
    say 6 "register $anna 17" && say 6 'until 81' && hears standby '^0081' || return
    eventually sh -c "'$trustline' phone show $anna --json --state '$state' | grep -q $shown" || return
    unplug 6
}

without_ca() {
    phone_is 5 bert $bert && stands_by 6 standby bert || return
    admin set cert delete trust "$maker" --yes || return
    is_shown_out 5 bert "device=$bert peer=127.0.0.1" &&
        logged 'the CA of its certificate is not trusted for phones any more' || return
    turned_down 6 standby $bert 'reason="untrusted: '
}

revoked() {
    phone_is 5 anna $anna && stands_by 6 standby anna || return
    admin phone revoke $anna --yes >out && ! grep -q MIC out || fails 'there is no CA of MICs' || return
    is_shown_out 5 anna 'its certificate was revoked' || return
    turned_down 6 standby $anna 'reason="revoked: '
}

# In a call with one that is trusted.
in_a_call() {
    lsc $anna anna && "$enrolled" "$state/trustline.db" lsc $anna anna.crt && trust_maker && eventually lets_in bert &&
        phone_is 5 anna $anna && phone_is 6 bert $bert && calls 5 anna 1002 6 bert && keys_match anna bert 1 || return
    say 6 'until 94' # the time, for a phone at rest
    admin phone revoke $anna --yes >out && prints "$anna can register with its MIC still" || return
    is_shown_out 5 anna 'its certificate was revoked' || return
    hears bert '^0106' && hears bert '^008b' && hears bert '^0111 02000000' || return
    eventually sh -c "'$trustline' call history --state '$state' | grep -q 'shown out'" || return
    admin call list >out && ! grep -q 1002 out || fails 'the call goes on' || return
    unplug 6
}

# Its time has to pass: should this machine be slow, it gets more.
expired() {
    for seconds in 6 40; do
        mic $clara clara "$(date -u -d "+$seconds seconds" +%Y%m%d%H%M%SZ)" &&
            phone_is 5 clara $clara && stands_by 6 standby clara && break
    done || return
    is_shown_out 5 clara 'its certificate has expired' || return
    turned_down 6 standby $clara 'reason="expired: '
}

test_that 'a node, with a phone that has an LSC and phones that have a MIC' prepare
test_that 'a registration is proof of the certificate that was shown, not of its successor' proof
test_that 'without its CA a phone is shown out, and does not register over a connection of before' without_ca
test_that 'nor with a certificate that is revoked' revoked
test_that 'its call ends with it, the audio of the other is closed, and the history says why' in_a_call
test_that 'nor with one that has expired meanwhile' expired
done_testing
