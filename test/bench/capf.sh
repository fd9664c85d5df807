# capf.sh: installations of LSCs, against a bare TLS responder that says and signs the same; what
# 2,000 clients that are silent or slow do to the others; memory while 10,000 phones make keys.
# Sourced by test/bench/run.

capf_first=1048576 # the next phone that was not here yet
capf_phones=70000
capf_hold=13000 # ms that a 7960 takes for a key

# A program that says "ready" when it is: $helper.
start_helper() { # PROGRAM ARGUMENT...
    rm -f "$work/ready"
    mkfifo "$work/ready"
    "$@" >"$work/ready" 2>>"$log" &
    helper=$!
    started="$started $helper"
    read -r line <"$work/ready"
}

start_capf_bare() {
    bare_port=$((capf_port + 7))
    until start_helper "$bench/capf_bare" "$bare_port" "$state/keys/CAPF.pem"; do
        wait "$helper" || true
        bare_port=$((bare_port + 1))
        [ "$bare_port" -le 65000 ] || die "no free port for the bare responder"
    done
    bare=$helper
}

# Phones that were not here yet install: $line.
enrol() { # PORT AT-ONCE COUNT [HOLD-MS]
    quiet
    line=$("$bench/capf_load" "$1" "$2" "$3" 123456 "$(printf %x $capf_first)" ${4:+"$4"} 2>>"$log") ||
        die "phones were not served: $line"
    [ "$1" = "$bare_port" ] || capf_first=$((capf_first + $3))
}

enrol_in_turn() { # AT-ONCE COUNT
    : >"$work/capf.table"
    round=0
    while [ $((round += 1)) -le "$rounds" ]; do
        enrol "$capf_port" "$1" "$2"
        ours=$(value rate "$line")
        enrol "$bare_port" "$1" "$2"
        rate=$(value rate "$line")
        say "$ours $rate $(of "$ours" "$rate")" >>"$work/capf.table"
    done
    set -- "$1" "$(awk '{ print $1 }' "$work/capf.table" | median)" \
        "$(awk '{ print $2 }' "$work/capf.table" | median)" \
        "$(awk '{ print $3 }' "$work/capf.table" | median)"
    printf '  %4d at once: %6.0f/s, bare responder %6.0f/s\n' "$1" "$2" "$3"
    want "$4" 0.8 "$1 at once, of the bare responder"
}

among_idle_clients() {
    say "One phone after the other, alone and among 2,000 clients that are silent or slow:"
    : >"$work/capf.table"
    round=0
    while [ $((round += 1)) -le "$rounds" ]; do
        enrol "$capf_port" 1 200
        alone=$(value median_ms "$line")
        start_helper "$bench/capf_idle" "$capf_port" 2000 || die "the silent clients did not come"
        enrol "$capf_port" 1 200
        among=$(value median_ms "$line")
        stop "$helper"
        say "$alone $among $(awk -v a="$among" -v b="$alone" 'BEGIN { printf "%.2f", a - b }')" \
            >>"$work/capf.table"
    done
    printf '  alone %s ms, among them %s ms\n' "$(awk '{ print $1 }' "$work/capf.table" | median)" \
        "$(awk '{ print $2 }' "$work/capf.table" | median)"
    want_most "$(awk '{ print $3 }' "$work/capf.table" | median)" 10 "ms that it takes longer"
}

peak_mb() { # PID...
    for pid in "$@"; do
        awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status"
    done | awk '{ sum += $1 } END { printf "%d\n", sum / 1024 }'
}

making_keys() {
    say "10,000 phones at once that make their key for $((capf_hold / 1000)) s, then install all together:"
    roles=
    for pid in $(children_of "$daemon"); do
        case $(tr '\0' ' ' <"/proc/$pid/cmdline") in
        *'--role capf '* | *'--role signer '*) roles="$roles $pid" ;;
        esac
    done
    enrol "$capf_port" 10000 10000 $capf_hold
    # shellcheck disable=SC2086 # numbers
    want_most "$(peak_mb $roles)" 400 "MB at the peak, role capf and signer together"
}

bench_capf() {
    say "Installations of LSCs, RSA 2048. Medians of $rounds rounds in turn."
    [ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 12000 ] ||
        die "12,000 open files are needed (ulimit -Hn)"
    make_cluster 0
    "$bench/capf_phones" "$state/trustline.db" "$(printf %x $capf_first)" $capf_phones 2>>"$log" ||
        die "cannot add phones"
    start_daemon
    capf_port=$((port - 69 + 3804))
    start_capf_bare
    enrol_in_turn 1 400
    for at_once in 8 64 512; do
        enrol_in_turn $at_once 1500
    done
    among_idle_clients
    making_keys
    stop "$daemon"
    stop "$bare"
    [ "$busy_turns" -eq 0 ] || say "  (something else used the machine before $busy_turns turns)"
    rm -rf "$state"
}
