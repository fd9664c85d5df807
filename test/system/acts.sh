#!/bin/sh
# acts.sh TRUSTLINE TRUSTLINED TERMINAL: what an administrator does to lists and certificates, with
# the questions and words of CUCM, while the node serves.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
terminal=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/admin.sh"

make_node "$state" && start_node "$state" || { echo '1..0 # SKIP no node'; exit 1; }

# The list that phones get, as soon as the server has noticed, in ctl.tlv or itl.tlv.
serves() { # KIND
    case $1 in ctl) name=CTLFile.tlv ;; *) name=ITLFile.tlv ;; esac
    hash=$("$trustline" show "$1" --json | sed -n 's/^  "md5": "\([0-9a-f]*\)",*$/\1/p')
    [ -n "$hash" ] && eventually served_has "$name" "$1.tlv" "$hash"
}
served_has() { fetch "$1" "$2" && [ "$(md5sum <"$2" | cut -d ' ' -f 1)" = "$3" ]; }
serial_of() { # NAME, as openssl reads it
    openssl x509 -in "$state/keys/$1.pem" -noout -serial | cut -d = -f 2 | tr A-F a-f
}
signer_is() { # KIND NAME
    done_by show "$1" --json && [ "$(json '$.signer.serial')" = "$(serial_of "$2")" ] ||
        fails "the $1 is not signed by $2"
}
done_lines() { # KIND SIGNER CN: what is told about a new list
    echo "~New $1: [0-9]+ certificates, [0-9]+ bytes, signed by $2 [(]CN=$3[)]"
}

# ---- the mode ----

mixed='utils ctl set-cluster mixed-mode'
plain='utils ctl set-cluster non-secure-mode'
question_mixed='This operation will set the cluster to Mixed mode. Do you want to continue? (y/n):'
question_plain='This operation will set the cluster to non secure mode. Do you want to continue? (y/n):'
question_update='This operation updates the CTLFile. Do you want to continue? (y/n):'

asking_first() {
    changes_nothing 2 "$trustline" $mixed &&
        says 'utils ctl set-cluster mixed-mode: asks before it acts, and no terminal is there to answer; --yes answers' &&
        one_line || return
    published >before
    typed 1 'continue? (y/n):' n -- "$trustline" $mixed && printf '%sn\n\n' "$question_mixed" | exactly &&
        typed 1 'continue? (y/n):' '' -- "$trustline" $mixed || return
    published | diff before - || fails 'something changed'
}
planned_first() {
    changes_nothing 0 "$trustline" $mixed --dry-run && cp out dry && like <<'END' || return
Would be published:
~  A new CTL: 4 certificates, [0-9]+ bytes, signed by CallManager [(]CN=node[)]
~  A new ITL: 5 certificates, [0-9]+ bytes, signed by CallManager [(]CN=node[)]
END
    changes_nothing 0 "$trustline" plan $mixed && cmp out dry &&
        changes_nothing 0 "$trustline" plan $mixed --json && is_json &&
        [ "$(json '$.dry_run')" = 1 ] && [ "$(json '$.done')" = 0 ] &&
        [ "$(json '$.lists[0].list')" = CTL ] && [ "$(json '$.lists[0].changed')" = 1 ]
}
mixed_mode() {
    typed 0 'continue? (y/n):' y -- "$trustline" $mixed && like <<END || return
${question_mixed}y

Moving Cluster to Mixed Mode
Cluster set to Mixed Mode
$(done_lines CTL CallManager node)
$(done_lines ITL CallManager node)
Served now by: node
Phones that fetch it with their next reset: 0
END
    done_by run sql "select paramvalue from processconfig where paramname='ClusterSecurityMode'" &&
        prints '1          ' && serves ctl && serves itl &&
        done_by show ctl ctl.tlv && prints 'The CTL file was verified successfully.' &&
        prints 'CCM+TFTP' && done_by show itl itl.tlv && prints 'CCM+TFTP' &&
        done_by $mixed --yes && exactly <<'END'
Moving Cluster to Mixed Mode
Cluster set to Mixed Mode
The cluster is in mixed mode already.
END
}
updated() {
    typed 1 'continue? (y/n):' n -- "$trustline" utils ctl update CTLFile &&
        typed 0 'continue? (y/n):' y -- "$trustline" utils ctl update CTLFile && like <<END || return
${question_update}y

Updating CTL file
CTL file Updated
The CTL was as it should be already: the same one is served on.
END
    done_by show ctl --json && hash=$(json '$.md5') && done_by utils ctl update CTLFile --yes &&
        done_by show ctl --json && [ "$(json '$.md5')" = "$hash" ] || fails 'another CTL' || return
    done_by utils ctl reset localkey --yes && like <<END || return
Updating CTL file
CTL file Updated
$(done_lines CTL CallManager node)
Served now by: node
Phones that fetch it with their next reset: 0
END
    signer_is ctl CallManager
}
# As CUCM leaves it: the record of a server keeps its name, its function and its address.
non_secure_mode() {
    changes_nothing 2 "$trustline" $plain && typed 0 'continue? (y/n):' y -- "$trustline" $plain && like <<END || return
${question_plain}y

Moving Cluster to Non Secure Mode
Cluster set to Non Secure Mode
$(done_lines CTL CallManager node)
$(done_lines ITL CallManager node)
Served now by: node
Phones that fetch it with their next reset: 0
END
    serves ctl && done_by show ctl ctl.tlv && awk '/CTL Record #:2/, /CTL Record #:3/' out >record &&
        grep -E '^[0-9]' record >out && exactly <<END || return
1	RECORDLENGTH	2	25
2	DNSNAME		5	node
4	FUNCTION	2	CCM+TFTP
10	IPADDRESS	4
END
    done_by $plain --yes && prints 'The cluster is in non-secure mode already.'
}
without_a_ctl() {
    typed 0 'to continue: ' y -- "$trustline" file delete tftp CTLFile.tlv && exactly <<'END' || return
Delete the File CTLFile.tlv?
Enter "y" followed by return to continue: y
files: found = 1, deleted = 1
CTLFile.tlv is not served any more; phones keep the one they hold. 'trustline utils ctl set-cluster mixed-mode' makes it anew.
END
    expect 1 "$trustline" show ctl && prints 'Length of CTL file: 0' && eventually not_served CTLFile.tlv &&
        complains 1 'the cluster is in non-secure mode and has no CTL; make one with: trustline utils ctl set-cluster' \
            utils ctl update CTLFile --yes &&
        complains 1 'the cluster has no CTL to sign; make one with: trustline utils ctl set-cluster' \
            utils ctl reset localkey --yes &&
        done_by $mixed --yes && serves ctl && done_by file delete tftp CTLFile.tlv --yes &&
        prints "'trustline utils ctl update CTLFile' makes it anew." &&
        done_by utils ctl update CTLFile --yes && serves ctl
}
refuses() {
    "$trustline" plan "$@" >"$work/out" 2>"$work/err"
    [ $? -eq 3 ] && one_line && says 'unknown phones that were served a list would be locked out, so nothing was changed'
}
# Without what is said about phones that nobody added: each fetch of these tests is one.
about_known_phones() {
    sed -n -e '/^Would be locked out/,/^$/d' -e '/^Locked out, as accepted/d' -e '/^Lost before/d' -e p "$1" >out
}
not_served() { ! fetch "$1" none; }
itl_is_reset() {
    done_by file delete tftp ITLFile.tlv noconfirm && expect 1 "$trustline" show itl && exactly <<'END' || return
Length of ITL file: 0
ITL File not found. Please run the CLI - utils itl.. to generate the ITL file.
Error parsing the ITL File.
END
    eventually not_served ITLFile.tlv && done_by utils itl reset localkey --yes && like <<END || return
Locating active Tftp servers in the cluster.....
Following is the list of Active tftp servers in the cluster
====================
node
=====================
Number of Active TFTP servers in the cluster : 1
The reset ITL file was generated successfully
Transferring new reset ITL file to the TFTP server nodes in the cluster.........
Successfully transferred reset ITL to node node
$(done_lines ITL ITLRecovery ITLRECOVERY_node)
Served now by: node
Phones that fetch it with their next reset: 0
END
    serves itl && signer_is itl ITLRecovery
}
itl_is_reset_from_outside() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout old.key -out old.pem -subj /CN=ITLRECOVERY_old \
        -days 365 2>/dev/null && echo secret >password &&
        openssl pkcs12 -export -in old.pem -inkey old.key -out old.p12 -passout file:password || return
    echo wrong >wrong
    complains 1 'old.p12: the password is wrong, or there is no certificate with its key' \
        utils itl reset remotekey old.p12 --password-file wrong --yes &&
        complains 1 'old.pem: it is no PKCS#12 file' \
            utils itl reset remotekey old.pem --password-file password --yes &&
        complains 1 'no.p12: cannot open: No such file' \
            utils itl reset remotekey no.p12 --password-file password --yes || return
    # Whoever fetched a list in the tests above is a phone that does not know that key.
    eventually refuses utils itl reset remotekey old.p12 --password-file password &&
        typed 0 'Password of old.p12:' secret 'continue? (y/n):' y -- \
            "$trustline" utils itl reset remotekey old.p12 --accept-lockout &&
        prints 'Would be locked out: unknown phones that were served a list' &&
        prints 'signed by a key from outside (CN=ITLRECOVERY_old)' && ! grep -q secret out &&
        serves itl && done_by show itl itl.tlv && prints 'CN=ITLRECOVERY_old' &&
        done_by utils itl reset localkey --yes && signer_is itl ITLRecovery
}
test_that 'nothing is done before somebody has said yes' asking_first
test_that 'a plan and a dry run tell the same, and change nothing' planned_first
test_that 'mixed mode is set in the words of CUCM, and served at once' mixed_mode
test_that 'the CTL is updated, or said to be right' updated
test_that 'non-secure mode empties the records of servers' non_secure_mode
test_that 'a deleted CTL is served no more, and comes back' without_a_ctl
test_that 'the ITL is reset with the key of the second anchor' itl_is_reset
test_that 'the ITL is reset with a key saved elsewhere' itl_is_reset_from_outside

# ---- new certificates ----

warning_of() { # NAME
    echo "WARNING: This operation will overwrite any CA signed certificate previously imported for  $1"
    echo 'Proceed with regeneration (yes|no)? '
}
recovery_warning() {
    echo 'WARNING: If you are using a tokenless CTL and if the CallManager certificate is recently generated, please ensure that the CTL File already has the new CallManager certificate and is updated to the endpoints, before generating the ITL Recovery certificate. Are you sure want to proceed?'
    echo 'Proceed with regeneration (yes|no)? '
}
# The new lists are such that a phone takes them that held those from before.
taken_by_phones() {
    "$trustline" list verify ctl.tlv --against old/ctl.tlv --against old/itl.tlv --model 7975 &&
        "$trustline" list verify itl.tlv --against old/ctl.tlv --against old/itl.tlv --model 7975 &&
        "$trustline" list verify ctl.tlv --against old/ctl.tlv --model 7960 --server 127.0.0.1
}
regenerated() { # NAME SIGNER [OPTION]
    serves ctl && serves itl && mkdir -p old && cp ctl.tlv itl.tlv old/ || return
    before=$(serial_of "$1")
    # shellcheck disable=SC2086 # an option or none
    typed 1 '(yes|no)? ' no -- "$trustline" set cert regen "$1" ${3:-} && [ "$(serial_of "$1")" = "$before" ] ||
        fails 'no was taken for yes' || return
    # shellcheck disable=SC2086 # an option or none
    typed 0 '(yes|no)? ' yes -- "$trustline" set cert regen "$1" ${3:-} &&
        sed -n '/^WARNING: /,$p' out >told || return
    serial=$(serial_of "$1")
    [ "$serial" != "$before" ] || fails 'the old certificate is in use' || return
    subject=$("$trustline" show cert own "$1" --json | sed -n 's/^  "subject": "\(.*\)",$/\1/p')
    if [ "$1" = ITLRecovery ]; then recovery_warning; else warning_of "$1"; fi >wanted.head
    {
        sed '$d' wanted.head
        echo 'Proceed with regeneration (yes|no)? yes'
        echo
        echo "Successfully Regenerated Certificate for $1."
        echo "~$1: $subject, serial $serial, valid until .*"
        echo 'It is in use from now on; no service needs a restart.'
    } >wanted.text
    if [ "$1" != web ]; then
        case $2 in ITLRecovery) cn=ITLRECOVERY_node ;; *) cn=node ;; esac
        { [ "$1" = TVS ] || done_lines CTL "$2" "$cn"; done_lines ITL "$2" "$cn"; } >>wanted.text
        printf '%s\n' 'Served now by: node' 'Phones that fetch it with their next reset: 0' >>wanted.text
    fi
    about_known_phones told
    like <wanted.text && [ "$1" != web ] || return
    serves ctl && serves itl && taken_by_phones && signer_is itl "$2"
}
all_but_web() {
    "$trustline" show ctl
    "$trustline" show itl
    "$trustline" run sql "select * from certificate where name <> 'web' order by name, created"
}
web_is_regenerated() {
    all_but_web >before
    done_by set cert regen tomcat --yes && prints 'Successfully Regenerated Certificate for web.' || return
    all_but_web | diff before - || fails 'more than the web certificate changed'
}
regeneration_refuses() {
    changes_nothing 2 "$trustline" set cert regen CallManager && changes_nothing 0 "$trustline" \
        set cert regen CallManager --dry-run && prints 'signed by ITLRecovery' &&
        complains 2 'there is no certificate CallManger; did you mean CallManager?' set cert regen CallManger --yes &&
        complains 2 'NAME is missing' set cert regen
}
test_that 'regeneration asks, plans and names what there is' regeneration_refuses
test_that 'a new CallManager certificate: lists signed by ITLRecovery, taken by phones' regenerated CallManager ITLRecovery
# Two anchors, one after the other: whoever has only the first list would not take the third.
second_anchor_waits() {
    eventually refuses set cert regen ITLRecovery && changes_nothing 3 "$trustline" set cert regen ITLRecovery --yes &&
        prints 'CTL, unknown_signer (no):' && prints '(unknown phones)' && prints 'What would save them:'
}
test_that 'the second anchor waits for proof that phones took the first' second_anchor_waits
test_that 'a new ITLRecovery certificate: lists signed by CallManager, taken by phones' \
    regenerated ITLRecovery CallManager --accept-lockout
test_that 'a new CAPF certificate is in both lists' regenerated CAPF CallManager
# Whoever has only the first ITL would need the TVS of then to go on from it.
test_that 'a new TVS certificate is in the ITL' regenerated TVS CallManager --accept-lockout
test_that 'a new web certificate is in no list' web_is_regenerated

# ---- certificates signed elsewhere ----

make_ca() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 3650 \
        -subj '/O=Example/CN=Example Root CA' 2>/dev/null
}
sign() { # CSR OUT [DAYS]: as a certification authority would
    openssl x509 -req -in "$1" -CA ca.pem -CAkey ca.key -CAcreateserial -days "${3:-365}" -out "$2" \
        -copy_extensions copyall 2>/dev/null
}
request() {
    changes_nothing 0 "$trustline" set csr gen CallManager --dry-run && exactly <<'END' || return
A new key and a request for CallManager would be made.
END
    published | grep -v -i csr >before
    done_by set csr gen CallManager && exactly <<'END' || return
Successfully Generated CSR for CallManager.
'trustline show csr own CallManager' prints it; 'trustline set cert import own CallManager FILE' takes the certificate that is made from it.
END
    published | grep -v -i csr | diff before - || fails 'more than a request was made' || return
    done_by show csr list own && exactly <<'END' || return
CallManager/CallManager.csr
END
    done_by show csr own CallManager/CallManager.csr && cp out request.csr &&
        openssl req -in request.csr -verify -noout 2>/dev/null || fails 'openssl does not take it' || return
    openssl req -in request.csr -noout -subject -nameopt RFC2253 | grep -q 'CN=node$' &&
        openssl req -in request.csr -noout -text | grep -q 'DNS:node' &&
        done_by show csr list own --json && is_json && [ "$(json '$[0].file')" = CallManager.csr ] &&
        done_by set csr gen TVS --json && is_json && [ "$(json '$.unit')" = TVS ]
}
import_needs_trust() {
    sign request.csr signed.pem && changes_nothing 1 "$trustline" set cert import own CallManager signed.pem &&
        says 'signed.pem: no chain of trust' && says 'trustline set cert import trust CallManager-trust FILE' &&
        one_line || return
    changes_nothing 0 "$trustline" set cert import trust CallManager-trust ca.pem --dry-run &&
        exactly <<'END' || return
The certificate can be imported.
Note: TVS says of what is in CallManager-trust: CCM (kept for 86400 s).
END
    serial=$(openssl x509 -in ca.pem -noout -serial | cut -d = -f 2 | tr A-F a-f)
    trusted=Example_Root_CA_$serial.pem
    done_by set cert import trust CallManager ca.pem && exactly <<END || return
Successfully imported certificate for CallManager-trust.
It is CallManager-trust/$trusted.
Note: TVS says of what is in CallManager-trust: CCM (kept for 86400 s).
END
    for option in '' --dry-run; do
        # shellcheck disable=SC2086 # one word or none
        complains 1 "ca.pem: the certificate is in CallManager-trust already, as $trusted" \
            set cert import trust CallManager-trust ca.pem $option || return
    done
    done_by show cert list trust && exactly <<END
CallManager-trust/$trusted: Trust Certificate
END
}
imported() {
    serves ctl && serves itl && cp ctl.tlv itl.tlv old/ &&
        changes_nothing 0 "$trustline" set cert import own CallManager signed.pem --dry-run --accept-lockout &&
        prints 'signed by ITLRecovery' &&
        done_by set cert import own CallManager signed.pem --accept-lockout && cp out told &&
        about_known_phones told && like <<END || return
Successfully imported certificate for CallManager.
~CallManager: CN=node, serial $(openssl x509 -in signed.pem -noout -serial | cut -d = -f 2 | tr A-F a-f), valid until .*
It is in use from now on; no service needs a restart.
$(done_lines CTL ITLRecovery ITLRECOVERY_node)
$(done_lines ITL ITLRecovery ITLRECOVERY_node)
Served now by: node
Phones that fetch it with their next reset: 0
END
    serves ctl && serves itl && taken_by_phones || return
    openssl x509 -in signed.pem >want && done_by show cert own CallManager --pem && cmp out want &&
        done_by show cert list own && prints 'CallManager/CallManager.pem: Certificate Signed by Example Root CA' &&
        [ "$(openssl pkey -in "$state/keys/CallManager.pem" -pubout)" = "$(openssl x509 -in want -noout -pubkey)" ] ||
        fails 'key and certificate do not fit' || return
    fetch nothing.xml x
    done_by show csr list own && exactly <<'END' || return
TVS/TVS.csr
END
    complains 1 'signed.pem: there is no request for CallManager this certificate could answer (make one with: trustline set csr gen CallManager), and the file holds no private key' \
        set cert import own CallManager signed.pem
}
# One sentence a reason, before anything is touched.
imports_are_checked() {
    "$trustline" show csr own TVS >tvs.csr && sign tvs.csr late.pem -1 &&
        changes_nothing 1 "$trustline" set cert import own TVS late.pem && says 'late.pem: ' && says 'expired on' &&
        changes_nothing 1 "$trustline" set cert import own TVS ca.pem &&
        says 'ca.pem: the key in CN=Example Root CA;O=Example is not the one of the last request for TVS' &&
        done_by set csr gen CAPF && "$trustline" show csr own CAPF >capf.csr &&
        done_by set cert import trust CAPF-trust ca.pem &&
        openssl x509 -req -in capf.csr -CA ca.pem -CAkey ca.key -days 30 -out noca.pem 2>/dev/null &&
        changes_nothing 1 "$trustline" set cert import own CAPF noca.pem && says 'may not sign certificates' &&
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ec.key -out ec.pem \
            -subj /CN=ec -days 30 2>/dev/null && cat ec.key >>ec.pem &&
        changes_nothing 1 "$trustline" set cert import own CallManager ec.pem && says 'ec.pem: ' &&
        changes_nothing 1 "$trustline" set cert import own CallManager request.csr &&
        says 'request.csr: no certificate in it' &&
        changes_nothing 1 "$trustline" set cert import own CallManager no.pem && says 'no.pem: cannot open' &&
        changes_nothing 2 "$trustline" set cert import own CallManager &&
        says "FILE is missing, and no terminal is there to paste it" || return
    sign capf.csr capf.pem && done_by set cert import own CAPF capf.pem && serves itl &&
        done_by show cert list own && prints 'CAPF/CAPF.pem: Certificate Signed by Example Root CA'
}
imported_with_its_key() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout own.key -out own.pem -subj /CN=elsewhere -days 30 2>/dev/null &&
        cat own.key >>own.pem && done_by set cert import own TVS - --accept-lockout <own.pem &&
        prints 'Successfully imported certificate for TVS.' && serves itl && done_by show cert own TVS &&
        prints '  Subject Name: CN=elsewhere' && ! grep -rq 'PRIVATE KEY' "$state/log" "$state/trustline.db"
}
pasted() {
    typed 0 'Paste the Certificate and Hit Enter' "$(cat ca.pem)
" -- "$trustline" set cert import trust web-trust && prints 'Successfully imported certificate for web-trust.'
}
test_that 'a request is made, for openssl to sign' make_ca
test_that 'the request names the node, and changes nothing else' request
test_that 'a certificate is imported only when its issuer is trusted' import_needs_trust
test_that 'the signed certificate is in use at once, and phones take the lists' imported
test_that 'what cannot be imported is refused for its reason' imports_are_checked
test_that 'a certificate is imported with its key' imported_with_its_key
test_that 'a certificate is pasted at the terminal' pasted

trust_stores() {
    for store in TVS-trust Phone-SAST-trust Phone-trust; do
        done_by set cert import trust $store ca.pem && prints "Successfully imported certificate for $store." || return
    done
    done_by show cert list trust && [ "$(wc -l <out)" -eq 6 ] && done_by show cert list trust --long &&
        prints 'CN=Example Root CA;O=Example' && prints 'SAST, TFTP (kept for 86400 s)' &&
        done_by show cert list trust --json && is_json && [ "$(json '$[2].tvs.roles[1]')" = TFTP ] || return
    complains 2 "$trusted is in" show cert trust "$trusted" &&
        done_by show cert trust "TVS-trust/$trusted" && prints 'Subject Name: CN=Example Root CA, O=Example' &&
        ! grep -q BEGIN out && done_by show cert trust "Phone-trust/$trusted" --pem &&
        openssl x509 -in ca.pem | cmp - out &&
        complains 2 'there is no trust store TVS-turst; did you mean TVS-trust?' set cert import trust TVS-turst ca.pem &&
        complains 2 'there is no trust store Foo; there are CallManager-trust, CAPF-trust, ' set cert import trust Foo ca.pem
}
trust_ends() {
    changes_nothing 2 "$trustline" set cert delete trust "TVS-trust/$trusted" &&
        changes_nothing 0 "$trustline" set cert delete TVS-trust "$trusted" --dry-run &&
        prints "The certificate $trusted would be deleted." || return
    typed 0 'continue? (y/n):' y -- "$trustline" set cert delete trust "TVS-trust/$trusted" && exactly <<END || return
This operation deletes the certificate TVS-trust/$trusted. Do you want to continue? (y/n):y

Successfully deleted certificate TVS-trust/$trusted.
Note: Phones that asked TVS about it before may trust it for up to 86400 s more. It is in CAPF-trust, too: TVS goes on to vouch for it.
END
    for store in Phone-SAST-trust Phone-trust CAPF-trust; do
        done_by set cert delete $store "$trusted" --yes || return
    done
    complains 2 'FILE is missing, or the store in front of it' set cert delete "$trusted" --yes &&
        done_by set cert delete "web-trust/$trusted" --yes || return
    complains 1 "there is no trusted certificate TVS-trust/$trusted; it is in CallManager-trust" \
        set cert delete TVS-trust "$trusted" --yes &&
        done_by set cert delete trust "$trusted" --yes &&
        complains 1 "there is no trusted certificate $trusted (trustline show cert list trust)" \
            set cert delete trust "$trusted" --yes &&
        complains 1 "a certificate of the cluster's own is not deleted" set cert delete own CallManager.pem
}
test_that 'a certificate is trusted by purpose' trust_stores
test_that 'trust ends after a question, in both orders of words' trust_ends

# ---- together ----

one_after_the_other() {
    "$trustline" set cert regen TVS --yes >one 2>&1 &
    first=$!
    "$trustline" set cert regen CAPF --yes >two 2>&1 &
    second=$!
    "$trustline" set cert regen web --yes >three 2>&1 || { cat three; return 1; }
    wait $first && wait $second && grep -q 'Successfully Regenerated Certificate for TVS' one &&
        grep -q 'Successfully Regenerated Certificate for CAPF' two || { cat one two; return 1; }
    done_by show itl --json && sqlite3 :memory: "select json_extract(value, '\$.certificate.serial'),
        json_extract(value, '\$.serial') from json_each(readfile('out'), '\$.records')" >serials
    grep -q "$(serial_of TVS)" serials && grep -q "$(serial_of CAPF)" serials || { cat serials; fails 'one was lost'; }
}
acts_are_logged() {
    grep -q 'event=command by=[^ ]* command="utils ctl set-cluster mixed-mode"' "$state/log/trustline.log" &&
        grep -q 'event=list_published list=CTL old=' "$state/log/trustline.log" &&
        grep -q 'event=certificate_renewed name=CallManager serial=' "$state/log/trustline.log" ||
        { tail "$state/log/trustline.log"; fails 'acts are not in the log'; return; }
    lines=$(grep -c event=command "$state/log/trustline.log")
    done_by plan set cert regen TVS && [ "$(grep -c event=command "$state/log/trustline.log")" -eq "$lines" ] ||
        fails 'a plan stands in the log as an act'
}
node_is_in_order() {
    expect 0 "$trustlined" --check --state "$state" && ! grep -q '^error ' out || { cat out; return 1; }
    stop_node && ! grep -E 'AddressSanitizer|runtime error|LeakSanitizer' "$state.err"
}
test_that 'acts that come at once are done one after the other' one_after_the_other
test_that 'acts are logged with who and what, plans are not' acts_are_logged
test_that 'after all of it the node is in order' node_is_in_order
done_testing
