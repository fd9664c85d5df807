#!/bin/sh
# callmanager_killed.sh TRUSTLINE TRUSTLINED TRUSTLINE_PHONE: two phones are in an encrypted call, and the call
# manager is killed.
. "$(dirname "$0")/capture.sh"
in_own_network "$0" "$@"
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/phones.sh"

state=$work/node
anna=SEP001122330001
bert=SEP001122330002
kills=1
! is_long || kills=30

prepare() {
    make_node "$state" && start_node "$state" && add $anna 7975 encrypted 1001 && add $bert 7975 encrypted 1002 &&
        admin utils ctl set-cluster mixed-mode --yes && enrol $anna 7975 && enrol $bert 7975 && all_enrolled || return
    sit 5 $anna 7975 --tls modern
    sit 6 $bert 7975 --tls modern --answer
    sees $anna 'Registered with' && sees $bert 'Registered with' || return
    registrations=1
    calls=0
    icons=0
    # What is written behind has been written.
    they_call && eventually sh -c "'$trustline' call list --state '$state' | grep -q 'encrypted.*AES_CM_128_HMAC_SHA1_32'"
}

they_call() {
    type $anna 'dial 1002'
    icons=$((icons + 1))
    sees $anna '[lock] encrypted' $icons && sees $bert '[lock] encrypted' $icons &&
        sees $anna ', out SRTP' $icons && sees $bert ', out SRTP' $icons
}

# Each for itself where there is no call manager any more that would tell the other.
hang_up() { # NAME...
    calls=$((calls + 1))
    for one; do type "$one" end; done
    sees $anna ': over' $calls && sees $bert ': over' $calls
}

others() { echo "$(child_of signer) $(child_of clerk) $(child_of tftp) $(child_of capf) $(child_of tvs)"; }
shakes_hands() { # PORT
    openssl s_client -connect "127.0.0.1:$((offset + $1))" </dev/null 2>/dev/null | grep -q 'BEGIN CERTIFICATE' ||
        fails "nobody at $1"
}

# Killed, and not replaced as long as the supervisor stands still.
without_call_manager() {
    before=$(others)
    kill -STOP "$node_pid"
    role=$(child_of callmanager)
    kill -9 "$role"
    sees $anna 'Unregistered from' && sees $bert 'Unregistered from' || return
    gone=$(date +%s)
    fetch CTLFile.tlv served && shakes_hands 2445 && shakes_hands 3804 || return
    # They talk meanwhile.
    sleep 2
    back=$(date +%s)
    kill -CONT "$node_pid"
    registrations=$((registrations + 1))
    sees $anna 'Registered with' $registrations && sees $bert 'Registered with' $registrations || return
    [ "$before" = "$(others)" ] || fails 'another role noticed' || return
    [ "$(child_of callmanager)" != "$role" ]
}

# Of each way: no packet is missing, and there are some of each second without call manager.
audio_went_on() {
    ports=$(sed -n 's/.* in SRTP at [0-9.]*:\([0-9]*\), out SRTP.*/\1/p' "$work/$anna.out" "$work/$bert.out")
    captured && voices call | awk -v from="$gone" -v to="$back" -v ports="$ports" '
        BEGIN { for (i = split(ports, list); i; i--) ours[list[i]] = 1 }
        !($2 in ours) { next }
        { way = $2 " " $3; n[way]++; if (n[way] > 1) lost[way] += $4 - next_one[way]; next_one[way] = $4 + 1 }
        $1 >= from && $1 < to { meanwhile[way]++ }
        END {
            for (way in n) {
                if (meanwhile[way] < 25 * (to - from)) continue
                ways++
                print way ": " n[way] " packets, " meanwhile[way] " meanwhile, " lost[way] + 0 " lost"
                if (lost[way]) wrong = 1
            }
            exit ways != 2 || wrong
        }'
}

nothing_lost() {
    hang_up $anna $bert || return
    for one in $anna $bert; do
        grep -q 'RTP: sent [0-9]*, rcvd [0-9]*, lost 0, late 0,' "$work/$one.out" || { cat "$work/$one.out"; return 1; }
    done
}

again() {
    they_call && hang_up $anna && eventually sh -c "'$trustline' call history --state '$state' | grep -q 'server ended'"
}

# At any moment of a call, and phones need not wait for more than their first pause.
killed() {
    number=0
    while [ $number -lt $kills ]; do
        number=$((number + 1))
        before=$(others)
        they_call || return
        kill -9 "$(child_of callmanager)"
        sees $anna 'Unregistered from' $registrations && sees $bert 'Unregistered from' $registrations || return
        registrations=$((registrations + 1))
        sees $anna 'Registered with' $registrations && sees $bert 'Registered with' $registrations || return
        [ "$before" = "$(others)" ] || fails 'another role noticed' || return
        hang_up $anna $bert || return
    done
    they_call && hang_up $anna
}

leave() {
    type $anna quit
    type $bert quit
    through $anna && through $bert
}

capturing=true
may_capture >why_not 2>&1 || capturing=false
test_that 'two phones are in an encrypted call' prepare
! $capturing || capture call
test_that 'without call manager they are unregistered, register when it is back, and no other role notices' without_call_manager
if $capturing; then
    test_that 'their audio has gone on, and no packet is missing on the wire' audio_went_on
else
    skip_test 'their audio has gone on, and no packet is missing on the wire' "$(cat why_not)"
fi
test_that 'nor one of those they have heard' nothing_lost
test_that 'and they call again' again
test_that "killed in a call ($kills of $kills), it is back, and so are the phones, after their first pause" killed
test_that 'they leave when they are told to' leave
done_testing
