# sign.sh: signatures - of the signer alone, and of configurations that are fetched for the first
# time - against what the openssl command makes of the same key size. Sourced by test/bench/run.

configs=10000

openssl_rate() { openssl speed -elapsed -seconds 2 rsa2048 2>/dev/null | awk '/^rsa/ { print $6 }'; }

fetch() { # PORT AT-ONCE check|save|discard
    quiet
    line=$("$bench/tftp_load" 127.0.0.1 "$1" "$work/files" $configs "$2" $configs 60 configs "$3" 2>>"$log") ||
        die "the load generator failed"
    [ "$(value failed "$line")" -eq 0 ] || { say "  $(value failed "$line") transfers failed"; missed=1; }
    value rate "$line"
}

bench_sign() {
    say "Signatures: RSA 2048, SHA-1. Medians of $rounds rounds in turn."
    mkdir -p "$work/files"
    make_cluster $configs
    round=0
    while [ $((round += 1)) -le $rounds ]; do
        quiet
        known=$(openssl_rate)
        quiet
        alone=$("$bench/sign_load" "$state" 2) || die "the signer failed"
        start_daemon # a new one keeps nothing of the last
        first=$(fetch "$port" 500 discard)
        fetch "$port" 500 save >>"$log"
        again=$(fetch "$port" 500 check)
        start_bare "$work/files"
        bare_rate=$(fetch "$bare_port" 500 check)
        stop "$daemon"
        stop "$bare"
        say "$known $alone $(of "$alone" "$known") $first $(of "$first" "$known") $again $bare_rate" \
            "$(of "$again" "$bare_rate")" >>"$work/sign.table"
    done
    for row in '1 openssl speed, signatures/s' '2 signer alone, signatures/s' \
        '4 configurations for the first time/s' '6 configurations again/s' '7 the same, bare responder/s'; do
        printf '  %-40s %8.0f\n' "${row#* }" "$(awk -v f="${row%% *}" '{ print $f }' "$work/sign.table" | median)"
    done
    want "$(awk '{ print $3 }' "$work/sign.table" | median)" 0.9 "the signer alone, of openssl speed"
    want "$(awk '{ print $5 }' "$work/sign.table" | median)" 0.75 "$configs first fetches, of openssl speed"
    want "$(awk '{ print $8 }' "$work/sign.table" | median)" 0.9 "the same again, of the bare responder"
    [ "$busy_turns" -eq 0 ] || say "  (something else used the machine before $busy_turns turns)"
    rm -rf "$work/files" "$state"
}
