# lib.sh: what the benches share. Sourced by test/bench/run.
#
# What is measured runs on the same processors as the load, so figures mean something only beside
# others of the same run: every bench has a bare minimum or a known tool beside it, takes turns with
# it, and tells ratios of turn and turn. Before each turn it waits until the machine is quiet.

export LC_ALL=C
rounds=${ROUNDS:-5}
bin=${TRUSTLINE_BIN:-$root/build}
bench=$bin/test/bench
peers=$root/build/peers/root
work=$(mktemp -d "${TMPDIR:-/tmp}/trustline-bench-XXXXXX") || exit 1
log=$work/log
started=
busy_turns=0
missed=0

say() { printf '%s\n' "$*"; }
die() {
    printf 'bench: %s\n' "$*" >&2
    [ ! -s "$log" ] || tail -n 10 "$log" >&2
    exit 1
}

finish() {
    for pid in $started; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in $started; do
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

stop() { # PID
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# Nothing else may use the processors: waits up to five seconds for that.
quiet() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
        # shellcheck disable=SC2046 # numbers
        set -- $(idle_share)
        [ "$1" -lt 94 ] || return 0
    done
    busy_turns=$((busy_turns + 1))
}

idle_share() { # percent, of the next 0.4 s
    before=$(cat /proc/stat)
    sleep 0.4
    { printf '%s\n' "$before"; cat /proc/stat; } | awk '$1 == "cpu" {
        all = 0
        for (i = 2; i <= 9; i++) all += $i
        idle = $5 + $6
        if (seen) printf "%d\n", 100 * (idle - old_idle) / (all - old_all)
        seen = 1; old_idle = idle; old_all = all
    }'
}

# Microseconds of processor time that these processes and the children they waited for have used.
cpu_of() { # PID...
    for pid in "$@"; do
        cat "/proc/$pid/stat" 2>/dev/null || true
    done | awk -v tick="$(getconf CLK_TCK)" '{ sum += $14 + $15 + $16 + $17 }
        END { printf "%d\n", sum * 1000000 / tick }'
}

children_of() { # PID
    for stat in /proc/[0-9]*/stat; do
        awk -v parent="$1" '$4 == parent { print $1 }' "$stat" 2>/dev/null || true
    done
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

value() { # KEY LINE of key=value pairs
    printf '%s\n' "$2" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

of() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", a / b }'; }

# A ratio that is wanted; without it the bench fails in the end.
want() { # RATIO LEAST TEXT
    if awk -v is="$1" -v least="$2" 'BEGIN { exit !(is >= least) }'; then
        say "  held    $3: $1 ($2 wanted)"
    else
        say "  MISSED  $3: $1 ($2 wanted)"
        missed=1
    fi
}

# The same for what may be so much and no more.
want_most() { # IS MOST TEXT
    if awk -v is="$1" -v most="$2" 'BEGIN { exit !(is <= most) }'; then
        say "  held    $3: $1 (at most $2 wanted)"
    else
        say "  MISSED  $3: $1 (at most $2 wanted)"
        missed=1
    fi
}

# A cluster in mixed mode with so many phones; its daemon does not run yet. The state is
# $work/state, the port of its TFTP $port.
make_cluster() { # PHONES
    offset=20000
    state=$work/state
    "$bin/trustline" init --state "$state" --node bench --address 127.0.0.1 --port-offset "$offset" \
        --organization Example --country XX >>"$log" 2>&1 || die "cannot make a cluster"
    "$bin/trustline" utils ctl set-cluster mixed-mode --yes --state "$state" >>"$log" 2>&1 ||
        die "cannot set mixed mode"
    "$bench/add_phones" "$state/trustline.db" "$1" sccp-authenticated >>"$log" 2>&1 ||
        die "cannot add phones"
}

# Starts trustlined on the cluster, at the next port offset that is free: $daemon, and $tftp_role.
start_daemon() {
    while :; do
        rm -f "$work/ready"
        mkfifo "$work/ready"
        "$bin/trustlined" --state "$state" >"$work/ready" 2>>"$log" &
        daemon=$!
        started="$started $daemon"
        if read -r line <"$work/ready" && [ "$line" = 'trustlined: ready' ]; then
            break
        fi
        wait "$daemon" || true
        tail -n 3 "$log" | grep -q 'in use' || die "trustlined does not start"
        offset=$((offset + 1000))
        [ "$offset" -le 50000 ] || die "no free ports"
        sed -i "s/^port_offset.*/port_offset = $offset/" "$state/trustline.conf"
    done
    port=$((69 + offset))
    for pid in $(children_of "$daemon"); do
        if tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- '--role tftp'; then
            tftp_role=$pid
        fi
    done
}

# The bare responder on the files of a directory: $bare, at $bare_port.
start_bare() { # DIR
    bare_port=$((port + 7))
    while :; do
        rm -f "$work/ready"
        mkfifo "$work/ready"
        "$bench/tftp_bare" 127.0.0.1 "$bare_port" "$1" 4194304 >"$work/ready" 2>>"$log" &
        bare=$!
        started="$started $bare"
        if read -r line <"$work/ready"; then
            return 0
        fi
        wait "$bare" || true
        bare_port=$((bare_port + 1))
        [ "$bare_port" -le 65000 ] || die "no free port for the bare responder"
    done
}
