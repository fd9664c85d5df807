#!/bin/sh
# kills.sh TRUSTLINE TRUSTLINED TRUSTLINE-PHONE: processes are killed at random moments while the
# cluster's certificates and mode are changed. Afterwards everything is as before, or as it should
# be, and a phone that held the lists from before takes what is served.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"

rounds=20
! is_long || rounds=200
seed=${TRUSTLINE_TEST_SEED:-$(date +%s)}

# The campaign's dice: "ACT VICTIM MILLISECONDS" a line, the same for the same seed.
roll() {
    awk -v seed="$seed" -v rounds="$rounds" 'BEGIN {
        srand(seed)
        acts = split("mixed plain CallManager ITLRecovery CAPF TVS update reset", act)
        victims = split("supervisor signer tftp clerk cli all all", victim)
        for (i = 0; i < rounds; i++)
            print act[1 + int(rand() * acts)], victim[1 + int(rand() * victims)], int(rand() * 400)
    }'
}

act_words() {
    case $1 in
    mixed) echo utils ctl set-cluster mixed-mode ;;
    plain) echo utils ctl set-cluster non-secure-mode ;;
    update) echo utils ctl update CTLFile ;;
    reset) echo utils itl reset localkey ;;
    *) echo set cert regen "$1" --accept-lockout ;;
    esac
}

boot() {
    "$phone" SEP001122330001 --model 7975 --tftp "127.0.0.1:$((69 + offset))" --home "$work/phone" \
        --until files --quiet
}

# What is served: both lists, the mode and the certificates in use.
snapshot() { # DIR
    mkdir -p "$1"
    "$trustline" show ctl --state "$state" >"$1/ctl" 2>&1
    "$trustline" show itl --state "$state" >"$1/itl" 2>&1
    "$trustline" show cert list own --long --state "$state" | awk '{ print $1, $3 }' >"$1/certs"
    "$trustline" parameter show ClusterSecurityMode --state "$state" >"$1/mode"
}

strike() { # VICTIM CLI-PID
    case $1 in
    supervisor) kill -9 "$node_pid" ;;
    cli) kill -9 "$2" ;;
    all)
        # shellcheck disable=SC2046 # a list of words
        kill -9 "$node_pid" "$2" $(pgrep -P "$node_pid")
        ;;
    *)
        victim=$(child_of "$1") && kill -9 "$victim"
        ;;
    esac 2>/dev/null
    return 0
}

# What the store calls published is what phones get, as soon as the server has noticed.
served() { # NAME SHOWN
    fetch "$1" "$work/served" &&
        "$trustline" show "$(echo "$1" | cut -c 1-3 | tr CTIL ctil)" "$work/served" >"$work/shown" &&
        cmp -s "$work/shown" "$2"
}

# A cluster that was in that mode already gets its lists anew.
was_in_mode() { # mixed|plain
    case $1 in
    mixed) grep -q 'Value: *1$' "$work/before/mode" ;;
    plain) grep -q 'Value: *0$' "$work/before/mode" ;;
    esac
}

# Old or new, and nothing between.
judge() { # ACT STATUS
    snapshot "$work/after"
    lists=0
    cmp -s "$work/before/ctl" "$work/after/ctl" || lists=$((lists + 1))
    cmp -s "$work/before/itl" "$work/after/itl" || lists=$((lists + 1))
    case $1 in
    mixed | plain)
        if cmp -s "$work/before/mode" "$work/after/mode"; then
            [ "$lists" -eq 0 ] || was_in_mode "$1" || fails 'the mode is the old one, and a list is new'
        else
            [ "$lists" -gt 0 ] || fails 'the mode is new, and both lists are old'
        fi
        ;;
    update | reset) cmp -s "$work/before/certs" "$work/after/certs" || fails 'a certificate changed' ;;
    *)
        if cmp -s "$work/before/certs" "$work/after/certs"; then
            [ "$lists" -eq 0 ] || fails 'a list is new without its certificate'
        else
            [ "$lists" -gt 0 ] || fails 'a certificate is new without its lists'
        fi
        ;;
    esac || return
    case $1 in
    mixed | plain | update | reset) ;;
    *) [ "$2" -ne 0 ] || [ "$lists" -gt 0 ] || fails 'done, said the command, and nothing changed' || return ;;
    esac
    if [ "$lists" -gt 0 ]; then new=$((new + 1)); else old=$((old + 1)); fi
}

one_round() { # ACT VICTIM MILLISECONDS
    echo "# $1, $2 killed after $3 ms" >>"$work/rounds"
    tail -n 1 "$work/rounds"
    snapshot "$work/before"
    # shellcheck disable=SC2046 # a list of words
    "$trustline" $(act_words "$1") --yes --state "$state" >"$work/act.out" 2>&1 &
    cli=$!
    sleep "$(printf '0.%03d' "$3")"
    strike "$2" "$cli"
    wait "$cli"
    said=$?
    cat "$work/act.out"
    case $2 in
    supervisor | all)
        wait "$node_pid"
        start_node "$state" || return
        ;;
    esac
    eventually "$trustlined" --check --state "$state" || {
        "$trustlined" --check --state "$state" | grep -v '^ok'
        fails 'the check finds something wrong'
        return
    }
    judge "$1" "$said" || return
    eventually served ITLFile.tlv "$work/after/itl" || return
    if grep -q 'The CTL file was verified' "$work/after/ctl"; then
        eventually served CTLFile.tlv "$work/after/ctl" || return
    fi
    boot || fails 'the phone with the lists from before does not take what is served'
}

campaign() {
    old=0
    new=0
    echo "seed $seed"
    roll >"$work/dice"
    while read -r act victim delay; do
        one_round "$act" "$victim" "$delay" </dev/null || return
    done <"$work/dice"
    [ "$old" -gt 0 ] && [ "$new" -gt 0 ] || fails "$old times the old state, $new times the new one: no test"
}

# The keys kept are those of the certificates in the store, and one of each name is active.
keys_fit_the_store() {
    stop_node || return
    start_node "$state" || return
    find "$state/keys" -type f -printf '%f\n' | sort >"$work/kept"
    "$trustline" run sql "select name || '-' || serialnumber || '.pem' from certificate where
        state <> 'trusted'" --json --state "$state" >"$work/rows" || return
    grep -o '[A-Za-z]*-[0-9a-f]*\.pem' "$work/rows" | sort >"$work/named"
    diff "$work/named" "$work/kept" || { fails 'keys/ is not what the store names'; return; }
    [ "$(find "$state/keys" -type l | wc -l)" -eq 5 ] || fails 'there are not five active keys'
}

state=$work/node
prepare() {
    make_node "$state" || return
    start_node "$state" || return
    "$trustline" phone add SEP001122330001 --model 7975 --profile sccp-authenticated --line 1001 \
        --state "$state" || return
    "$trustline" utils ctl set-cluster mixed-mode --yes --state "$state" || return
    boot
}

test_that 'a node starts, and a phone takes its lists' prepare
test_that "$rounds kills at random moments leave the old state or the new one" campaign
test_that 'after a restart each key has its certificate, and nothing else is left' keys_fit_the_store
done_testing
