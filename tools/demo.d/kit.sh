# What the demo is told with, and how a cluster and a phone are started. Sourced by tools/demo.

say() { printf '%s\n' "$*"; }
fail() {
    printf 'demo: %s\n' "$*" >&2
    [ ! -s "$log" ] || { printf 'demo: the last lines of %s:\n' "$log" >&2; tail -n 15 "$log" >&2; }
    exit 1
}
finish() {
    for pid in $guests $daemons; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in $daemons; do
        wait "$pid" 2>/dev/null || true
    done
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Starts trustlined on a fresh cluster, at the first port offset from $2 on that is free.
start() { # STATE OFFSET NODE -> $offset
    offset=$2
    while :; do
        rm -rf "$1"
        "$bin/trustline" init --state "$1" --node "$3" --address 127.0.0.1 --port-offset "$offset" \
            --organization Example --country XX >>"$log" 2>&1 || fail "cannot make a cluster in $1"
        # The 7975 speaks TLS 1.0, as phones of its age do.
        sed -i 's/^legacy_tls = off/legacy_tls = on/' "$1/trustline.conf"
        rm -f "$run/ready"
        mkfifo "$run/ready"
        "$bin/trustlined" --state "$1" >"$run/ready" 2>>"$log" &
        pid=$!
        # One line comes, or the end of the pipe when it could not start.
        if read -r line <"$run/ready" && [ "$line" = 'trustlined: ready' ]; then
            daemons="$daemons $pid"
            return 0
        fi
        wait "$pid" || true
        tail -n 3 "$log" | grep -q 'in use' || fail "trustlined does not start on $1"
        offset=$((offset + 1000))
        [ "$offset" -le 50000 ] || fail "no free ports"
    done
}

trustline() { "$bin/trustline" "$@" --state "$home" >>"$log" 2>&1 || fail "trustline $*"; }

# Boots a phone; its status lines are told, its exit status is $status.
boot() { # NAME MODEL PORT
    status=0
    "$bin/trustline-phone" "$1" --model "$2" --tftp "127.0.0.1:$3" --home "$phones/$1" --until files \
        --quiet >"$run/phone.out" 2>>"$log" || status=$?
    cat "$run/phone.out" >>"$log"
    sed 's/^/    /' "$run/phone.out"
}

# A flash that did not change: its lists and its configuration.
fingerprint() {
    (cd "$phones/$first" && find . -type f \( -name '*.tlv' -o -name '*.xml' \) -exec sha256sum {} + | sort -k 2)
}

# Changes the lowest bit of one byte in the middle of a file.
flip() { # FILE
    size=$(wc -c <"$1")
    at=$((size / 2))
    byte=$(dd if="$1" bs=1 skip=$at count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
    if [ $((byte % 2)) -eq 0 ]; then byte=$((byte + 1)); else byte=$((byte - 1)); fi
    # shellcheck disable=SC2059 # an octal escape is the point
    printf "\\$(printf %03o "$byte")" | dd of="$1" bs=1 seek=$at conv=notrunc 2>/dev/null
}

refused() { # WHAT
    [ "$status" -eq 3 ] || fail "the phone should have refused $1 (exit status $status)"
    [ "$(fingerprint)" = "$before" ] || fail "the phone's old files have changed"
    say "    -> refused; the phone keeps what it had"
}
