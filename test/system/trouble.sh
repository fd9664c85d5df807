#!/bin/sh
# trouble.sh TRUSTLINE TRUSTLINED TRUSTLINE-PHONE: starts that must fail, disks that fill, and
# services that die. Each time one clear line, the right exit status, and nothing half-made.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"

state=$work/node

# no_start WHAT...: trustlined must not start on $state; its one line has these words.
no_start() {
    timeout 20 "$trustlined" --state "$state" >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" -eq 1 ] || { cat "$work/err"; fails "exit status $got, not 1"; return; }
    [ ! -s "$work/out" ] || { cat "$work/out"; fails 'it said that it was ready'; return; }
    grep '^trustlined: ' "$work/err" >"$work/said"
    [ "$(wc -l <"$work/said")" -eq 1 ] || { cat "$work/err"; fails 'not one line for people'; return; }
    for words in "$@"; do
        grep -qF -- "$words" "$work/said" || { cat "$work/said"; fails "does not say: $words"; return; }
    done
}

as_it_was() {
    set_offset "$state"
    timeout 20 "$trustlined" --check --state "$state" | grep '^error'
    start_node "$state" && stop_node
}

prepare() {
    make_node "$state" --organization Example --country XX || return
    cp -a "$state" "$work/spare"
}

# The first node has the ports; the second must say which.
busy_ports() {
    make_node "$work/first" && start_node "$work/first" || return
    set_offset "$state"
    no_start "port 127.0.0.1:$((69 + offset)) for Cisco Tftp is in use" port_offset || return
    stop_node
    as_it_was
}

other_offset() {
    make_node "$work/moves" --organization Example && start_node "$work/moves" || return
    "$trustline" phone add SEP001122330001 --model 7975 --profile sccp-non-secure --line 1 --state "$work/moves" || return
    stop_node
    offset=$((offset + 211))
    start_node "$work/moves" || return
    eventually names_port $((2000 + offset)) && "$trustline" show status --state "$work/moves" --json >out &&
        grep -q "\"port_offset\": *$offset\\b" out || { cat out; fails 'the status has another offset'; }
    result=$?
    stop_node
    return $result
}
names_port() { curl -sS "http://127.0.0.1:$((6970 + offset))/SEP001122330001.cnf.xml" | grep -q "<ethernetPhonePort>$1<"; }

small_keys() {
    make_node "$work/small" --organization Example --key-size 1024 && start_node "$work/small" || return
    stop_node
    "$trustlined" --check --state "$work/small" >out || { cat out; fails 'the check finds it wrong'; return; }
    sed -i 's/^legacy_tls = on/legacy_tls = off/' "$work/small/trustline.conf"
    ! "$trustlined" --check --state "$work/small" >out &&
        grep -q 'certificate CAPF: TLS refuses its 1024-bit key (legacy_tls = on lets it' out &&
        ! grep -q 'ITLRecovery: TLS' out || { cat out; fails 'the check lets it pass'; }
}

second_daemon() {
    start_node "$state" || return
    no_start 'another trustlined runs on' trustlined.pid
    result=$?
    stop_node || fails 'the first one did not end well' || return
    return $result
}

foreign_key() {
    key=$(readlink "$state/keys/TVS.pem")
    cp "$state/keys/$key" "$work/key"
    cat "$state/keys/CAPF.pem" >"$state/keys/$key"
    no_start 'the key of TVS cannot be used' 'another certificate' 'set cert regen TVS'
    result=$?
    timeout 20 "$trustlined" --check --state "$state" >"$work/out" 2>/dev/null && fails 'the check found nothing' && return
    grep -q '^error.*TVS' "$work/out" || { cat "$work/out"; fails 'the check does not name the key'; return; }
    # The certificate of TVS with the private key of CAPF.
    {
        sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p' "$work/key"
        sed -n '/BEGIN PRIVATE KEY/,/END PRIVATE KEY/p' "$state/keys/CAPF.pem"
    } >"$state/keys/$key"
    no_start 'the key of TVS cannot be used' 'does not fit' || return
    echo 'no key' >"$state/keys/$key"
    no_start 'the key of TVS cannot be used' 'neither PEM nor DER' || return
    rm "$state/keys/$key"
    no_start 'the key of TVS cannot be used' "$key" || return
    cat "$work/key" >"$state/keys/$key"
    chmod 600 "$state/keys/$key"
    [ "$result" -eq 0 ] && as_it_was
}

bad_settings() {
    cp "$state/trustline.conf" "$work/conf"
    echo 'colour = "red"' >>"$state/trustline.conf"
    no_start trustline.conf "no such option 'colour'" "line $(wc -l <"$state/trustline.conf"):" || return
    sed 's/^port_offset.*/port_offset = 70000/' "$work/conf" >"$state/trustline.conf"
    no_start 'port_offset = 70000' || return
    sed 's/^listen.*/listen = {"192.0.2.1"}/' "$work/conf" >"$state/trustline.conf"
    no_start '192.0.2.1' || return
    cp "$work/conf" "$state/trustline.conf"
    as_it_was
}

bad_database() {
    mv "$state/trustline.db" "$work/db"
    no_start trustline.db 'there is no database' || return
    echo 'nothing of the kind' >"$state/trustline.db"
    no_start trustline.db 'not a database' || return
    mv "$work/db" "$state/trustline.db"
    as_it_was
}

# The anchor that signs cannot; the other one does, and it is said.
broken_anchor() {
    make_node "$work/broken" && "$trustline" utils ctl set-cluster mixed-mode --yes --state "$work/broken" >/dev/null &&
        echo 'no key' >"$work/broken/keys/$(readlink "$work/broken/keys/CallManager.pem")" || return
    for how in --dry-run --yes; do
        expect 0 "$trustline" utils ctl update CTLFile $how --state "$work/broken" || return
        prints 'signed by ITLRecovery' && prints 'Note: the CallManager key cannot sign the CTL: ' &&
            prints 'trustline set cert regen CallManager' || return
    done
    grep -q 'event=anchor_cannot_sign list=CTL key=CallManager reason="' "$work/broken/log/trustline.log"
}
no_cluster() {
    timeout 20 "$trustlined" --state "$work/nowhere" >"$work/out" 2>"$work/err" && return 1
    one_line && says 'there is no cluster here' || return
    [ ! -e "$work/nowhere" ]
}

# An unprivileged user, whoever runs the test.
unprivileged() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
    else
        "$@"
    fi
}

unwritable() {
    chmod 755 "$work"
    mkdir "$work/closed" && chmod 555 "$work/closed"
    unprivileged timeout 20 "$trustline" init --state "$work/closed/node" --node n --address 127.0.0.1 \
        >"$work/out" 2>"$work/err"
    [ $? -eq 1 ] || fails 'exit status is not 1' || return
    one_line && says 'Permission denied' || return
    [ -z "$(ls -A "$work/closed")" ] || fails 'something was made' || return
    find "$state" -type d -exec chmod a-w,a+rx {} +
    chmod a-w,a+r "$state/trustline.conf" "$state/run/"*
    unprivileged timeout 20 "$trustlined" --state "$state" >"$work/out" 2>"$work/err"
    [ $? -eq 1 ] || fails 'exit status is not 1' || return
    [ "$(grep -c '^trustlined: ' "$work/err")" -eq 1 ] || { cat "$work/err"; fails 'not one line'; return; }
    grep '^trustlined: .*Permission denied' "$work/err"
    result=$?
    find "$state" -type d -exec chmod u+rwx {} +
    rm -rf "$state"
    cp -a "$work/spare" "$state"
    [ $result -eq 0 ] && as_it_was
}

# A disk of little: a tmpfs of its own in a namespace of its own.
can_mount() {
    unshare -rm sh -c 'mount -t tmpfs -o size=64k none /mnt' 2>/dev/null
}

full_disk_init() {
    mkdir "$work/small"
    # shellcheck disable=SC2016 # the inner shell's
    unshare -rm sh -c '
        mount -t tmpfs -o size=128k none small || exit 9
        "$1" init --state small/node --node n --address 127.0.0.1 >out 2>err
        echo $? >status
        ls -A small >left
    ' sh "$trustline"
    [ "$(cat status)" -eq 1 ] || { cat err; fails 'exit status is not 1'; return; }
    one_line && says 'space left on' || return
    [ ! -s left ] || { cat left; fails 'something is left'; }
}

# The node runs; its disk fills; acts fail and change nothing; phones are served all the while.
full_disk_act() {
    cat >"$work/inner.sh" <<'INNER'
    mount -t tmpfs -o size=1m none small || exit 9
    cp -a spare small/node
    while :; do
        sed -i "s/^port_offset = [0-9]*/port_offset = $offset/" small/node/trustline.conf
        rm -f ready2; mkfifo ready2
        "$trustlined" --state small/node >ready2 2>daemon.err &
        pid=$!
        read -r line <ready2 && break
        wait $pid
        grep -q 'in use' daemon.err || { cat daemon.err; exit 1; }
        offset=$((offset + 1013))
    done
    get() { curl -sS --fail --max-time 10 "tftp://127.0.0.1:$((69 + offset))/ITLFile.tlv" -o "$1"; }
    get before || exit 1
    dd if=/dev/zero of=small/filler bs=1k 2>/dev/null
    "$trustline" set cert regen CAPF --yes --state small/node >out 2>err
    status=$?
    [ $status -eq 1 ] || { echo "exit status $status with a full disk"; cat out err; exit 1; }
    cat err
    [ "$(wc -l <err)" -eq 1 ] || { echo 'not one line'; exit 1; }
    get during && cmp before during || { echo 'the list served is another one'; exit 1; }
    rm small/filler
    "$trustlined" --check --state small/node >check || { cat check; exit 1; }
    "$trustline" show itl --state small/node >shown || { echo 'the list does not verify'; exit 1; }
    "$trustline" set cert regen CAPF --yes --state small/node || exit 1
    "$trustlined" --check --state small/node >check || { cat check; exit 1; }
    kill $pid; wait $pid
INNER
    offset=$offset trustline=$trustline trustlined=$trustlined unshare -rm timeout 60 sh inner.sh
}

full_disk_file() {
    # shellcheck disable=SC2016
    unshare -rm sh -c '
        mount -t tmpfs -o size=16k none small || exit 9
        head -c 60000 /dev/zero >ring.xml
        "$1" file sign ring.xml small/ring.xml.sgn --signer "$2" >out 2>err
        echo $? >status
        ls -A small >left
    ' sh "$trustline" "$state/keys/CallManager.pem"
    [ "$(cat status)" -eq 1 ] || { cat err; fails 'exit status is not 1'; return; }
    one_line && says 'space left on' || return
    [ ! -s left ] || { cat left; fails 'a part of the file is left'; }
}

dies_and_comes_back() {
    start_node "$state" || return
    for role in tftp signer clerk; do
        victim=$(child_of "$role")
        kill -9 "$victim"
        eventually another "$role" "$victim" || return
        eventually fetch ITLFile.tlv "$work/itl" || return
    done
    eventually grep -q 'event=role_ended role=tftp how="ended by signal 9"' "$state/log/trustline.log" || return
    stop_node
}
another() { now=$(child_of "$1") && [ "$now" != "$2" ]; }

ends_clean() {
    start_node "$state" || return
    children=$(pgrep -P "$node_pid")
    before=$(date +%s)
    stop_node || { fails 'exit status is not 0'; return; }
    [ $(($(date +%s) - before)) -le 3 ] || fails 'it took more than three seconds' || return
    for pid in $children; do
        ! kill -0 "$pid" 2>/dev/null || fails "process $pid is still there" || return
    done
    [ ! -e "$state/run/control" ] || fails 'run/control is still there'
}

children_follow() {
    start_node "$state" || return
    children=$(pgrep -P "$node_pid")
    kill -9 "$node_pid"
    wait "$node_pid"
    for pid in $children; do
        eventually gone "$pid" || return
    done
}
gone() { ! kill -0 "$1" || grep -q '^State:.Z' "/proc/$1/status"; }

# Settings are read again, and a transfer that is under way goes on.
reload() {
    start_node "$state" || return
    head -c 3000000 /dev/urandom >"$state/tftpboot/big.bin"
    curl -sS --fail --max-time 60 --limit-rate 3M "tftp://127.0.0.1:$((69 + offset))/big.bin" -o "$work/big" &
    transfer=$!
    eventually test -s "$work/big" || return
    sed -i 's/level = "info"/level = "debug"/' "$state/trustline.conf"
    kill -HUP "$node_pid"
    wait "$transfer" || fails 'the transfer was cut' || return
    cmp "$work/big" "$state/tftpboot/big.bin" || return
    mv "$state/log/tftp.log" "$state/log/tftp.old"
    kill -HUP "$node_pid"
    eventually written_anew || return
    stop_node
}
written_anew() { fetch ITLFile.tlv "$work/itl" && grep -q ITLFile.tlv "$state/log/tftp.log"; }

reload_bad_settings() {
    start_node "$state" || return
    cp "$state/trustline.conf" "$work/conf"
    echo 'colour = "red"' >>"$state/trustline.conf"
    kill -HUP "$node_pid"
    eventually grep -q "colour" "$state/log/trustline.log" || return
    fetch ITLFile.tlv "$work/itl" || fails 'it serves no more' || return
    cp "$work/conf" "$state/trustline.conf"
    stop_node
}

test_that 'a cluster is made' prepare
test_that 'a port in use is named, with what to do about it' busy_ports
test_that 'another port offset is in the configurations of phones after a restart' other_offset
test_that 'keys of 1024 bits serve with legacy_tls, and the check says what they need' small_keys
test_that 'two daemons never run on one state directory' second_daemon
test_that 'a key that does not fit its certificate stops the start, and is named' foreign_key
test_that 'wrong settings are named with their line' bad_settings
test_that 'a database that is none stops the start' bad_database
test_that 'without a cluster nothing is made' no_cluster
test_that 'a list that the other anchor has to sign is told with the reason' broken_anchor
test_that 'a state directory that cannot be written to is named' unwritable
if can_mount; then
    test_that 'a full disk leaves no half of a cluster' full_disk_init
    test_that 'a full disk fails an act and leaves the old state, which is served on' full_disk_act
    test_that 'a full disk leaves no half of a signed file' full_disk_file
else
    skip_test 'full disks' 'no file system can be mounted in a namespace here'
fi
test_that 'a service that is killed comes back' dies_and_comes_back
test_that 'a node told to end does so within three seconds and leaves no process' ends_clean
test_that 'services do not outlive a supervisor that is killed' children_follow
test_that 'SIGHUP reads settings and opens logs anew, and cuts no transfer' reload
test_that 'wrong settings at SIGHUP are reported, and the node serves on' reload_bad_settings
done_testing
