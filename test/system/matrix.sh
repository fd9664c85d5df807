#!/bin/sh
# matrix.sh TRUSTLINE TRUSTLINED TRUSTLINE_PHONE: calls and transfers between phones of all modes. Each
# phone has to show what the least secure of the two allows, and what crosses the network has to be so.
# TRUSTLINED is the one that writes the secrets of its TLS connections.
. "$(dirname "$0")/capture.sh"
in_own_network "$0" "$@"
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/phones.sh"

state=$work/node
keylog=$work/secrets

# Three phones of each mode: who calls and transfers (a), who is called (b), who gets the call (c).
# The last digit is the device security mode.
modes='3 2 1'
number() { # ROLE MODE
    case $1 in
    a) echo "100$2" ;;
    b) echo "200$2" ;;
    c) echo "300$2" ;;
    esac
}
device() { echo "SEP00112233$(number "$1" "$2")"; }
profile() {
    case $1 in
    3) echo encrypted ;;
    2) echo authenticated ;;
    1) echo non-secure ;;
    esac
}
# What both phones of a call show, and how its audio is.
least() { if [ "$1" -lt "$2" ]; then echo "$1"; else echo "$2"; fi; }
icon() { # MODE MODE
    case $(least "$1" "$2") in
    3) echo lock ;;
    2) echo shield ;;
    1) echo none ;;
    esac
}
audio() { [ "$(least "$1" "$2")" = 3 ] && echo srtp || echo clear; }

# In a round each caller has another partner and another target. In three of them everybody meets
# everybody else's mode in every part; in nine every transfer there can be is made.
rounds='0,0 1,2 2,1'
! is_long || rounds='0,0 0,1 0,2 1,0 1,1 1,2 2,0 2,1 2,2'
turn() { echo $((($1 - 1 + $2) % 3 + 1)); } # MODE STEPS: another one

prepare() {
    export SSLKEYLOGFILE="$keylog"
    make_node "$state" && start_node "$state" || return
    for role in a b c; do
        for mode in $modes; do
            add "$(device $role "$mode")" 7975 "$(profile "$mode")" "$(number $role "$mode")" || return
        done
    done
    admin utils ctl set-cluster mixed-mode --yes || return
    for role in a b c; do
        for mode in 3 2; do
            enrol "$(device $role $mode)" 7975 || return
        done
    done
    all_enrolled
}

# ---- what is done ----

script_a() { # MODE PARTNER TARGET
    echo "dial $(number b "$2")
expect connected
expect party $(number b "$2")
expect $(icon "$1" "$2")
expect $(audio "$1" "$2")
expect audio
transfer $(number c "$3")
expect party $(number c "$3")
expect connected
expect $(icon "$1" "$3")
expect $(audio "$1" "$3")
expect audio
transfer
expect idle"
}

# Phones that are called are told beforehand who will call and who comes after that.
script_b() { # MODE
    for round in $rounds; do
        for caller in $modes; do
            [ "$(turn "$caller" "${round%,*}")" = "$1" ] || continue
            target=$(turn "$caller" "${round#*,}")
            echo "answer within 100
expect party $(number c "$target") within 30
expect $(icon "$1" "$target")
expect $(audio "$1" "$target")
expect audio
end
expect idle"
        done
    done
}

start_called() {
    for mode in $modes; do
        script_b "$mode" >"b$mode.script"
        boot "$(device b "$mode")" 7975 --tls modern --audio silence --script "b$mode.script" --stay
        boot "$(device c "$mode")" 7975 --tls modern --audio silence --answer --stay
    done
    for role in b c; do
        for mode in $modes; do
            sees "$(device $role "$mode")" 'Registered with' || return
        done
    done
}

a_round() { # STEPS-OF-PARTNER STEPS-OF-TARGET NUMBER
    for mode in $modes; do
        script_a "$mode" "$(turn "$mode" "$1")" "$(turn "$mode" "$2")" >"a$mode.script"
        boot "$(device a "$mode")" 7975 --tls modern --audio silence --script "a$mode.script"
    done
    for mode in $modes; do
        through "$(device a "$mode")" || return
    done
    for mode in $modes; do
        # Of who was called it is the same call; who got it had two.
        sees "$(device b "$mode")" ': over' "$3" && sees "$(device c "$mode")" ': over' "$3" || return
    done
}

all_rounds() {
    ! $capturing || capture calls || return
    start_called || return
    done_rounds=0
    for round in $rounds; do
        done_rounds=$((done_rounds + 1))
        a_round "${round%,*}" "${round#*,}" $done_rounds || return
    done
    for role in b c; do
        for mode in $modes; do
            dismiss "$(device $role "$mode")" || return
        done
    done
}

# ---- what was seen ----

# Every icon a console has shown, in order: "2003 lock". One that stays when the call is transferred is not shown anew.
icons_of() { sed -n 's/.* with \([0-9]*\).*: \[\([a-z]*\)\] .*/\1 \2/p' "$work/$1.out"; }

two_icons() { # NUMBER ICON NUMBER ICON
    echo "$1 $2"
    [ "$2" = "$4" ] || echo "$3 $4"
}
icons_of_called() {
    for mode in $modes; do
        for round in $rounds; do
            for caller in $modes; do
                partner=$(turn "$caller" "${round%,*}")
                target=$(turn "$caller" "${round#*,}")
                if [ "$partner" = "$mode" ]; then
                    two_icons "$(number a "$caller")" "$(icon "$caller" "$mode")" \
                        "$(number c "$target")" "$(icon "$mode" "$target")"
                fi >>"b$mode.icons"
                if [ "$target" = "$mode" ]; then
                    two_icons "$(number a "$caller")" "$(icon "$caller" "$mode")" \
                        "$(number b "$partner")" "$(icon "$partner" "$mode")"
                fi >>"c$mode.icons"
            done
        done
        for role in b c; do
            icons_of "$(device $role "$mode")" | diff -u "$role$mode.icons" - || return
        done
    done
}

judge() {
    captured && messages calls >calls.messages && voices calls >calls.voices &&
        sessions calls.messages calls.voices >calls.sessions
    # Two ways for each of three calls of each transfer.
    [ "$(wc -l <calls.sessions)" = $((3 * 6 * done_rounds)) ] || { cat calls.sessions; fails 'not all sessions'; }
}

# What holds for sessions of encrypted phones, and what for all others; prints those it does not hold for.
wrong_sessions() {
    awk '{ both = $2 ~ /3$/ && $3 ~ /3$/ ? "1 16 14" : "0 0 0" }
        $4 " " $5 " " $6 != both || $7 != "same" || (both == "1 16 14") != (length($8) == 60) || $10 != 0 ||
            $9 == 0 || $11 != (both == "0 0 0" ? 160 : 164) || $12 != (both == "0 0 0" ? "silence" : "noise")' calls.sessions
}
on_the_wire() {
    wrong_sessions >wrong
    [ ! -s wrong ] || { cat wrong; fails 'these are not as they should be'; } || return
    # No key was used twice.
    [ -z "$(awk '$4 == 1 { print $8 }' calls.sessions | sort | uniq -d)" ] || fails 'a key served two sessions'
}

# callSecurityStatus, in the last CallInfo of each call: what is least again.
statuses() {
    awk '$5 == 1 { for (i = 6; i <= NF; i++) if ($i ~ /^DeviceName=/) device[$2] = substr($i, 12) }
        $5 == 330 || $5 == 143 {
            for (i = 6; i <= NF; i++) if ($i ~ /^callSecurityStatus=/) print device[$2], substr($i, 29)
        }' calls.messages | sort -u >statuses
    for mode in $modes; do
        for role in a b c; do
            # 0 is that of a call that still rings.
            echo "$(device $role "$mode") 0"
            for other in $modes; do echo "$(device $role "$mode") $(least "$mode" "$other")"; done
        done
    done | sort -u >wanted
    diff -u wanted statuses
}

capturing=true
may_capture >why_not 2>&1 || capturing=false
test_that 'three phones of each mode are there' prepare
test_that 'all modes call each other, and are transferred to each other' all_rounds
test_that 'who was called, and who got the call, saw what the least secure of the two allows' icons_of_called
if $capturing; then
    test_that 'tshark sees two ways of audio for each of these calls' judge
    test_that 'with keys, and no silence that can be seen, where both are encrypted, and in clear elsewhere' on_the_wire
    test_that 'and the security each phone was told' statuses
else
    for name in 'tshark sees two ways of audio for each of these calls' \
        'with keys, and no silence that can be seen, where both are encrypted, and in clear elsewhere' \
        'and the security each phone was told'; do
        skip_test "$name" "$(cat why_not)"
    done
fi
done_testing
