# sccp.sh: secure registrations, against a bare TLS responder that knows the phones' CA and answers
# as much; what 10,000 registered phones cost at rest; calls among them. Sourced by test/bench/run.

sccp_first=1048576
sccp_phones=10000
sccp_rest=${REST:-60} # s that all phones are left alone

# Phones register with the LSCs of $state/certs: $line.
register() { # PORT COUNT AT-ONCE
    quiet
    line=$("$bench/sccp_load" "$1" "$work/phone.pem" "$work/certs" "$(printf %x $sccp_first)" \
        "$2" "$3" rate 2>>"$log") || die "phones were not registered: $line"
}

start_sccp_bare() {
    bare_port=$((sccp_port + 7))
    until start_helper "$bench/sccp_bare" "$bare_port" "$state/keys/CallManager.pem" "$state/keys/CAPF.pem"; do
        wait "$helper" || true
        bare_port=$((bare_port + 1))
        [ "$bare_port" -le 65000 ] || die "no free port for the bare responder"
    done
    bare=$helper
}

register_in_turn() { # AT-ONCE COUNT
    : >"$work/sccp.table"
    round=0
    while [ $((round += 1)) -le "$rounds" ]; do
        register "$sccp_port" "$2" "$1"
        ours=$(value rate "$line")
        register "$bare_port" "$2" "$1"
        rate=$(value rate "$line")
        say "$ours $rate $(of "$ours" "$rate")" >>"$work/sccp.table"
    done
    set -- "$1" "$(awk '{ print $1 }' "$work/sccp.table" | median)" \
        "$(awk '{ print $2 }' "$work/sccp.table" | median)" \
        "$(awk '{ print $3 }' "$work/sccp.table" | median)"
    printf '  %4d at once: %6.0f/s, bare responder %6.0f/s\n' "$1" "$2" "$3"
    want "$4" 0.8 "$1 at once, of the bare responder"
}

rss_kb() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status"; }

# Microseconds of processor time that a process's threads have used; finer than cpu_of, which counts
# in hundredths of a second.
us_of() { cat "/proc/$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%d\n", sum / 1000 }'; }

# So many stay: prints processor time (us) and memory (KB) for each, and leaves $stayer and fd 9. What
# is written behind them is theirs, too.
phones_stay() { # COUNT
    rm -f "$work/commands" "$work/answers"
    mkfifo "$work/commands" "$work/answers"
    before_us=$(us_of "$callmanager")
    before_kb=$(rss_kb "$callmanager")
    "$bench/sccp_load" "$sccp_port" "$work/phone.pem" "$work/certs" "$(printf %x $sccp_first)" \
        "$1" 64 stay <"$work/commands" >"$work/answers" 2>>"$log" &
    stayer=$!
    started="$started $stayer"
    exec 9>"$work/commands" 8<"$work/answers"
    read -r line <&8 || die "phones did not register"
    [ "$(value failed "$line")" = 0 ] || die "phones did not register: $line"
    sleep 2
    cpu_each=$((($(us_of "$callmanager") - before_us) / $1))
    kb_each=$((($(rss_kb "$callmanager") - before_kb) / $1))
    say "  $1 phones: $cpu_each us of processor time to register each, $kb_each KB each"
}
phones_go() {
    exec 9>&- 8<&-
    wait "$stayer" || true
    # What they leave behind is cleared away before others come.
    sleep 2
}

costs_are_flat() {
    say "What a phone costs, with so many there:"
    for count in 100 1000; do
        phones_stay $count
        cpu_few=${cpu_few:-$cpu_each}
        phones_go
    done
    phones_stay $sccp_phones
    want_most "$(of "$cpu_each" "$cpu_few")" 1.15 "processor time for each of $sccp_phones, of that for each of 100"
}

at_rest() {
    say "$sccp_phones phones that are registered:"
    want_most $(($(rss_kb "$callmanager") / 1024)) 300 "MB of memory"
    before=$(us_of "$callmanager")
    sleep "$sccp_rest"
    want_most "$(of $(($(us_of "$callmanager") - before)) $((sccp_rest * 10000)))" 2 \
        "percent of a processor at rest, keepalives included"
}

calling() {
    say "Encrypted calls among them, hung up as soon as both may speak:"
    for rate in 20 100 300; do
        say "calls $rate 10" >&9
        read -r line <&8 || die "the calls came to nothing"
        [ "$(value placed "$line")" = "$(value encrypted "$line")" ] || die "calls failed: $line"
        say "  $rate a second: $(value rate "$line") set up a second, median $(value median_ms "$line") ms, p99 $(value p99_ms "$line") ms"
    done
}

bench_sccp() {
    say "Registrations over mutual TLS, RSA 2048. Medians of $rounds rounds in turn."
    [ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 12000 ] ||
        die "12,000 open files are needed (ulimit -Hn)"
    make_cluster 0
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/phone.pem" 2>>"$log"
    "$bench/sccp_phones" "$state/trustline.db" "$state/keys/CAPF.pem" "$(printf %x $sccp_first)" \
        $sccp_phones "$work/phone.pem" "$work/certs" 2>>"$log" || die "cannot add phones"
    start_daemon
    sccp_port=$((port - 69 + 2443))
    callmanager=
    for pid in $(children_of "$daemon"); do
        case $(tr '\0' ' ' <"/proc/$pid/cmdline") in
        *'--role callmanager '*) callmanager=$pid ;;
        esac
    done
    start_sccp_bare
    for at_once in 8 64 512; do
        register_in_turn $at_once 2000
    done
    stop "$bare"
    costs_are_flat
    at_rest
    calling
    phones_go
    stop "$daemon"
    [ "$busy_turns" -eq 0 ] || say "  (something else used the machine before $busy_turns turns)"
    rm -rf "$state"
}
