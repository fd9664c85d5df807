#!/bin/sh
# callmanager_hostile.sh TRUSTLINE TRUSTLINED SCCPPROBE ENROLLED TRUSTLINE_PHONE: who is no phone hurts no phone.
# Two encrypted phones are in a call all the time, played by sccpprobe, and two simulated ones: the calls must go
# on, and no packet of audio may be lost.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
sccpprobe=$(realpath "$3")
enrolled=$(realpath "$4")
phone=$(realpath "$5")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/sccp.sh"
. "$root/test/system/phones.sh"

state=$work/node
anna=SEP001122330001
bert=SEP001122330002
mallory=SEP001122330003
oscar=SEP001122330004 # with addresses of its own: neither fills the log for the other
vera=SEP001122330011
walt=SEP001122330012
crowd=2000
if is_long; then
    # As many as this machine lets one process have.
    crowd=$(ulimit -Hn)
    [ "$crowd" != unlimited ] && [ "$crowd" -lt 20500 ] || crowd=20500
    crowd=$((crowd - 500))
fi

phone_is() { # FD NAME DEVICE [STREAMS]
    plug "$1" "$2" "$(secure)" tls "cert=$2.pem"
    say "$1" "register $3 17 437 ${4:-0}" && say "$1" 'until 81' && hears "$2" '^0081'
}

prepare() {
    make_node "$state" && start_node "$state" || return
    admin phone add $anna --model 7975 --profile sccp-encrypted --line 1001 &&
        admin phone add $bert --model 7975 --profile sccp-encrypted --line 1002 &&
        admin phone add $mallory --model 7975 --profile sccp-non-secure --line 1003 &&
        admin phone add $oscar --model 7975 --profile sccp-non-secure --line 1004 || return
    for one in "$anna anna" "$bert bert"; do
        # shellcheck disable=SC2086 # words
        set -- $one
        lsc "$1" "$2" && "$enrolled" "$state/trustline.db" lsc "$1" "$2.crt" || return
    done
    add $vera 7975 encrypted 1011 && add $walt 7975 encrypted 1012 || return
    admin utils ctl set-cluster mixed-mode --yes || return
    enrol $vera 7975 && enrol $walt 7975 && all_enrolled && they_talk || return
    role=$(child_of callmanager)
    phone_is 5 anna $anna && phone_is 6 bert $bert && calls 5 anna 1002 6 bert && keys_match anna bert 1
}

# Two that talk until talked().
they_talk() {
    boot $walt 7975 --tls modern --answer --stay --json
    eventually registered $walt || return
    printf 'dial 1012\nexpect connected\nexpect lock\nexpect srtp\nexpect audio\n' >vera.script
    boot $vera 7975 --tls modern --script vera.script --stay --json
    eventually sh -c "'$trustline' call list --state '$state' | grep -q 'encrypted.*AES_CM_128_HMAC_SHA1_32'" || return
    begun=$(date +%s)
}

# The same process still has both phones, and their call can be held and resumed.
unharmed() {
    [ "$(child_of callmanager)" = "$role" ] || fails 'the role died' || return
    say 5 'words 26 3 1 0' && next 5 anna 0106 && next 6 bert 0106 && say 5 'words 26 10 1 0' &&
        next 5 anna 0105 && next 6 bert 0105 || return
    listens 5 anna 20004
    listens 6 bert 20006
    next 5 anna 008a && next 6 bert 008a && keys_match anna bert 1
}

# ends_it LINE [TEXT]: a registered phone that says this is cut; the log says why.
ends_it() {
    talk "$(plain)" <<END
register $mallory 17
until 81
$1
until fff
END
    heard 0081 2 && heard closed 3 && logged "$2"
}

lengths() {
    ends_it 'bytes 01200000 00000000 00000000' 'a message that announces 8193 bytes' &&
        ends_it 'bytes ffffffff 00000000 00000000' 'a message that announces 4294967295 bytes' &&
        ends_it 'bytes 03000000 00000000 00000000' 'a message that announces 3 bytes' &&
        ends_it 'bytes 474554202f20485454502f312e310d0a' 'a message that announces ' && unharmed
}

# Every message a phone may say, of every length up to that of a register request: with all bits set, so that counts
# are 0xFFFFFFFF, and of ones, so that much of it could be. Each id has a connection of its own, since
# nobody may say so much at once.
cut_short() {
    for word in ffffffff 01000000; do
        body=$(printf '%050d' 0 | sed "s/0/$word/g")
        for id in 00 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 12 20 21 22 23 25 26 28 2a 2b 2d 2e 2f 30 31 33 34 \
            41 42 43 44 45 48 49 4a 154 155 157 159 15a 8101 ffffffff; do
            cut_one "$id" "$body" >script
            talk "$(plain)" from=127.0.0.62 <script
            heard 0081 2 && tail -n 1 heard | grep -q '^0100' || fails "it was cut after 0x$id" || return
        done
    done
    unharmed
}
cut_one() { # ID HEX
    echo "register $oscar 17"
    echo 'until 81'
    bytes=0
    while [ $bytes -le 200 ]; do
        printf "message $1 %.$((bytes * 2))s\n" "$2"
        bytes=$((bytes + 1))
    done
    echo 'message 0'
    echo 'until 100'
}

# Requests to register, for a token and to unregister: what is too short is refused or ends the connection.
registers_badly() {
    ff=$(printf '%0400d' 0 | tr 0 f)
    lengths='0 1 15 16 24 39 40 41 44 52 64 124 172 200'
    ! is_long || lengths=$(seq 0 200)
    for bytes in $lengths; do
        printf "message 1 %.$((bytes * 2))s\nuntil 9d\n" "$ff" | talk "$(plain)" from=127.0.0.60
        heard '009d\|closed' 2 || fails "to register, with $bytes bytes" || return
        printf "message 29 %.$((bytes * 2))s\nmessage 0\nuntil 100\n" "$ff" |
            talk "$(plain)" from=127.0.0.61
        heard '0100\|closed' 2 || fails "for a token, with $bytes bytes" || return
        printf "register $oscar 17\nuntil 81\nmessage 27 %.$((bytes * 2))s\nuntil 118\n" "$ff" |
            talk "$(plain)" from=127.0.0.62
        heard 0118 3 || fails "to unregister, with $bytes bytes" || return
    done
    unharmed
}

slowly() {
    talk "$(plain)" <<END
drip 0400000000000000 00000000
until 100
register $mallory 17
until 81
END
    heard 0100 2 && heard 0081 3 && unharmed
}

# A byte a second, all the time; it is cut when it should have registered.
begin_to_drip() {
    mkfifo drip.in
    (exec 5>&- 6>&- && exec timeout 250 "$sccpprobe" "$(plain)" from=127.0.0.70) <drip.in >drip.out 2>&1 &
    (
        exec 5>&- 6>&- >drip.in 2>/dev/null
        echo 'bytes 44'
        while :; do
            sleep 1
            echo 'bytes 00'
        done
    ) &
    drip_pid=$!
}
was_cut() {
    patience=1500
    until times=$(times_logged peer=127.0.0.70) && [ "$times" -gt 0 ]; do
        patience=$((patience - 1))
        [ $patience -gt 0 ] || fails 'it is not cut' || return
        sleep 0.02
    done
    kill $drip_pid
    [ "$times" = 1 ] || fails 'more than one line'
    grep peer=127.0.0.70 "$state/log/trustline.log"
}

silence() {
    for port in "$(plain)" "$(secure)"; do
        rm -f crowd.in
        mkfifo crowd.in
        (exec 5>&- 6>&- && exec "$sccpprobe" "$port" "silent=$crowd" from=127.0.1.) <crowd.in >crowd.out &
        crowd_pid=$!
        exec 7>crowd.in
        eventually grep -q open crowd.out && newcomer && unharmed
        result=$?
        exec 7>&-
        wait $crowd_pid
        [ $result = 0 ] || return
    done
}
newcomer() {
    talk "$(plain)" from=127.0.0.9 <<END
register $mallory 17
until 81
END
    heard 0081 2
}

presses() {
    before=$(times_logged 'more than 100 messages a second')
    plug 7 mallory "$(plain)"
    say 7 "register $mallory 17" && say 7 'until 81' && hears mallory '^0081' || return
    say 7 'words 26 2 1 0' && say 7 'flood 3000 3 1 0 0' || return
    eventually eval "[ \$(times_logged 'more than 100 messages a second') -gt $before ]" && unharmed || return
    [ "$(times_logged 'more than 100 messages a second')" -eq $((before + 1)) ] || fails 'more than one line' || return
    unplug 7
}

# One address does not fill the log either.
quietly() {
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        echo "bytes 16030100" | talk "$(secure)" from=127.0.0.50
        echo "register NOBODY$i 17" | talk "$(plain)" from=127.0.0.50
    done
    logged 'peer=127.0.0.50' || return
    [ "$(times_logged peer=127.0.0.50)" -le 10 ] || fails 'too many lines about one address'
}

asks() { printf 'message 0\nuntil 100\n'; }
# standby FD NAME PORT OPTION...: a connection that keeps itself alive and registers nobody.
standby() {
    plug "$@"
    say "$1" 'message 0' && say "$1" 'until 100' && hears "$2" '^0100'
}

# A phone registers, and has three more; with the next the oldest of these goes, and the phone stays.
one_certificate() {
    standby 7 second "$(secure)" tls cert=anna.pem && standby 8 third "$(secure)" tls cert=anna.pem &&
        standby 9 fourth "$(secure)" tls cert=anna.pem || return
    asks | talk "$(secure)" tls cert=anna.pem
    heard 0100 2 && say 7 'until fff' && hears second '^closed' || return
    say 8 'message 0' && next 8 third 0100 && say 9 'message 0' && next 9 fourth 0100 || return
    logged 'its certificate has too many connections' || return
    unplug 7
    unplug 8
    unplug 9
    unharmed
}

# Who showed a certificate counts until it registers, and after it has unregistered.
unregistered() {
    admin parameter set connections_per_address 1 --yes || return
    eventually counts || return
    admin parameter set connections_per_address 256 --yes && unharmed
}
counts() {
    standby 7 waits "$(secure)" tls cert=anna.pem from=127.0.0.52
    asks | talk "$(secure)" tls cert=anna.pem from=127.0.0.52
    unplug 7
    heard refused 1 || return
    plug 7 leaves "$(plain)" # from where it was before: nobody takes its place from elsewhere
    say 7 "register $mallory 17" && say 7 'until 81' && say 7 'message 27' && say 7 'until 118' &&
        hears leaves '^0118' || return
    asks | talk "$(plain)"
    unplug 7
    heard closed 2
}

# No more of an address than it may have, and the log says which setting that was.
crowded() {
    admin parameter set connections_per_address 2 --yes || return
    eventually closed_at_once || return
    logged 'event=callmanager_turned_away peer=127.0.0.51' && logged 'has 2 connections that have not authenticated' &&
        logged 'and connections_per_address allows no more' || return
    [ "$(times_logged 'turned_away peer=127.0.0.51')" -eq 1 ] || fails 'more than one line a minute' || return
    admin parameter set connections_per_address 256 --yes && unharmed
}
closed_at_once() {
    plug 7 one "$(plain)" from=127.0.0.51
    plug 8 two "$(plain)" from=127.0.0.51
    say 7 'message 0' && say 7 'until 100' && say 8 'message 0' && say 8 'until 100' && hears one '^0100' &&
        hears two '^0100' || return
    asks | talk "$(plain)" from=127.0.0.51
    unplug 7
    unplug 8
    heard closed 2
}

# Both phones count what they have sent and heard; it is the same, but for packets that were under way at the end.
talked() {
    seconds=$(($(date +%s) - begun - 1))
    dismiss $vera && dismiss $walt || return
    for one in $vera $walt; do
        cp $one.out out
        [ "$(json '$.calls[0].icon') $(json '$.calls[0].encrypts') $(json '$.calls[0].decrypts')" = 'lock 1 1' ] &&
            [ "$(json '$.calls[0].lost') $(json '$.calls[0].late')" = '0 0' ] || { cat out; return 1; }
        eval "sent_$one=$(json '$.calls[0].sent') heard_$one=$(json '$.calls[0].received')"
    done
    eval "matches \$sent_$vera \$heard_$walt && matches \$sent_$walt \$heard_$vera"
}
matches() { # SENT HEARD
    [ "$1" -ge $((25 * seconds)) ] || fails "only $1 packets in $seconds seconds" || return
    [ "$2" -le "$1" ] && [ "$2" -ge $(($1 - 25)) ] || fails "$1 sent, $2 heard"
}

# ---- kill -9 ----

# Both kept the call up, and still show it. It can be hung up, and what comes next is another.
kept_up() {
    say 5 "message 26 $(word 9)$(word 1)$kept_call" && next 5 anna 0111 || return
    ended=$(heard_last anna 0111)
    [ "$(part "$ended" 0 4)$(part "$ended" 8 4)" = "$(word 2)$kept_call" ] || fails "not told that it is over: $ended" ||
        return
    calls 5 anna 1002 6 bert && keys_match anna bert 1 || return
    for kept in "$kept_conference 0" "$kept_party 4" "$kept_call 24"; do
        [ "$(part "$(heard_last anna 0105)" "${kept#* }" 4)" != "${kept% *}" ] || fails "named anew: $kept" || return
    done
}

killed() {
    open=$(heard_last anna 0105)
    kept_conference=$(part "$open" 0 4)
    kept_party=$(part "$open" 4 4)
    kept_call=$(part "$open" 24 4)
    before=$(child_of tftp),$(child_of capf),$(child_of tvs),$(child_of clerk)
    say 5 'until fff' && say 6 'until fff' && kill -9 "$role" || return
    hears anna '^closed' && hears bert '^closed' || return
    unplug 5
    unplug 6
    eventually phone_is 5 anna $anna 1 && eventually phone_is 6 bert $bert 1 || return
    [ "$before" = "$(child_of tftp),$(child_of capf),$(child_of tvs),$(child_of clerk)" ] ||
        fails 'another role noticed' || return
    role=$(child_of callmanager)
    eventually sh -c "'$trustline' call history --state '$state' | grep -q 'server ended'" || return
    admin call list >out && ! grep -q 1002 out || fails 'a call that nobody knows goes on' || return
    kept_up
}

ends_cleanly() {
    say 5 'until fff' && say 6 'until fff' && stop_node && hears anna '^closed' && hears bert '^closed' || return
    admin phone list --where status=registered >out && ! grep -q SEP out || fails 'somebody is registered still'
}

test_that 'two encrypted phones are in a call' prepare
test_that 'somebody begins to say a byte a second' begin_to_drip
test_that 'a length no message has ends the connection, with one line' lengths
test_that 'messages cut anywhere, with counts beyond all bounds, are borne' cut_short
test_that 'and so are requests to register' registers_badly
test_that 'who says a byte at a time is understood' slowly
test_that "$crowd silent connections to each port delay nobody" silence
test_that 'a phone that floods keys is slowed, and nobody else' presses
test_that 'an address gets a few lines in the log, and no more' quietly
test_that 'a certificate has a few connections, and a phone that is registered never loses its own' one_certificate
test_that 'who has a certificate counts as unknown until it registers, and again when it has unregistered' unregistered
test_that 'an address that holds too many connections gets no more, and a line in the log' crowded
test_that 'who said a byte a second is cut, with one line' was_cut
test_that 'a call of two phones has gone on all the time, and lost no packet' talked
test_that 'a role that is killed comes back, and so do its phones, in the middle of their call' killed
test_that 'a node that is stopped leaves nobody registered' ends_cleanly
done_testing
