#!/bin/sh
# radius.sh TRUSTLINE TRUSTLINED CAPFPROBE: an LSC opens a port of 802.1X. The judges are FreeRADIUS
# and eapol_test, unpacked by ./dev below $TRUSTLINE_RADIUS, never installed. The cluster is in
# non-secure mode and has no CTL: the ITL alone is enough for phones to get certificates.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
capfprobe=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/enrol.sh"

state=$work/node
radius=${TRUSTLINE_RADIUS:-}
admin() { "$trustline" "$@" --state "$state"; }

phones() {
    make_node "$state" && start_node "$state" || return
    for name in SEP001122330001 SEP001122330002; do
        admin phone add $name --model 7975 --profile sccp-non-secure --line 1001 &&
            admin phone update $name --capf-operation install --auth-string 12345 --yes &&
            new_key "$work/$name" 2048 && enrol $name "$work/$name" 12345 01 && ended 01 &&
            openssl x509 -inform DER -in "$work/$name.der" -out "$work/$name.crt" || return
    done
    expect 1 admin show ctl
}

# A certificate of the same name from a CA of no standing.
foreign() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout foreign-ca.key -out foreign-ca.crt -days 2 \
        -subj /CN=CAPF-00000000 && openssl req -newkey rsa:2048 -nodes -keyout foreign.pem \
        -out foreign.csr -subj /CN=SEP001122330001 && openssl x509 -req -in foreign.csr \
        -CA foreign-ca.crt -CAkey foreign-ca.key -CAcreateserial -out foreign.crt -days 2
}

crl_lists() { # COUNT: the list served now has so many entries, and CAPF signed it
    fetch CAPF.crl crl.der || return
    openssl crl -inform DER -in crl.der -out crl.pem && openssl crl -in crl.pem -noout -CAfile capf.crt &&
        [ "$(openssl crl -in crl.pem -noout -text | grep -c 'Serial Number')" -eq "$1" ]
}

one_revoked() {
    admin show cert own CAPF --pem >capf.crt || return
    eventually crl_lists 0 || return
    admin phone revoke SEP001122330002 --yes || return
    eventually crl_lists 1 || return
    admin file list tftp 'CAPF*' detail >listed && awk '{ print $NF, $(NF - 1) }' listed | grep -qx "CAPF.crl $(stat -c %s crl.der | sed 's/...$/,&/; s/^,//')" &&
        grep -q 'CAPF.crl.pem$' listed && ! admin file delete tftp CAPF.crl --yes 2>said && grep -q 'CAPF.crl is kept by CAPF' said || return
    openssl verify -crl_check -CAfile capf.crt -CRLfile crl.pem SEP001122330001.crt || return
    ! openssl verify -crl_check -CAfile capf.crt -CRLfile crl.pem SEP001122330002.crt
}

# CAPF gets a new certificate; phones renew their LSCs some day, not today.
renewed() {
    cp capf.crt capf-before.crt && admin set cert regen CAPF --accept-lockout --yes >/dev/null &&
        admin show cert own CAPF --pem >capf.crt && eventually crl_lists 0 || return
    admin phone update SEP001122330002 --capf-operation install --auth-string 12345 --yes &&
        new_key "$work/third" 2048 && enrol SEP001122330002 "$work/third" 12345 01 && ended 01 &&
        openssl x509 -inform DER -in third.der -out third.crt || return
    eventually all_lists 2 &&
        cat capf-before.crt capf.crt >issuers.crt && judged SEP001122330001.crt && judged third.crt &&
        ! judged SEP001122330002.crt && grep -q 'certificate revoked' judged.out
}

all_lists() { # COUNT: so many lists are in the file of all, each with its number
    fetch CAPF.crl.pem lists.pem && [ "$(grep -c 'BEGIN X509 CRL' lists.pem)" -eq "$1" ]
}

judged() { # CERTIFICATE: by both issuers and the file of all lists
    openssl verify -crl_check -CAfile issuers.crt -CRLfile lists.pem "$1" >judged.out 2>&1
}

late_revocation() {
    admin phone revoke SEP001122330001 --yes && eventually refused SEP001122330001.crt && judged third.crt &&
        eventually crl_lists 0
}

refused() { all_lists 2 && ! judged "$1" && grep -q 'certificate revoked' judged.out; }

server() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout radius.key -out radius.crt -days 2 -subj /CN=radius &&
        cat capf.crt crl.pem >trusted.pem && mkdir -p raddb || return
    port=$((20000 + $$ % 20000))
    cat >raddb/radiusd.conf <<END
libdir = $radius/usr/lib/freeradius
logdir = $work
run_dir = $work
pidfile = $work/radius.pid
client local {
    ipaddr = 127.0.0.1
    secret = testing123
}
modules {
    eap {
        default_eap_type = tls
        tls-config common {
            private_key_file = $work/radius.key
            certificate_file = $work/radius.crt
            ca_file = $work/trusted.pem
            check_crl = yes
            cipher_list = "DEFAULT"
            tls_min_version = "1.2"
            tls_max_version = "1.2"
        }
        tls {
            tls = common
        }
    }
}
server default {
    listen {
        type = auth
        ipaddr = 127.0.0.1
        port = $port
    }
    authorize {
        eap
    }
    authenticate {
        eap
    }
}
END
    LD_LIBRARY_PATH=$radius/usr/lib/freeradius "$radius/usr/sbin/freeradius" -f -l stdout -xx \
        -d raddb -D "$radius/usr/share/freeradius" >radius.log 2>&1 &
    node_pids="$node_pids $!"
    eventually grep -q 'Ready to process requests' radius.log || { tail -n 5 radius.log; return 1; }
}

supplicant() { # CERTIFICATE KEY: SUCCESS or not
    cat >eap.conf <<END
network={
    key_mgmt=IEEE8021X
    eap=TLS
    identity="phone"
    ca_cert="radius.crt"
    client_cert="$1"
    private_key="$2"
}
END
    timeout 30 "$radius/usr/bin/eapol_test" -c eap.conf -a 127.0.0.1 -p $port -s testing123 -t 10 >eap.log 2>&1
    tail -n 1 eap.log | grep -qx SUCCESS
}

opens() { supplicant SEP001122330001.crt SEP001122330001.pem || { tail -n 5 eap.log radius.log; return 1; }; }
revoked() { ! supplicant SEP001122330002.crt SEP001122330002.pem && grep -q 'revoked' radius.log; }
not_ours() { foreign && ! supplicant foreign.crt foreign.pem; }

test_that 'phones get LSCs from a cluster in non-secure mode, without a CTL' phones
test_that 'the list of revoked LSCs is served, and openssl goes by it' one_revoked
if [ -n "$radius" ] && [ -x "$radius/usr/sbin/freeradius" ]; then
    test_that 'a RADIUS server that trusts CAPF starts' server
    test_that 'an LSC opens the port' opens
    test_that 'a revoked LSC does not' revoked
    test_that 'a certificate of another CA does not, though it bears the name of the phone' not_ours
else
    skip_test 'an LSC opens a port of 802.1X' 'FreeRADIUS is not unpacked (./dev test does)'
fi
test_that 'LSCs of a CAPF certificate that was replaced are judged by a list of its own' renewed
test_that 'one of them that is revoked is in that list, not in that of the new issuer' late_revocation
done_testing
