# Certificates are renewed, and phones take what follows from it. Sourced by tools/demo.

# The server notices a moment later that there are new lists.
wait_for_ctl() {
    md5=$("$bin/trustline" show ctl --json --state "$home" | sed -n 's/^  "md5": "\([0-9a-f]*\)",*$/\1/p')
    patience=100
    until curl -sS --fail "tftp://127.0.0.1:$port/CTLFile.tlv" 2>>"$log" | md5sum | grep -q "^$md5"; do
        patience=$((patience - 1))
        [ "$patience" -gt 0 ] || fail "the new CTL is not served"
        sleep 0.1
    done
}

# Until the plan has no phone to lose: what phones were served is written down a moment later. The plan
# is in run/plan.out.
agreed() { # WORDS...
    patience=100
    until "$bin/trustline" plan "$@" --state "$home" >"$run/plan.out" 2>>"$log"; do
        patience=$((patience - 1))
        [ "$patience" -gt 0 ] || fail "the plan would lose a phone: $*"
        sleep 0.1
    done
}

# Sets which certificates may sign lists, and has both phones take the lists that name them.
anchors() { # VALUE
    agreed parameter set list_anchors "$1"
    trustline parameter set list_anchors "$1" --yes
    wait_for_ctl
    for phone in "$first 7975" "$second 8945"; do
        # shellcheck disable=SC2086 # two words
        boot $phone "$port" >/dev/null
        [ "$status" -eq 0 ] || fail "a phone could not boot (exit status $status)"
    done
}

# Renews the CallManager certificate and boots both phones, which must take the new CTL.
renew() { # yes|no: do they ask TVS?
    say "   The plan says:"
    agreed set cert regen CallManager
    sed 's/^/    /' "$run/plan.out"
    say "   It is done, and both phones boot:"
    trustline set cert regen CallManager --yes
    wait_for_ctl
    for phone in "$first 7975" "$second 8945"; do
        # shellcheck disable=SC2086 # two words
        set -- "$1" $phone
        status=0
        "$bin/trustline-phone" "$2" --model "$3" --tftp "127.0.0.1:$port" --home "$phones/$2" --until files \
            >"$run/phone.out" 2>>"$log" || status=$?
        cat "$run/phone.out" >>"$log"
        [ "$status" -eq 0 ] || fail "$2 could not boot (exit status $status)"
        asked=no
        ! grep -q 'TVS Certificate Authentication request' "$run/phone.out" || asked=yes
        [ "$asked" = "$1" ] || fail "$2 asked TVS: $asked, expected: $1"
        sed -n 's/^[0-9]*: NOT \([0-9:]*\)\.[0-9]* SECD: \(-TVS Cert.*\|-Authentication.*\|.* taken; .*\)/\1 \2/p
            s/^[0-9:]* Trust List Updated/&/p' "$run/phone.out" | sed "s/^/    $2 /"
        grep -q 'SECD: CTL taken' "$run/phone.out" || fail "$2 did not take the new CTL"
    done
}
