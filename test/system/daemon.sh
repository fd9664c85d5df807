# daemon.sh: a node for a system test. Sourced after lib.sh; needs $trustline and $trustlined.
#
#     make_node DIR [INIT-OPTION]...   a cluster in DIR (not started)
#     start_node DIR                   starts it, at a port offset that is free: $offset, $node_pid
#     stop_node                        ends the node started last
#
# Every node that still runs when the test ends is killed, with its children.

node_pid=
node_pids=

end_nodes() {
    for node in $node_pids; do
        # shellcheck disable=SC2046 # a list of words
        kill -9 "$node" $(pgrep -P "$node") 2>/dev/null
    done
}
trap 'end_nodes; rm -rf "$work"' EXIT

# Tests run side by side: each begins its search elsewhere.
offset=$((10000 + ($$ * 61) % 30000))

make_node() {
    node_dir=$1
    shift
    "$trustline" init --state "$node_dir" --node "$(basename "$node_dir")" --address 127.0.0.1 \
        --port-offset "$offset" "$@" >"$work/init.out"
}

set_offset() { # DIR
    sed -i "s/^port_offset = [0-9]*/port_offset = $offset/" "$1/trustline.conf"
}

# Starts trustlined once: 0 when it said that it is ready, 1 when it ended. What it says on
# standard error is in DIR.err.
launch_node() { # DIR
    rm -f "$work/ready"
    mkfifo "$work/ready"
    "$trustlined" --state "$1" >"$work/ready" 2>"$1.err" &
    node_pid=$!
    node_pids="$node_pids $node_pid"
    if read -r node_line <"$work/ready" && [ "$node_line" = 'trustlined: ready' ]; then
        return 0
    fi
    wait "$node_pid"
    return 1
}

start_node() { # DIR
    set_offset "$1"
    until launch_node "$1"; do
        grep -q 'in use' "$1.err" || { cat "$1.err"; fails "trustlined does not start on $1"; return; }
        offset=$((offset + 7013))
        [ "$offset" -le 57000 ] || offset=$((offset - 47000))
        set_offset "$1"
    done
}

stop_node() {
    kill "$node_pid" && wait "$node_pid"
}

# child_of ROLE: the process that plays it, now.
child_of() { pgrep -P "$node_pid" -f "trustlined --role $1 "; }

# Waits until a command succeeds; ten seconds at most.
eventually() {
    patience=500
    until "$@" >/dev/null 2>&1; do
        patience=$((patience - 1))
        [ "$patience" -gt 0 ] || { fails "never: $*"; return; }
        sleep 0.02
    done
}

fetch() { # NAME OUT: over TFTP
    curl -sS --fail --max-time 10 "tftp://127.0.0.1:$((69 + offset))/$1" -o "$2"
}
