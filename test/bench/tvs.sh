# tvs.sh: questions to TVS, against a bare TLS responder that always says yes; what 5,000 clients that
# are silent or slow do to the others; what 100,000 certificates cost. Sourced by test/bench/run.

tvs_trusted=100000

start_tvs_bare() {
    bare_port=$((tvs_port + 7))
    until start_helper "$bench/tvs_bare" "$bare_port" "$state/keys/TVS.pem"; do
        wait "$helper" || true
        bare_port=$((bare_port + 1))
        [ "$bare_port" -le 65000 ] || die "no free port for the bare responder"
    done
    bare=$helper
}

ask_tvs() { # PORT AT-ONCE CONNECTIONS [QUESTIONS]: $line
    quiet
    line=$("$bench/tvs_load" "$1" "$2" "$3" "$work/asked.der" ${4:+"$4"} 2>>"$log") ||
        die "phones were not answered: $line"
}

column() { awk -v n="$1" '{ print $n }' "$work/tvs.table" | median; }

ask_in_turn() { # AT-ONCE CONNECTIONS
    : >"$work/tvs.table"
    round=0
    while [ $((round += 1)) -le "$rounds" ]; do
        ask_tvs "$tvs_port" "$1" "$2"
        ours=$(value rate "$line")
        late=$(value p99_ms "$line")
        ask_tvs "$bare_port" "$1" "$2"
        rate=$(value rate "$line")
        bare_late=$(value p99_ms "$line")
        say "$ours $rate $(of "$ours" "$rate") $late $bare_late $(of "$late" "$bare_late")" >>"$work/tvs.table"
    done
    printf '  %4d at once: %6.0f/s, bare responder %6.0f/s; p99 %.2f ms, bare responder %.2f ms\n' "$1" \
        "$(column 1)" "$(column 2)" "$(column 4)" "$(column 5)"
    want "$(column 3)" 0.85 "$1 at once, of the bare responder"
    want_most "$(column 6)" 1.5 "$1 at once, p99 of that of the bare responder"
}

among_half_open() {
    say "One phone after the other, alone and among 5,000 clients that are silent or slow:"
    : >"$work/tvs.table"
    round=0
    while [ $((round += 1)) -le "$rounds" ]; do
        ask_tvs "$tvs_port" 1 300
        alone=$(value median_ms "$line")
        start_helper "$bench/capf_idle" "$tvs_port" 5000 || die "the silent clients did not come"
        ask_tvs "$tvs_port" 1 300
        among=$(value median_ms "$line")
        stop "$helper"
        say "$alone $among $(awk -v a="$among" -v b="$alone" 'BEGIN { printf "%.2f", a - b }')" >>"$work/tvs.table"
    done
    printf '  alone %s ms, among them %s ms\n' "$(column 1)" "$(column 2)"
    want_most "$(column 3)" 10 "ms that it takes longer"
}

role_kb() { # KEY: of the role tvs
    for pid in $(children_of "$daemon"); do
        case $(tr '\0' ' ' <"/proc/$pid/cmdline") in
        *'--role tvs '*) awk -v key="$1:" '$1 == key { print $2 }' "/proc/$pid/status" ;;
        esac
    done
}

# The role has seen so many certificates.
wait_for_certificates() { # COUNT
    for _ in $(seq 300); do
        "$bin/trustline" show status --state "$state" 2>>"$log" |
            awk -v n="$1" '$1 == "tvs_certificates" && $2 >= n { found = 1 } END { exit !found }' && return 0
        sleep 0.2
    done
    die "the role tvs does not see $1 certificates"
}

# 200 questions a connection, so that what is measured is the question.
questions_in_a_row() {
    : >"$work/tvs.table"
    round=0
    while [ $((round += 1)) -le "$rounds" ]; do
        ask_tvs "$tvs_port" 1 100 200
        value rate "$line" >>"$work/tvs.table"
    done
    column 1
}

# On a role that was just started: what it freed before would hide what they cost.
many_certificates() {
    say "$tvs_trusted certificates in a trust store:"
    stop "$daemon"
    start_daemon
    tvs_port=$((port - 69 + 2445))
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/template.key" -out "$work/template.der" -outform DER \
        -set_serial 0x4711471147114711471147110a0b0c0d -days 3650 \
        -subj '/C=XX/O=Example/OU=Services/CN=server00000000.example.com' 2>>"$log" || die "openssl makes no certificate"
    few=$(questions_in_a_row)
    before=$(role_kb VmRSS)
    "$bench/tvs_trust" "$state/trustline.db" web-trust "$work/template.der" "$tvs_trusted" 2>>"$log" ||
        die "cannot add certificates"
    wait_for_certificates "$tvs_trusted"
    first=$(role_kb VmRSS)
    # Another change: for a moment the old cache is there beside the new one.
    "$bin/trustline" parameter set tvs_ttl 86399 --state "$state" >>"$log" 2>&1 || die "cannot set a parameter"
    sleep 2
    many=$(questions_in_a_row)
    printf '  memory of the role: %d MB before, %d MB with them, %d MB at the peak; %.0f questions/s before, %.0f with them\n' \
        $((before / 1024)) $((first / 1024)) $(($(role_kb VmHWM) / 1024)) "$few" "$many"
    want_most $((($(role_kb VmHWM) - before) / 1024)) 60 "MB more at the peak"
    want "$(of "$many" "$few")" 0.95 "questions a second, of those with few certificates"
}

bench_tvs() {
    say "Questions to TVS, RSA 2048. Medians of $rounds rounds in turn."
    [ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 8000 ] || die "8,000 open files are needed (ulimit -Hn)"
    make_cluster 0
    start_daemon
    tvs_port=$((port - 69 + 2445))
    "$bin/trustline" show cert own CallManager --pem --state "$state" 2>>"$log" |
        openssl x509 -outform DER -out "$work/asked.der" || die "no certificate to ask about"
    start_tvs_bare
    ask_in_turn 1 600
    for at_once in 8 64 512; do
        ask_in_turn $at_once 2500
    done
    among_half_open
    many_certificates
    stop "$daemon"
    stop "$bare"
    [ "$busy_turns" -eq 0 ] || say "  (something else used the machine before $busy_turns turns)"
    rm -rf "$state"
}
