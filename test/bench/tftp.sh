# tftp.sh: a boot storm, against servers that others made and against the least that does the same
# exchange. Sourced by test/bench/run.

phones=3000
levels='100 1000 3000'
memory_limit=64 # MB
table=$work/tftp.table

# One storm: adds a line to the table. $failed tells how many transfers did.
storm() { # SERVER ADDRESS PORT AT-ONCE TRANSFERS LIMIT PID...
    name=$1 address=$2 at=$3 level=$4 transfers=$5 limit=$6
    shift 6
    quiet
    before=$(cpu_of "$@")
    line=$("$bench/tftp_load" "$address" "$at" "$work/files" $phones "$level" "$transfers" "$limit" all check \
        2>>"$log") || die "the load generator failed"
    sleep 1.3 # what is written behind belongs to the price
    spent=$(($(cpu_of "$@") - before))
    failed=$(value failed "$line")
    say "$level $name $(value rate "$line") $((spent / transfers)) $failed $(value p50_ms "$line")" \
        "$(value p99_ms "$line")" >>"$table"
}

# Starts a peer; it counts when it serves a file.
peer() { # NAME ADDRESS PORT COMMAND...
    name=$1 address=$2 at=$3
    shift 3
    libraries=$(find "$peers" -name '*.so.*' -printf '%h\n' | sort -u | tr '\n' ':')
    LD_LIBRARY_PATH=$libraries "$@" >>"$work/$name.log" 2>&1 &
    pid=$!
    started="$started $pid"
    sleep 0.5
    if timeout 5 "$bench/tftp_load" "$address" "$at" "$work/files" 1 1 3 3 all check 2>>"$log" |
        grep -q 'failed=0'; then
        echo "$name $address $at $pid" >>"$work/peers"
    else
        say "  $name does not serve here: $(tail -n 1 "$work/$name.log")"
    fi
}

start_peers() {
    : >"$work/peers"
    chmod -R a+rX "$work"
    sbin=$peers/usr/sbin
    [ "$(id -u)" -eq 0 ] || { say "  the other servers need root: not measured"; return; }
    peer tftpd-hpa 127.0.0.1 $((port + 101)) "$sbin/in.tftpd" -L -4 -a "127.0.0.1:$((port + 101))" -s "$work/files"
    peer atftpd 127.0.0.1 $((port + 102)) "$sbin/atftpd" --daemon --no-fork --port $((port + 102)) \
        --bind-address 127.0.0.1 --maxthread 4000 --user root.root --logfile - "$work/files"
    # dnsmasq knows one port for TFTP.
    peer dnsmasq 127.0.0.69 69 "$sbin/dnsmasq" --no-daemon --conf-file=/dev/null --user=root --pid-file= --port=0 \
        --bind-interfaces --listen-address=127.0.0.69 --enable-tftp --tftp-root="$work/files" --tftp-max=4000
}

# A peer that fails at a level is not asked for more of it; the others have three rounds.
storm_peers() { # LEVEL ROUND
    [ $(($2 % 2)) -eq 1 ] || return 0
    while read -r peer_name peer_address peer_port peer_pid; do
        [ ! -e "$work/failed.$peer_name.$1" ] || continue
        storm "$peer_name" "$peer_address" "$peer_port" "$1" 3000 10 "$peer_pid"
        [ "$failed" -eq 0 ] || : >"$work/failed.$peer_name.$1"
    done <"$work/peers"
}

column() { # LEVEL SERVER FIELD
    awk -v level="$1" -v server="$2" -v field="$3" '$1 == level && $2 == server { print $field }' "$table"
}

# The median of what one server had of another's, turn by turn.
ratio() { # LEVEL SERVER FIELD
    column "$1" bare "$3" >"$work/bare.column"
    column "$1" "$2" "$3" | paste - "$work/bare.column" |
        awk 'NF == 2 && $2 > 0 { printf "%.3f\n", $1 / $2 }' | median
}

print_level() { # LEVEL
    for server in bare trustlined tftpd-hpa atftpd dnsmasq; do
        [ -n "$(column "$1" $server 3)" ] || continue
        printf '  %7s  %-10s  %11s  %7s  %14s  %7s  %7s  %7s  %6s\n' "$1" $server \
            "$(column "$1" $server 3 | median)" "$(ratio "$1" $server 3)" \
            "$(column "$1" $server 4 | median)" "$(ratio "$1" $server 4)" \
            "$(column "$1" $server 6 | median)" "$(column "$1" $server 7 | median)" \
            "$(column "$1" $server 5 | sort -n | tail -n 1)"
    done
}

bench_tftp() {
    say "TFTP: boot storms. $phones phones fetch CTL, ITL and signed configuration, 512-byte blocks;"
    say "medians of $rounds rounds in turn (other people's servers: of 3, with a third of the transfers)."
    mkdir -p "$work/files"
    make_cluster $phones
    start_daemon
    "$bench/tftp_load" 127.0.0.1 "$port" "$work/files" $phones 100 9000 60 all save >>"$log" ||
        die "the files cannot be fetched"
    start_bare "$work/files"
    start_peers
    # shellcheck disable=SC2046 # a list of numbers
    set -- "$daemon" $(children_of "$daemon")
    round=0
    while [ $((round += 1)) -le $rounds ]; do
        for level in $levels; do
            storm bare 127.0.0.1 "$bare_port" "$level" 9000 30 "$bare"
            storm trustlined 127.0.0.1 "$port" "$level" 9000 30 "$@"
            [ "$failed" -eq 0 ] || missed=1
            storm_peers "$level" $round
        done
    done
    memory=$(awk '/^VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$tftp_role/status")
    say "  at once  server      transfers/s  of bare  CPU us/transfer  of bare   p50 ms   p99 ms  failed"
    for level in $levels; do
        print_level "$level"
    done
    for level in $levels; do
        want "$(ratio "$level" trustlined 3)" 0.9 "$level at once, of the bare responder"
    done
    want "$(awk -v m="$memory" -v l=$memory_limit 'BEGIN { printf "%.2f", l / m }')" 1 \
        "memory of the role tftp is $memory MB of $memory_limit"
    [ "$busy_turns" -eq 0 ] || say "  (something else used the machine before $busy_turns turns)"
    for pid in "$daemon" "$bare" $(awk '{ print $4 }' "$work/peers"); do
        stop "$pid"
    done
    rm -rf "$work/files" "$state"
}
