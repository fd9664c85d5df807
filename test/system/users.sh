#!/bin/sh
# users.sh TRUSTLINE TRUSTLINED TRUSTLINE-PHONE: the wall. Started by root, services run as the owner
# of the state directory and the signer as the owner of keys/, and neither can do what is the other's.
# nobody and daemon stand for the users that a package makes.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/admin.sh"

tests='init gives the state to the users of a package|services and signer run as different users|the user of services cannot get at keys|the user of the signer cannot get at the cluster|the user of services is no administrator|everything works, and everything has its owner|without a node, too, the signer is its own user|the owner may look and change what needs no key|links of the owner lead root nowhere'
skip_all() {
    echo "$tests" | tr '|' '\n' >names
    while read -r name; do skip_test "$name" "$1"; done <names
    done_testing
    exit
}
[ "$(id -u)" -eq 0 ] || skip_all 'only root can play users'

as() { # USER COMMAND...
    user=$1
    shift
    setpriv --reuid "$user" --regid "$(id -gn "$user")" --clear-groups "$@"
}
denied() { # USER COMMAND...: the system refuses
    ! as "$@" >"$work/.denied" 2>&1 || { fails "nobody stops $*"; return; }
    grep -q 'Permission denied' "$work/.denied" || { cat "$work/.denied"; fails "another failure: $*"; }
}

# Where everybody can run them.
chmod 711 "$work" && mkdir bin && cp "$trustline" "$trustlined" bin/ && chmod 755 bin bin/*
trustline=$work/bin/trustline
trustlined=$work/bin/trustlined
as nobody "$trustline" --version >/dev/null 2>&1 || skip_all "another user cannot run programs below $work"

# ---- init ----

# In a room of its own, where these users exist.
with_users() {
    cat >room <<END
mount --bind "$work/passwd" /etc/passwd && mount --bind "$work/group" /etc/group || exit 77
"$trustline" init --state "$work/given" --node given --address 127.0.0.1
END
    { cat /etc/passwd; echo 'trustline:x:4711:4711::/:/bin/false'; echo 'trustline-signer:x:4712:4712::/:/bin/false'; } >passwd
    { cat /etc/group; echo 'trustline:x:4711:'; echo 'trustline-signer:x:4712:'; } >group
    unshare -m sh ./room >out 2>err
}
given_away() {
    [ "$(stat -c '%u %g %a' given)" = '4711 4711 751' ] || fails "the directory: $(stat -c '%u %g %a' given)" || return
    [ "$(stat -c '%u %g %a' given/keys)" = '4712 4712 700' ] || fails "keys/: $(stat -c '%u %g %a' given/keys)" || return
    find given/keys ! -uid 4712 >wrong
    find given ! -uid 4711 ! -path 'given/keys*' >>wrong
    [ ! -s wrong ] || { cat wrong; fails 'these have another owner'; }
}
with_users
case $? in
0) test_that 'init gives the state to the users of a package' given_away ;;
*)
    if grep -Eq 'unshare|mount' err; then
        skip_test 'init gives the state to the users of a package' 'no room of its own can be had here'
    else
        test_that 'init gives the state to the users of a package' cat err
    fi
    ;;
esac

# ---- running ----

give() {
    chown -R nobody: "$state" && chown -R daemon: "$state/keys" && chmod 751 "$state"
}
owner_of() { stat -c %U "/proc/$1"; }
users() {
    make_node "$state" && give && start_node "$state" || return
    for role in tftp clerk signer; do
        case $role in signer) want=daemon ;; *) want=nobody ;; esac
        pid=$(child_of $role)
        # What is not to be looked into belongs to root in /proc, so the status is read.
        [ "$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$pid/status")" = \
            "$(id -u $want) $(id -u $want) $(id -u $want) $(id -u $want)" ] ||
            fails "$role does not run as $want" || return
        [ -z "$(awk '/^Groups:/ { print $2 }' "/proc/$pid/status")" ] || fails "$role has groups left" || return
        [ "$(awk '/^CapEff:/ { print $2 }' "/proc/$pid/status")" = 0000000000000000 ] ||
            fails "$role has capabilities left" || return
    done
    "$trustlined" --check --state "$state" >out && prints "wall: services run as user $(id -u nobody), the signer as user $(id -u daemon)"
}
keys_are_out_of_reach() {
    denied nobody ls "$state/keys" && denied nobody cat "$state/keys/CallManager.pem" &&
        denied nobody touch "$state/keys/x" && signer=$(child_of signer) && denied nobody ls "/proc/$signer/fd" &&
        denied nobody cat "/proc/$signer/environ" && denied nobody head -c 1 "/proc/$signer/mem" &&
        clerk=$(child_of clerk) && denied nobody ls "/proc/$clerk/fd"
}
cluster_is_out_of_reach() {
    denied daemon cat "$state/trustline.db" && denied daemon cat "$state/trustline.conf" &&
        denied daemon ls "$state/run" && denied daemon touch "$state/x" && denied daemon ls "$state/log"
}
# A service that was broken into has the rights of this user, and asks where the command line asks.
no_administrator() {
    for words in 'set cert regen CAPF --yes' 'utils ctl set-cluster mixed-mode --yes' 'utils itl reset localkey --yes' \
        'set csr gen TVS'; do
        # shellcheck disable=SC2086 # words
        changes_nothing 1 as nobody "$trustline" $words &&
            says 'only root may do this, since services run as the owner of the state directory' && one_line || return
    done
    grep -q 'event=control_refused' "$state/log/trustline.log" || fails 'it is not in the log' || return
    expect 1 as games "$trustline" set cert regen CAPF --yes && says 'Permission denied (the owner of' && one_line
}
right_owners() {
    find "$state/keys" ! -user daemon >wrong
    find "$state" ! -user nobody ! -path "$state/keys*" >>wrong
    [ ! -s wrong ] || { cat wrong; fails 'these have another owner'; }
}
everything_works() {
    done_by utils ctl set-cluster mixed-mode --yes && prints 'Served now by: node' &&
        done_by set cert regen CallManager --yes && done_by set csr gen TVS && done_by show csr own TVS &&
        done_by utils service restart Cisco Tftp && done_by phone add SEP001122330001 --model 7975 \
        --profile sccp-authenticated && done_by show status &&
        grep -Eq '^signer_created +2$' "$work/out" || { cat "$work/out"; fails 'two keys were made'; return; }
    eventually boots || return
    kill -9 "$(child_of signer)" "$(child_of tftp)" && eventually boots && right_owners
}
boots() {
    rm -rf flash
    "$phone" SEP001122330001 --model 7975 --tftp "127.0.0.1:$((69 + offset))" --home flash --until files --quiet
}
without_a_node() {
    stop_node && ! grep -E 'AddressSanitizer|runtime error|LeakSanitizer' "$state.err" || return
    done_by set cert regen TVS --yes && prints 'Not served by node yet' && done_by show csr list own && right_owners &&
        complains_as nobody 1 'belongs to another user: do this as root' set cert regen TVS --yes &&
        start_node "$state" && done_by set cert regen CAPF --yes && right_owners
}
complains_as() { # USER STATUS TEXT WORDS...
    user_complaining=$1
    complaint_status=$2
    complaint=$3
    shift 3
    expect "$complaint_status" as "$user_complaining" "$trustline" "$@" && says "$complaint" && one_line
}
owner_may_look() {
    expect 0 as nobody "$trustline" show cert list own && expect 0 as nobody "$trustline" show itl &&
        expect 0 as nobody "$trustline" phone add SEP001122330002 --model 7960 --profile sccp-non-secure &&
        expect 0 as nobody "$trustline" parameter set certificate_validity_days 365 &&
        expect 0 as nobody "$trustline" utils service restart Cisco Tftp &&
        expect 0 as nobody "$trustline" show status && prints 'trustlined         : running' && right_owners && stop_node
}
# The node does not run. Its directories are the owner's, who may put links in their places.
links_lead_nowhere() {
    mkdir closed && chmod 700 closed || return
    for name in log run keys; do
        as nobody mv "$state/$name" "$state/$name.kept" && as nobody ln -s "$work/closed" "$state/$name" || return
        "$trustlined" --state "$state" >out 2>err
        [ $? -eq 1 ] && grep '^trustlined: ' err | grep -q "$state/$name" || { cat err; return 1; }
        [ $name != keys ] || expect 1 "$trustline" set cert regen TVS --yes || return
        [ -z "$(ls closed)" ] || { ls -l closed; fails "$name: a link led root astray"; return; }
        rm "$state/$name" && mv "$state/$name.kept" "$state/$name" || return
    done
    start_node "$state" && stop_node
}
test_that 'services and signer run as different users' users
test_that 'the user of services cannot get at keys' keys_are_out_of_reach
test_that 'the user of the signer cannot get at the cluster' cluster_is_out_of_reach
test_that 'the user of services is no administrator' no_administrator
test_that 'everything works, and everything has its owner' everything_works
test_that 'without a node, too, the signer is its own user' without_a_node
test_that 'the owner may look and change what needs no key' owner_may_look
test_that 'links of the owner lead root nowhere' links_lead_nowhere
done_testing
