#!/bin/sh
# reimaged.sh TRUSTLINE TRUSTLINED TRUSTLINE-PHONE: the publisher is installed anew without its keys.
# What is lost, what the TVS of another node can save, and what only hands can.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/scenario.sh"

publisher=$work/pub subscriber=$work/sub

# The certificates of the second node become the cluster's, and it gets a copy of the store: what
# several nodes on one database have by themselves. CAPF is on the publisher alone.
join_nodes() {
    make_node "$subscriber" && sqlite3 "$publisher/trustline.db" "attach '$subscriber/trustline.db' as s;
        insert into node (name, address, port_offset, publisher) select name, address, port_offset, 0 from s.node;
        insert into group_member (group_id, position, node) select g.id, 2, n.id from callmanager_group g, node n where n.name = 'sub';
        insert into own_certificate (node, name, serial, state, source, created, subject, issuer, not_after, der, chain)
            select n.id, c.name, c.serial, c.state, c.source, c.created, c.subject, c.issuer, c.not_after, c.der, c.chain
            from s.own_certificate c, node n where n.name = 'sub' and c.name in ('CallManager', 'TVS', 'web');
        insert into service (node, name, activated, wanted, restarts_wanted, state, reason, since, pid)
            select id, 'Cisco Certificate Authority Proxy Function', 0, 0, 0, 'STOPPED', '', 0, 0 from node where name = 'sub'"
}
start_subscriber() {
    offset=$((offset + 97))
    cp "$publisher/trustline.db" "$subscriber/trustline.db" && start_cluster "$subscriber" &&
        subscriber_pid=$node_pid subscriber_offset=$offset
}
two_nodes() {
    make_node "$publisher" && join_nodes && state=$publisher && add_phones && act utils ctl set-cluster mixed-mode --yes &&
        publisher_offset=$offset && start_subscriber &&
        sqlite3 "$publisher/trustline.db" "update node set port_offset = $subscriber_offset where name = 'sub'" &&
        offset=$publisher_offset && start_cluster "$publisher" && publisher_offset=$offset && boots $all_models
}
two_nodes >"$work/log" 2>&1 || { sed 's/^/# /' "$work/log"; echo '1..0 # SKIP no two nodes'; exit 1; }

both_are_named() {
    [ "$(roles itl | tr , '\n' | grep -c TVS)" -eq 2 ] || fails "the ITL has: $(roles itl)" || return
    boot_one 7975 && [ "$(said '$.configuration.tvs[0].port')" = $((2445 + publisher_offset)) ] &&
        [ "$(said '$.configuration.tvs[1].port')" = $((2445 + subscriber_offset)) ] || told 'the order of TVS is another'
}

reimaged() {
    kill "$node_pid" && wait "$node_pid"
    rm -rf "$publisher"
    offset=$publisher_offset
    make_node "$publisher" && add_phones && act utils ctl set-cluster mixed-mode --yes && start_cluster "$publisher" &&
        [ "$offset" = "$publisher_offset" ]
}
# The publisher's TVS shows a certificate that no ITL names; the subscriber's does not know the new
# signers.
everybody_refuses() {
    refuses tvs_refuses $models && refuses unknown_signer $old_models || return
    boot_one 7975
    [ "$(said '$.tvs[0].result')" = denied ] && said '$.tvs[0].server' | grep -q ":$((2445 + subscriber_offset))\$" ||
        told 'did not ask the TVS of the subscriber'
}
the_subscriber_vouches() {
    for name in CallManager ITLRecovery; do
        "$trustline" show cert own $name --pem --state "$publisher" >"$work/$name.pem" &&
            "$trustline" set cert import trust Phone-SAST-trust "$work/$name.pem" --state "$subscriber" || return
    done
    trusted_meanwhile 7975 || return
    for model in $models; do
        boot_one "$model" || { told 'is not saved'; return 1; }
        [ "$(fared ctl)" = accepted:tvs_vouches ] || { told "CTL $(fared ctl)"; return 1; }
        holds "$model" || return
    done
}
hands_for_the_rest() {
    refuses unknown_signer $old_models && boots $old_models -- --erase ctl
}
without_the_subscriber() {
    kill "$subscriber_pid" && wait "$subscriber_pid"
    ! grep -E 'AddressSanitizer|runtime error|LeakSanitizer' "$subscriber.err" && boots $all_models
}

test_that 'two nodes are two TVS, in the order of the group' both_are_named
test_that 'the publisher comes back without its keys' reimaged
test_that 'no phone takes the lists of the new keys' everybody_refuses
test_that 'the TVS of the other node saves who can ask it, once it knows the new signers' the_subscriber_vouches
test_that 'who cannot ask needs hands' hands_for_the_rest
test_that 'afterwards the new publisher is enough' without_the_subscriber
test_that 'the node ends in order' node_in_order
done_testing
