#!/bin/sh
# cluster.sh TRUSTLINE TRUSTLINED TERMINAL: a cluster is made, looked at and run, with the commands
# and words of CUCM.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
terminal=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/admin.sh"

# ---- init ----

java_date='[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9:]{8} UTC [0-9]{4}'
init_tells() {
    done_by init --node pub1 --address 127.0.0.1 --port-offset "$offset" --organization Example \
        --unit Lab --locality Town --province ZZ --country XX || return
    cp out made
    subject=';OU=Lab;O=Example;L=Town;ST=ZZ;C=XX'
    like <<END
Made a cluster in non-secure mode.

Node:           pub1, 127.0.0.1, publisher
State:          $state
Port offset:    $offset
~Certificates:   web           CN=pub1$subject, until $java_date
~                ITLRecovery   CN=ITLRECOVERY_pub1$subject, until $java_date
~                CallManager   CN=pub1$subject, until $java_date
~                CAPF          CN=CAPF-[0-9a-f]{8}$subject, until $java_date
~                TVS           CN=pub1$subject, until $java_date

Administrator:  administrator
~Password:       ([0-9a-z]{4}-){4}[0-9a-z]{4}   .shown this once.

Next:
  start the services   trustlined --state $state
  mixed mode           trustline utils ctl set-cluster mixed-mode --state $state
  a phone              trustline phone add SEP001122334455 --model 7975 --profile sccp-encrypted --line 1001 --state $state
END
}
password_is_nowhere() {
    password=$(sed -n 's/^Password: *\([^ ]*\) .*/\1/p' made)
    [ ${#password} -eq 24 ] || fails "no password: $password" || return
    ! grep -rqF "$password" "$state" || fails 'the password can be read in the state directory'
}
keys_are_shut_away() {
    [ "$(stat -c %a "$state/keys")" = 700 ] || fails 'keys/ is open' || return
    for name in CallManager CAPF TVS ITLRecovery web; do
        target=$(readlink "$state/keys/$name.pem") || return
        [ "$(stat -c %a "$state/keys/$target")" = 600 ] || fails "$target is open" || return
        serial=$(openssl x509 -in "$state/keys/$name.pem" -noout -serial | cut -d = -f 2 | tr A-F a-f)
        [ "$target" = "$name-$serial.pem" ] || fails "$target does not have its serial, $serial" ||
            return
        [ "$(openssl x509 -in "$state/keys/$name.pem" -noout -pubkey)" = \
            "$(openssl pkey -in "$state/keys/$name.pem" -pubout)" ] ||
            fails "$name: key and certificate do not fit" || return
    done
}
certificates_are_cucms() {
    certificate=$state/keys/CAPF.pem
    openssl x509 -in "$certificate" -noout -ext basicConstraints,keyUsage >text &&
        grep -q 'CA:TRUE, pathlen:0' text && grep -q 'Certificate Sign, CRL Sign' text ||
        { cat text; fails 'CAPF cannot issue'; return; }
    begun=$(date -d "$(openssl x509 -in "$certificate" -noout -startdate | cut -d = -f 2)" +%s)
    age=$(($(date +%s) - begun))
    [ $age -ge 86400 ] && [ $age -lt 86700 ] || fails "notBefore is $age seconds back" || return
    openssl x509 -in "$certificate" -noout -subject -nameopt RFC2253 >text
    grep -qx 'subject=C=XX,ST=ZZ,L=Town,O=Example,OU=Lab,CN=CAPF-[0-9a-f]\{8\}' text ||
        grep -q 'CN=CAPF-[0-9a-f]\{8\},OU=Lab,O=Example,L=Town,ST=ZZ,C=XX' text || { cat text; false; }
}
init_refuses() {
    complains 1 "$state: there is a cluster already" init --node a --address 192.0.2.1 &&
        complains 2 '--node is missing' init --address 192.0.2.1 &&
        complains 2 '--address is missing' init --node a &&
        complains 2 'host is no IP address' init --node a --address host --state x &&
        complains 2 '0.0.0.0 is no address of one machine' init --node a --address 0.0.0.0 --state x &&
        complains 2 '239.1.2.3 is no address of one machine' init --node a --address 239.1.2.3 --state x &&
        complains 2 ':: is no address of one machine' init --node a --address :: --state x &&
        complains 2 'a b cannot be the name of a node' init --node 'a b' --address 192.0.2.1 --state x &&
        complains 2 'from 0 to 57092' init --node a --address 192.0.2.1 --port-offset 57093 --state x &&
        complains 2 'a key size is 1024, 2048 or 4096, not 3000' \
            init --node a --address 192.0.2.1 --key-size 3000 --state x &&
        complains 2 'a country has two letters' init --node a --address 192.0.2.1 --country XXX --state x &&
        complains 1 'databases of the kind "postgresql" are not supported by this version' \
            init --state "$work/other" --node a --address 127.0.0.1 --database postgresql://u@h/n && [ ! -e "$work/other" ] &&
        done_by init --help && prints 'postgresql://... is refused: not in this version yet' &&
        complains 2 '--database db: sqlite or postgresql://' \
            init --node a --address 192.0.2.1 --database db --state x &&
        complains 2 "--state needs a value" init --node a --address 192.0.2.1 --state '' || return
    mkdir full && echo x >full/x
    complains 1 'full: is not empty (x)' init --node a --address 192.0.2.1 --state full &&
        complains 1 'full/x/y: cannot make directory: Not a directory' \
            init --node a --address 192.0.2.1 --state full/x/y &&
        [ ! -e x ] && [ ! -e db ] && [ "$(ls full)" = x ]
}
init_as_json() {
    done_by init --node b --address 192.0.2.1 --key-size 1024 --state "$work/second" --json && is_json &&
        [ "$(json '$.node')" = b ] && [ "$(json '$.mode')" = non-secure ] &&
        [ "$(json '$.certificates[0].name')" = web ] && [ -n "$(json '$.password')" ] &&
        openssl x509 -in second/keys/TVS.pem -noout -text | grep -q '(1024 bit)'
}
init_tried_first() {
    done_by init --node b --address 192.0.2.1 --state "a dir/x" --dry-run && prints 'Would make a cluster in non-secure mode: node b at 192.0.2.1, in a dir/x.' &&
        [ ! -e 'a dir' ] && done_by init --node b --address 192.0.2.1 --state "a dir/x" --dry-run --json && is_json || return
    complains 1 "$state: there is a cluster already" init --node a --address 192.0.2.1 --dry-run &&
        complains 2 'host is no IP address' init --node a --address host --state x --dry-run &&
        complains 1 'full: is not empty (x)' init --node a --address 192.0.2.1 --state full --dry-run &&
        complains 1 'full/x/y: cannot make directory: Not a directory' init --node a --address 192.0.2.1 --state full/x/y --dry-run &&
        complains 1 'databases of the kind "postgresql" are not supported by this version' \
            init --state "$work/other" --node a --address 127.0.0.1 --database postgresql://u@h/n --dry-run
}
init_hints_can_be_typed() {
    done_by init --node b --address 192.0.2.1 --state "it's here" || return
    eval "$(sed -n 's/^  mixed mode *trustline //p' out | sed 's/^/done_by plan /')" && prints 'A new CTL'
}
test_that 'init makes a cluster and tells what it made' init_tells
test_that 'the password is shown once and kept nowhere' password_is_nowhere
test_that 'keys are shut away, each with its certificate' keys_are_shut_away
test_that 'certificates look as on a CUCM' certificates_are_cucms
test_that 'what init cannot do it says, and leaves nothing' init_refuses
test_that 'init tells the same as JSON' init_as_json
test_that 'a dry run of init looks, and makes nothing' init_tried_first
test_that 'what init says to type next can be typed, whatever the directory is called' init_hints_can_be_typed

# ---- looking at it ----

show_ctl_without_one() {
    expect 1 "$trustline" show ctl && exactly <<'END'
Length of CTL file: 0
CTL File not found. Please run CTLClient plugin or run the CLI - utils ctl.. to generate the CTL file.
Error parsing the CTL File.
END
    [ ! -s err ] || fails 'and says something' || return
    expect 1 "$trustline" show ctl --json && is_json && [ "$(json '$.size')" = 0 ]
}
first_itl() {
    done_by show itl && cp out itl.text && prints 'The ITL file was verified successfully.' &&
        done_by show itl --json && is_json || return
    roles=$(sqlite3 :memory: "select group_concat(json_extract(value, '\$.function'), ', ')
        from json_each(readfile('out'), '\$.records')")
    [ "$roles" = 'System Administrator Security Token, TFTP, CAPF, TVS, System Administrator Security Token' ] ||
        fails "the ITL has: $roles" || return
    done_by show itl --holders && prints 'Not served by pub1 yet: trustlined does not run there.' &&
        prints 'Phones: 0 hold this list' || return
    head -n "$(wc -l <itl.text)" out | cmp - itl.text || fails 'the text of CUCM is another with --holders'
}
version_is_cucms() {
    done_by show version active && like <<'END'
~Active Master Version: [0-9]+[.][0-9]+[.][0-9]+
Active Version Installed Software Options:
No Installed Software Options Found.
END
    done_by show version active --json && is_json && [ -n "$(json '$.version')" ]
}
# Values end at columns 29, and 29, 45 and 61.
status_is_cucms() {
    done_by show status || return
    head -n 29 out | sed -n '1,29p' >machine
    cp out whole
    cp machine out
    like <<'END'

~Host Name          : [^ ]+
~Date               : [A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{1,2}, [0-9]{4} [0-9:]{8}
~Time Zone          : .*
~Locale             : .*
~Product Ver        : [0-9]+[.][0-9]+[.][0-9]+
~Unified OS Version : .*

Uptime:
~ [0-9:]{8} up .*,  load average: [0-9.]+, [0-9.]+, [0-9.]+

~CPU Idle: +[0-9.]+%  System: +[0-9.]+%    User: +[0-9.]+%
~  IOWAIT: +[0-9.]+%     IRQ: +[0-9.]+%    Soft: +[0-9.]+%

~Memory Total:[ 0-9]{14}[0-9]K
~        Free:[ 0-9]{14}[0-9]K
~        Used:[ 0-9]{14}[0-9]K
~      Cached:[ 0-9]{14}[0-9]K
~      Shared:[ 0-9]{14}[0-9]K
~     Buffers:[ 0-9]{14}[0-9]K

                        Total            Free            Used
~Disk/active  [ 0-9]{14}[0-9]K[ 0-9]{14}[0-9]K[ 0-9]{14}[0-9]K .[0-9]+%.
~Disk/logging [ 0-9]{14}[0-9]K[ 0-9]{14}[0-9]K[ 0-9]{14}[0-9]K .[0-9]+%.

Cluster Mode       : non-secure
~Node               : pub1, 127.0.0.1, publisher, port offset [0-9]+
~State              : .*/node .SQLite.
trustlined         : not running
END
    like_status=$?
    cp whole out
    [ $like_status -eq 0 ] && prints 'CTL   not served' && prints 'Cisco Tftp                                  STOPPED' || return
    done_by show status --json && is_json && ! grep -E '[.][0-9]{10}' out || return
    expect 1 "$trustline" show status --state "$work/absent" && prints 'Host Name' &&
        says 'there is no cluster here (make one with: trustline init)'
}
own_certificates() {
    done_by show cert list own && exactly <<'END'
web/web.pem: Self-signed certificate generated by system
ITLRecovery/ITLRecovery.pem: Self-signed certificate generated by system
CallManager/CallManager.pem: Self-signed certificate generated by system
CAPF/CAPF.pem: Self-signed certificate generated by system
TVS/TVS.pem: Self-signed certificate generated by system
END
    done_by show cert list own --long && prints 'ITL (SAST, TFTP)' &&
        done_by show cert list own --json && is_json && [ "$(json '$[2].unit')" = CallManager ] &&
        [ "$(json '$[2].lists[0].list')" = ITL ] &&
        done_by show cert list trust && [ ! -s out ] &&
        done_by show cert list trust --json && [ "$(cat out)" = '[]' ] &&
        done_by show csr list own && [ ! -s out ]
}
a_certificate() {
    pem=$state/keys/CallManager.pem
    serial=$(openssl x509 -in "$pem" -noout -serial | cut -d = -f 2)
    name='CN=pub1, OU=Lab, O=Example, L=Town, ST=ZZ, C=XX'
    done_by show cert own CallManager && cp out whole && sed '/^-----BEGIN/,$d' whole >out &&
        like <<END || return
[
  Version: V3
  Serial Number: $serial
  SignatureAlgorithm: SHA256withRSA (1.2.840.113549.1.1.11)
  Issuer Name: $name
~  Validity From: $java_date
~           To:   $java_date
  Subject Name: $name
  Key: RSA (1.2.840.113549.1.1.1)
~    Key value: 3082[0-9a-f]+
  Extensions: 5 present
  [
     Extension: BasicConstraints (OID.2.5.29.19)
     Critical: true
     Value: CA:FALSE
  ]
  [
     Extension: KeyUsage (OID.2.5.29.15)
     Critical: true
     Usages: digitalSignature, keyEncipherment, dataEncipherment, keyAgreement
  ]
  [
     Extension: ExtKeyUsageSyntax (OID.2.5.29.37)
     Critical: false
     Usages: TLS Web Server Authentication, TLS Web Client Authentication
  ]
  [
     Extension: SubjectKeyIdentifier (OID.2.5.29.14)
     Critical: false
~     keyID: [0-9A-F:]{59}
  ]
  [
     Extension: SubjectAltName (OID.2.5.29.17)
     Critical: false
     Value: DNS:pub1, IP Address:127.0.0.1
  ]
]
~SHA-256: [0-9A-F:]{95}
In lists: ITL (SAST, TFTP)
TVS says: SAST, TFTP (kept for 86400 s)
~Expires: in 182[45] days
END
    openssl x509 -in "$pem" >want && sed -n '/^-----BEGIN/,$p' whole | cmp - want &&
        done_by show cert own callmanager/CallManager.pem --pem && cmp out want &&
        done_by show cert own tomcat --pem && openssl x509 -in "$state/keys/web.pem" | cmp - out &&
        done_by show cert own TVS --json && is_json && [ "$(json '$.key')" = 'RSA 2048' ] &&
        complains 2 'there is no certificate CallManger; did you mean CallManager?' show cert own CallManger &&
        complains 2 'there is no certificate ipsec (trustline show cert list own)' show cert own ipsec &&
        complains 1 'there is no trusted certificate x' show cert trust x &&
        complains 1 'there is no request for TVS (make one with: trustline set csr gen TVS)' show csr own TVS
}
test_that 'without a CTL the three lines of CUCM are printed' show_ctl_without_one
test_that 'the first ITL names anchors, server, CAPF and TVS' first_itl
test_that 'the version is printed as on a CUCM' version_is_cucms
test_that 'the status of the machine is printed column for column' status_is_cucms
test_that 'own certificates are listed as on a CUCM' own_certificates
test_that 'a certificate is printed as on a CUCM' a_certificate

# ---- parameters ----

parameters() {
    done_by parameter list && prints 'list_anchors                callmanager,itlrecovery' &&
        done_by parameter list --json && is_json && [ "$(json '$[0].name')" = ClusterSecurityMode ] &&
        done_by parameter show certificate_validity_days && exactly <<'END' || return
certificate_validity_days
  Value:    1825
  Default:  1825
  Range:    1 to 7300
  Meaning:  How many days a certificate of the cluster's own is valid.
END
    changes_nothing 0 "$trustline" parameter set certificate_validity_days 365 --dry-run &&
        done_by parameter set certificate_validity_days 365 && exactly <<'END' || return
certificate_validity_days: 365 (was: 1825)
END
    done_by parameter set certificate_validity_days 365 && exactly <<'END' || return
certificate_validity_days has that value already.
END
    done_by set cert regen web --yes && done_by show cert own web --json &&
        [ "$(json '$.days_left')" -ge 364 ] && [ "$(json '$.days_left')" -le 365 ] || return
    done_by parameter set certificate_validity_days 1825 --json && is_json &&
        [ "$(json '$.old_value')" = 365 ] || return
    complains 2 'there is no parameter list_anchor; did you mean list_anchors?' parameter show list_anchor &&
        complains 2 'there is no parameter foo (trustline parameter list)' parameter set foo 1 &&
        complains 2 'certificate_validity_days cannot be 0; it may be 1 to 7300' \
            parameter set certificate_validity_days 0 &&
        complains 1 'ClusterSecurityMode is not set by hand; it changes with: utils ctl set-cluster' \
            parameter set ClusterSecurityMode 1 &&
        complains 2 'VALUE is missing' parameter set list_anchors
}
anchors() {
    done_by plan parameter set list_anchors itlrecovery,callmanager &&
        prints 'A new ITL: 5 certificates' && prints 'signed by ITLRecovery' &&
        done_by parameter set list_anchors callmanager && done_by show itl --json || return
    anchors=$(sqlite3 :memory: "select count(*) from json_each(readfile('out'), '\$.records')
        where json_extract(value, '\$.function') = 'System Administrator Security Token'")
    [ "$anchors" -eq 1 ] || fails "$anchors anchors" || return
    done_by parameter set list_anchors callmanager,itlrecovery
}
itl_roles() { # the functions of its records, in their order
    done_by show itl --json && sqlite3 :memory: "select group_concat(json_extract(value, '\$.function'), ', ')
        from json_each(readfile('out'), '\$.records')"
}
rollback() {
    whole=$(itl_roles) && done_by plan parameter set prepare_rollback 1 && prints 'A new ITL: 3 certificates' &&
        done_by parameter set prepare_rollback 1 && prints 'Note: a phone that holds the empty ITL takes any ITL' &&
        [ "$(itl_roles)" = 'System Administrator Security Token, CAPF, System Administrator Security Token' ] ||
        fails "not empty: $(itl_roles)" || return
    # It stays empty whatever changes meanwhile, and is whole afterwards.
    done_by parameter set list_anchors callmanager && [ "$(itl_roles)" = 'System Administrator Security Token, CAPF' ] &&
        done_by parameter set list_anchors callmanager,itlrecovery && done_by parameter set prepare_rollback 0 &&
        ! grep -q '^Note' out && [ "$(itl_roles)" = "$whole" ] || fails "not whole: $(itl_roles)" || return
    complains 2 'prepare_rollback cannot be yes; it may be 0 or 1' parameter set prepare_rollback yes
}
test_that 'parameters are shown, set and guarded' parameters
test_that 'the anchors decide what an ITL names' anchors
test_that 'the ITL is emptied to prepare a rollback, and whole again after it' rollback

# ---- run sql ----

# To the blank at the end of each line.
sql_as_the_seeds() {
    for words in "run sql select paramname,paramvalue from processconfig where paramname='ClusterSecurityMode'" \
        "run sql select paramname,paramvalue from processconfig where paramname=ClusterSecurityMode"; do
        # shellcheck disable=SC2086 # as a shell would leave it
        done_by $words && printf '%s\n' 'paramname           paramvalue ' \
            '=================== ========== ' 'ClusterSecurityMode 0          ' | cmp - out ||
            { cat out; fails "$words"; return; }
    done
    done_by run sql "select paramname,paramvalue from processconfig where paramname='ClusterSecurityMode'" &&
        prints 'ClusterSecurityMode 0          ' &&
        done_by run sql select name, address from processnode where name=pub1 && prints 'pub1 127.0.0.1 ' &&
        done_by run sql "select unit from certificate where unit like TV% order by unit" && prints 'TVS  ' &&
        done_by run sql "select name from processnode where name in (pub1,pub2)" && prints 'pub1 ' &&
        done_by run sql "select lastseen from device where name='SEP001122334455'" && exactly <<'END'
No records found
END
}
sql_as_json() {
    done_by run sql select name,address from processnode --json && is_json &&
        [ "$(json '$[0].name')" = pub1 ] &&
        done_by run sql --json "select NULL as absent" && [ "$(json '$[0].absent')" = '' ] &&
        done_by run sql "select NULL as absent" && prints 'NULL   ' &&
        done_by run sql help && prints 'processconfig     parameters: paramname, paramvalue' &&
        done_by run sql help --json && is_json
}
sql_only_reads() {
    for statement in "delete from device" "delete from phone" "update processconfig set paramvalue=1" \
        "insert into processconfig values ('a','b')" "drop table phone" "pragma user_version = 3"; do
        changes_nothing 1 "$trustline" run sql "$statement" &&
            says 'run sql: it only reads: give one SELECT' || return
    done
    complains 1 'run sql: administrator_secret is secret and not shown' run sql 'select * from administrator_secret' &&
        complains 2 "run sql: no such table: nix ('trustline run sql help' lists what can be asked)" \
            run sql 'select * from nix' &&
        complains 2 'run sql: no such column: nix' run sql 'select nix from device' &&
        complains 2 'run sql: near "selct": syntax error' run sql 'selct 1' &&
        complains 2 'run sql: more than one statement is given' run sql 'select 1; select 2' &&
        complains 2 'SELECT...|help is missing' run sql
}
test_that 'run sql answers as the seeds show, quoted or not' sql_as_the_seeds
test_that 'run sql answers as JSON, too' sql_as_json
test_that 'run sql reads and does nothing else' sql_only_reads

# ---- files ----

file_date='[0-9]{2} [A-Z][a-z]{2},[0-9]{4} [0-9:]{8}'
files_are_listed() {
    mkdir -p "$state/tftpboot/Desktops/320x196x4"
    printf '%08557d' 0 >"$state/tftpboot/ringlist.xml"
    echo x >"$state/tftpboot/Desktops/320x196x4/List.xml"
    size=$("$trustline" show itl --json | sed -n 's/^  "size": \([0-9]\)\([0-9]*\),*$/\1,\2/p')
    done_by file list tftp '*' && exactly <<'END' || return
<dir>   Desktops
ITLFile.tlv
ringlist.xml
dir count = 1, file count = 2
END
    done_by file list tftp '*' detail && like <<END || return
~$file_date      <dir>    Desktops
~$file_date        $size  ITLFile.tlv
~$file_date        8,557  ringlist.xml
dir count = 1, file count = 2
END
    done_by file list tftp '* detail reverse size' && sed 1q out | grep -q 'ringlist.xml$' &&
        done_by file list tftp '*.tlv' detail && like <<END || return
~$file_date        $size  ITLFile.tlv
dir count = 0, file count = 1
END
    done_by file list tftp /Desktops/320x196x4 && exactly <<'END' || return
List.xml
dir count = 0, file count = 1
END
    done_by file list tftp '*' --json && is_json && [ "$(json '$[1].type')" = list ] || return
    for name in nix '../keys' '../*' 'Desktops/../..'; do
        expect 1 "$trustline" file list tftp "$name" && exactly <<'END' || return
no such file or directory can be found
END
    done
    complains 2 'PATTERN is missing' file list tftp &&
        complains 2 "'bogus' is none of detail, reverse, date, size, page" file list tftp '*' bogus &&
        complains 2 "'b' is none of detail, noconfirm" file delete tftp a b --yes
}
files_are_deleted() {
    complains 2 'asks before it acts, and no terminal is there to answer; --yes answers' \
        file delete tftp ringlist.xml &&
        changes_nothing 0 "$trustline" file delete tftp ringlist.xml --dry-run && exactly <<'END' || return
files: found = 1, would be deleted = 1
END
    typed 1 'to continue: ' n -- "$trustline" file delete tftp ringlist.xml && exactly <<'END' || return
Delete the File ringlist.xml?
Enter "y" followed by return to continue: n
files: found = 1, deleted = 0
END
    typed 0 'to continue: ' y -- "$trustline" file delete tftp ringlist.xml && exactly <<'END' || return
Delete the File ringlist.xml?
Enter "y" followed by return to continue: y
files: found = 1, deleted = 1
END
    [ ! -e "$state/tftpboot/ringlist.xml" ] || fails 'it is still there' || return
    expect 1 "$trustline" file delete tftp ringlist.xml noconfirm &&
        prints 'no such file or directory can be found' &&
        expect 1 "$trustline" file delete tftp ../trustline.conf --yes &&
        prints 'no such file or directory can be found' && [ -e "$state/trustline.conf" ] &&
        expect 1 "$trustline" file delete tftp Desktops --yes &&
        says "Desktops is a directory; its files are deleted by name or as 'Desktops/*'" &&
        done_by file delete tftp 'Desktops/320x196x4/*' noconfirm && exactly <<'END'
files: found = 1, deleted = 1
END
}
test_that 'files are listed as on a CUCM' files_are_listed
test_that 'files are deleted after the question of CUCM' files_are_deleted

# ---- services ----

no_daemon() {
    done_by utils service list && exactly <<'END' || return
Requesting service status, please wait...
Service Manager is not running
Getting list of all services
>> Return code = 0
Cisco CallManager[STOPPED]  Component is not running
Cisco Certificate Authority Proxy Function[STOPPED]  Component is not running
Cisco Tftp[STOPPED]  Component is not running
Cisco Trust Verification Service[STOPPED]  Component is not running
Primary Node =true
END
    complains 1 'Cisco Tftp: trustlined does not run on this node' utils service start Cisco Tftp
}
running() {
    start_node "$state" && done_by utils service list && exactly <<'END' || return
Requesting service status, please wait...
Service Manager is running
Getting list of all services
>> Return code = 0
Cisco CallManager[STARTED]
Cisco Certificate Authority Proxy Function[STARTED]
Cisco Tftp[STARTED]
Cisco Trust Verification Service[STARTED]
Primary Node =true
END
    done_by utils service list page && done_by utils service list --json && is_json &&
        [ "$(json '$[2].state')" = STARTED ] && [ "$(json '$[2].pid')" = "$(child_of tftp)" ] &&
        done_by show status && prints 'trustlined         : running' && prints 'signer_refused' &&
        done_by show itl --holders && prints 'Served now by: pub1'
}
# Steps that are too quick to be seen may be missing: only the first lines and the end are sure.
steps() { # BANNER LAST
    printf '%s\n' "$1" 'Service Manager is running' "$2" | sed '/^$/d' >wanted
    sed -e "/\[STOPP[A-Z]*\]  $/d" -e '/\[STARTING\]  $/d' out | diff wanted - || fails 'not these steps'
}
service_stops_and_starts() {
    done_by utils service stop Cisco Tftp &&
        steps " Don't press Ctrl-c while the service is getting STOPPED.If Service has not Stopped Properly, execute the same Command Again" \
            'Cisco Tftp[STOPPED]  Commanded Out of Service' || return
    ! child_of tftp || fails 'its process is still there' || return
    done_by utils service list && prints 'Cisco Tftp[STOPPED]  Commanded Out of Service' &&
        done_by utils service start Cisco Tftp && steps '' 'Cisco Tftp[STARTED]  ' &&
        before=$(child_of tftp) && fetch ITLFile.tlv itl &&
        done_by utils service restart 'Cisco Tftp' &&
        steps " Don't press Ctrl-c while the service is getting RESTARTED.If Service has not Restarted Properly, execute the same Command Again" \
            'Cisco Tftp[STARTED]  ' || return
    [ "$(child_of tftp)" != "$before" ] || fails 'the process is the same' || return
    done_by utils service restart cisco tftp --json && is_json && [ "$(json '$.state')" = STARTED ] &&
        changes_nothing 0 "$trustline" utils service stop Cisco Tftp --dry-run && exactly <<'END' || return
Cisco Tftp would be told to stop; it is STARTED now.
END
    complains 2 'there is no service Cisco Tfpt; did you mean Cisco Tftp?' utils service stop Cisco Tfpt &&
        complains 2 'SERVICE is missing' utils service stop
}
# is_bound PROTOCOL PORT: whether any socket of this machine has it (/proc/net/udp, /proc/net/tcp).
is_bound() {
    grep -q "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$(($2 + offset))") [0-9A-F]*:0000 " "/proc/net/$1"
}
stopped_service_has_no_ports() {
    is_bound udp 69 && is_bound tcp 6970 || fails 'it has no ports while it runs' || return
    done_by utils service stop Cisco Tftp || return
    ! is_bound udp 69 && ! is_bound tcp 6970 || fails 'its ports are still open' || return
    curl -s "http://127.0.0.1:$((6970 + offset))/ITLFile.tlv" -o itl
    [ $? -eq 7 ] || fails 'connections are not refused' || return
    is_bound tcp 3804 || fails 'another service lost its port' || return
    done_by utils service start Cisco Tftp && fetch ITLFile.tlv itl &&
        curl -sS --fail "http://127.0.0.1:$((6970 + offset))/ITLFile.tlv" | cmp - itl
}
taken_port_is_told() {
    done_by utils service stop Cisco Tftp && stop_node && start_node "$state" && ! is_bound tcp 6970 ||
        fails 'a service that stays stopped has a port' || return
    openssl s_server -accept "127.0.0.1:$((6970 + offset))" -nocert >/dev/null 2>&1 &
    taker=$!
    eventually is_bound tcp 6970
    complains 1 "port 127.0.0.1:$((6970 + offset)) for Cisco Tftp is in use" utils service start Cisco Tftp
    told=$?
    kill "$taker" && wait "$taker" 2>/dev/null
    [ "$told" -eq 0 ] && eventually fetch ITLFile.tlv itl
}
wish_survives_the_node() {
    done_by utils service stop Cisco Tftp && stop_node && start_node "$state" &&
        done_by utils service list && prints 'Cisco Tftp[STOPPED]  Commanded Out of Service' &&
        done_by utils service start Cisco Tftp && fetch ITLFile.tlv itl
}
one_daemon() {
    expect 1 "$trustlined" --state "$state"
    says "another trustlined runs on $state already" && one_line
}
# Everything a phone can ask for, by its name in the list.
served_is_shown() {
    fetch ITLFile.tlv itl && done_by show itl itl && cp out shown && done_by show itl && cmp out shown
}
test_that 'services of a node that does not run are stopped' no_daemon
test_that 'services of a node that runs are listed as on a CUCM' running
test_that 'a service stops, starts and restarts, step by step' service_stops_and_starts
test_that 'a stopped service closes its ports, and opens them again when it starts' stopped_service_has_no_ports
test_that 'a stopped service stays stopped over a restart of the node' wish_survives_the_node
test_that 'a service whose port was taken meanwhile says so, and starts when it is free' taken_port_is_told
test_that 'a second node on the same state is refused' one_daemon
test_that 'the list that is shown is the list that is served' served_is_shown

# ---- JSON, and who may not ----

json_everywhere() {
    while read -r words; do
        set -f
        # shellcheck disable=SC2086 # words, and a pattern that is not the shell's
        done_by $words --json && is_json || fails "$words" || return
        set +f
    done <<'END'
show version active
show status
show itl
show itl --holders
show cert list own
show cert list own --long
show cert list trust
show cert own CAPF
show csr list own
utils service list
parameter list
parameter show list_anchors
profile list
profile show sccp-encrypted
phone list
template list
file list tftp *
run sql help
plan utils ctl set-cluster mixed-mode
END
}
strangers() {
    [ "$(id -u)" -eq 0 ] || return 0
    chmod 711 "$work"
    expect 1 setpriv --reuid nobody --regid nogroup --clear-groups "$trustline" show cert list own &&
        says "$state" && says 'Permission denied' && one_line && [ "$(grep -o 'root may do this' err | wc -l)" -eq 1 ]
}
test_that 'every reading command speaks JSON' json_everywhere
test_that 'a stranger to the state directory is told who may look' strangers
test_that 'the node ends cleanly' stop_node
done_testing
