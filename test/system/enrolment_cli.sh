#!/bin/sh
# enrolment_cli.sh TRUSTLINE TRUSTLINED TERMINAL ENROLLED: what phones are to do at CAPF, as an
# administrator orders it: strings, keys, MICs, bulk orders, revocation, and other issuers.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
terminal=$(realpath "$3")
enrolled=$(realpath "$4")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/admin.sh"

a=SEP001122330001
b=SEP001122330002
e=SEP001122330003

capf() { # NAME KEY: what 'phone show' says of it
    "$trustline" phone show "$1" --json >"$work/shown" &&
        sqlite3 :memory: "select json_extract(readfile('$work/shown'), '\$.capf.$2')"
}
is() { # WANTED COMMAND...
    is_wanted=$1
    shift
    is_got=$("$@")
    [ "$is_got" = "$is_wanted" ] || fails "$*: $is_got, not $is_wanted"
}
sql() { sqlite3 -cmd '.timeout 5000' "$state/trustline.db" "$1"; } # another eye than ours

# ---- one phone ----

ordered() {
    make_node "$state" && done_by phone add $a --model 7975 --profile sccp-encrypted &&
        done_by phone add $b --model 7960 --profile sccp-encrypted &&
        done_by phone add $e --model 8845 --profile sip-encrypted || return
    changes_nothing 0 "$trustline" phone update $a --capf-operation install --auth-string 4711471147 \
        --dry-run && exactly <<END || return
$a would be updated.
Note: $a is a 7975, which speaks TLS 1.0 alone: without legacy_tls = on in trustline.conf it cannot talk to CAPF
END
    done_by phone update sep001122330001 --capf-operation install --auth-string 4711471147 --key-size 1024 \
        --complete-by 2036:12:31:18 && exactly <<END || return
Updated $a.
Certificate operation: Install/Upgrade, By Authentication String, RSA Only, 1024 bits, completes by 2036:12:31:18
The phone does it when it starts or is reset.
Note: $a is a 7975, which speaks TLS 1.0 alone: without legacy_tls = on in trustline.conf it cannot talk to CAPF
END
    done_by phone show $a && prints '  Certificate Operation:         Install/Upgrade' &&
        prints '  Authentication String:         set' && prints '  RSA Key Size (Bits):           1024' &&
        prints '  Operation Completes By:        2036:12:31:18' &&
        prints '  Certificate Operation Status:  Operation Pending' || return
    is 2036-12-31T18:00:00Z capf $a complete_by && is 1 capf $a auth_string_set &&
        done_by phone list --where enrolment=pending && prints $a && ! grep -q $b out
}
the_rest_stays() {
    done_by phone update $a --capf-auth lsc && is 1024 capf $a key_size && is install capf $a operation &&
        is 2036-12-31T18:00:00Z capf $a complete_by &&
        done_by phone update $a --curve P-384 --key-size 2048 && is 'EC Preferred, RSA Backup' capf $a key_order &&
        is P-384 capf $a curve && is lsc capf $a auth &&
        done_by phone update $a --capf-operation troubleshoot && is '' capf $a complete_by &&
        done_by phone update $a --capf-operation none && is None capf $a status &&
        done_by phone update $a --profile sccp-non-secure && done_by phone list --where mode=non-secure &&
        prints $a
}
failed() {
    done_by phone update $a --capf-operation install --capf-auth string &&
        "$enrolled" "$state/trustline.db" failed $a &&
        is 'Upgrade Failed: Invalid Authentication String' capf $a status && is 1 capf $a failed_attempts &&
        done_by phone list --where enrolment=failed && prints 'Upgrade Failed: Invalid Authentication String' &&
        done_by phone update $a --capf-operation delete && "$enrolled" "$state/trustline.db" success $a &&
        is 'Delete Success' capf $a status
}
generated() {
    done_by phone update $b --capf-operation install --auth-string generate --one-time &&
        grep -Eqx 'Authentication string: [0-9]{10} \(it is not shown again\)' out || fails "$(cat out)" || return
    sed -n 's/^Authentication string: \([0-9]*\) .*/\1/p' out >>secrets
    is 1 capf $b auth_string_one_time && "$enrolled" "$state/trustline.db" success $b && is 0 capf $b auth_string_set &&
        is 'Upgrade Success' capf $b status &&
        complains 1 'it is to prove who it is by an authentication string, and none is set' \
            phone update $b --capf-operation install &&
        done_by phone update $b --auth-string generate --json && is_json &&
        [ "$(json '$.auth_strings[0].phone')" = $b ] && json '$.auth_strings[0].auth_string' >>secrets
}
typed_in() {
    echo 815815815 | tee -a secrets >secret
    "$trustline" phone update $b --auth-string - <secret >out 2>err || { cat err; return 1; }
    prints "Updated $b." || return
    typed 0 'Authentication string:' 98769876987 -- "$trustline" phone update $b --auth-string - &&
        echo 98769876987 >>secrets && prints "Updated $b." && ! grep -q 98769 out
}
# The act waits for the lock: its command line can be read meanwhile, and has no string.
blanked() {
    for option in '--auth-string 31415926535' --auth-string=31415926535 '--auth 31415926535'; do
        mkfifo held go
        flock "$state/run/lock" sh -c 'echo >held; read -r _ <go' &
        locker=$!
        read -r _ <held
        # shellcheck disable=SC2086 # words
        "$trustline" phone update $b $option >out 2>err &
        updater=$!
        eventually grep -q '\*\*\*\*\*\*\*\*\*\*\*' "/proc/$updater/cmdline"
        grep -q 31415926535 "/proc/$updater/cmdline" && { fails "$option can be seen"; }
        seen=$?
        echo >go
        wait "$locker"
        wait "$updater" && prints "Updated $b." || return
        rm held go
        [ "$seen" -ne 0 ] && ! grep -q 31415926535 err || return
    done
    echo 31415926535 >>secrets
}
test_that 'an order is given, and stands in CUCM terms' ordered
test_that 'what is not said stays as it is' the_rest_stays
test_that 'how an order ended is said in words of CUCM' failed
test_that 'a string is generated, shown once, and good once if so ordered' generated
test_that 'a string is read from standard input, or asked for without showing it' typed_in
test_that 'a string in the command line is blanked at once' blanked

refusals() {
    complains 2 'an authentication string has 4 to 15 digits, not 3' phone update $a --auth-string 123 &&
        complains 2 'an authentication string has 4 to 15 digits, not 16' phone update $a --auth-string 1234567890123456 &&
        complains 2 'an authentication string has digits only' phone update $a --auth-string 12a4 &&
        ! grep -q 12a4 err && complains 2 'NAME is missing' phone update --capf-operation install &&
        complains 2 'either NAME or --where' phone update $a --where model=7975 --capf-operation install &&
        complains 2 'nothing is said that could change' phone update $a &&
        complains 2 '--complete-by 2036:02:30:01: year, month, day and hour' phone update $a --complete-by 2036:02:30:01 &&
        complains 2 '--complete-by tomorrow: year' phone update $a --complete-by tomorrow &&
        complains 2 'has passed' phone update $a --capf-operation delete --complete-by 2020:01:01:00 &&
        complains 2 'no operation that could be completed' phone update $a --complete-by 2036:01:01:00 &&
        complains 2 '--capf-operation upgrade: it is one of none, install' phone update $a --capf-operation upgrade &&
        complains 2 '--wave is for many phones' phone update $a --capf-operation install --wave 5 &&
        complains 2 'waves are of phones with an operation' phone update --where model=* --capf-auth lsc --wave 5 &&
        complains 2 'do one after the other' phone update --where model=* --capf-operation delete \
            --profile sccp-encrypted --wave 5 &&
        complains 1 'no phone fits model=7906' phone update --where model=7906 --capf-operation install &&
        complains 2 'only a new authentication string can be' phone update $a --one-time --capf-operation none &&
        complains 1 'there is no phone SEP0011223300FF' phone update SEP0011223300FF --capf-operation none &&
        complains 1 'a 8845 does not speak SCCP' phone update $e --profile sccp-encrypted
}
ec_alone() {
    done_by profile add enc --model any --protocol sip --mode encrypted --tftp-encrypted yes &&
        complains 1 'can be sealed for RSA keys only' profile add ec --model any --protocol sip --mode encrypted \
            --tftp-encrypted yes --curve P-256 &&
        done_by phone update $e --profile enc &&
        changes_nothing 1 "$trustline" phone update $e --capf-operation install --capf-auth null-string --curve P-384 &&
        says "$e: profile enc encrypts configuration files" && says 'can be sealed for RSA keys only' && one_line &&
        done_by phone update $e --profile sip-encrypted --capf-operation install --capf-auth null-string --curve P-384 &&
        changes_nothing 1 "$trustline" phone update $e --profile enc && says 'can be sealed for RSA keys only' &&
        done_by phone update $e --profile enc --curve P-384 --key-size 2048
}
# One that cannot stands in the way of all, and is named.
all_or_nothing() {
    done_by phone add SEP0011223300AA --model 7975 --profile sccp-encrypted &&
        changes_nothing 2 "$trustline" phone update --where protocol=sccp --capf-operation install --auth-string '' &&
        says 'not 0' || return
    changes_nothing 1 "$trustline" phone update --where model=79* --capf-operation install --capf-auth string &&
        says 'SEP0011223300AA: it is to prove who it is' && done_by phone delete SEP0011223300AA
}
test_that 'what cannot be ordered is refused with the reason' refusals
test_that 'a phone with encrypted configuration has no EC key alone' ec_alone
test_that 'a bulk change is done for all or for none' all_or_nothing

# ---- MICs ----

make_cas() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout maker.key -out maker.pem -days 3650 \
        -subj '/O=Maker/CN=Maker CA' 2>/dev/null
}
# The chain lies next to it, as the maker would give it.
make_mic() { # CN OUT
    openssl req -newkey rsa:2048 -nodes -keyout mic.key -out mic.csr -subj "/O=Maker/CN=$1" 2>/dev/null &&
        openssl x509 -req -in mic.csr -CA maker.pem -CAkey maker.key -CAcreateserial -days 3650 -out "$2" 2>/dev/null
}
mic() {
    make_cas && make_mic CP-7975G-$a mic.pem && done_by phone update $a --mic mic.pem &&
        prints 'Its MIC is known now.' && prints 'Note: CAPF will not take this MIC as a proof yet' || return
    done_by set cert import trust CAPF-trust maker.pem && done_by phone update $a --mic mic.pem && exactly <<END || return
Updated $a.
Its MIC was known already.
END
    serial=$(openssl x509 -in mic.pem -noout -serial | cut -d = -f 2 | tr A-F a-f | sed 's/^0*//')
    done_by phone show $a && prints "  MIC, active: CN=CP-7975G-$a;O=Maker" && prints '    issued by CN=Maker CA;O=Maker' &&
        grep -q "serial number 0*$serial, RSA 2048" out || fails "$(cat out)" || return
    changes_nothing 1 "$trustline" phone update $b --mic mic.pem && says "$b" && one_line &&
        make_mic SEP0011223300FF other.pem && changes_nothing 1 "$trustline" phone update $a --mic other.pem &&
        says SEP0011223300FF && one_line && changes_nothing 1 "$trustline" phone update $a --mic no.pem &&
        says no.pem && changes_nothing 1 "$trustline" phone revoke $a --yes && says 'has no LSC that could be revoked'
}
test_that 'a MIC is learned, and must be the phone own' mic

# ---- LSCs: how they stand, and their end ----

make_lsc() { # CN DAYS OUT [KEY-OPTION...]
    lsc_cn=$1 lsc_days=$2 lsc_out=$3
    shift 3
    openssl req -newkey "${1:-rsa:2048}" ${2:+-pkeyopt} ${2:+"$2"} -nodes -keyout lsc.key -out lsc.csr \
        -subj "/CN=$lsc_cn" 2>/dev/null &&
        openssl x509 -req -in lsc.csr -CA maker.pem -CAkey maker.key -CAcreateserial -days "$lsc_days" \
            -out "$lsc_out" 2>/dev/null
}
serial_of() { openssl x509 -in "$1" -noout -serial | cut -d = -f 2 | tr A-F a-f; }
lsc_states() {
    make_lsc $a 30 soon.pem && make_lsc $b 400 fine.pem && make_lsc $e 400 ec.pem ec ec_paramgen_curve:P-256 &&
        "$enrolled" "$state/trustline.db" lsc $a soon.pem && "$enrolled" "$state/trustline.db" lsc $b fine.pem &&
        "$enrolled" "$state/trustline.db" pending $e ec.pem || return
    for how in "expiring $a" "valid $b" "pending $e"; do
        done_by phone list --where "lsc=${how% *}" --json && is_json && [ "$(json '$[0].name')" = "${how#* }" ] &&
            [ -z "$(json '$[1].name')" ] || fails "$how: $(cat out)" || return
    done
    done_by phone show $e && prints "  LSC, pending: CN=$e" && prints 'P-256' || return
    "$trustlined" --state "$state" --check >out 2>&1
    prints 'phones: 1 have an LSC that expires within 60 days' && prints 'phones: 2 have a valid LSC' &&
        prints 'CAPF-trust: 1 CAs vouch for MICs'
}
ec_lsc() {
    make_lsc $e 400 ec2.pem ec ec_paramgen_curve:P-256 && "$enrolled" "$state/trustline.db" lsc $e ec2.pem &&
        done_by phone update $e --capf-operation none --key-size 2048 --profile sip-encrypted &&
        changes_nothing 1 "$trustline" phone update $e --profile enc && says 'its LSC has an EC key' &&
        says 'order a new one with it' && one_line &&
        done_by phone update $e --profile enc --capf-operation install --capf-auth lsc --key-size 2048
}
revoked() {
    serial=$(serial_of fine.pem)
    note="Note: $b can register with its MIC still, since CAPF-trust has CAs of makers: to keep it out, delete it, \
too (trustline phone delete $b)"
    changes_nothing 0 "$trustline" phone revoke $b --dry-run && exactly <<END || return
The LSCs would be revoked.
$note
END
    changes_nothing 2 "$trustline" phone revoke $b && says 'asks before it acts' &&
        typed 1 'Do you want to continue? (y/n):' n -- "$trustline" phone revoke $b || return
    done_by phone revoke $b --reason key-compromise --yes && like <<END || return
Revoked 1 LSC of $b:
~  $serial, CN=$b, was active, valid until .*
The list of revoked certificates of its issuer (in CAPF.crl.pem; in CAPF.crl, too, if
that issuer is in use) names it as soon as CAPF has made it anew, which needs trustlined.
$note
END
    done_by phone show $b && prints "  LSC, revoked: CN=$b" && prints '    revoked ' &&
        done_by phone list --where lsc=none && prints $b || return
    done_by phone revoke $b --yes && exactly <<END || return
It is revoked already.
$note
END
    is 1 sql "select reason from phone_certificate where serial = '$serial'"
}
# By its number, in the way openssl writes it; also when the phone is gone.
revoked_later() {
    serial=$(serial_of soon.pem) && done_by phone delete $a &&
        complains 1 'has no LSC with the serial number abcd' phone revoke $a --serial AB:CD --yes &&
        complains 2 '--reason bad: it is one of' phone revoke $a --reason bad --yes &&
        complains 2 '--serial xyz: hexadecimal' phone revoke $a --serial xyz --yes &&
        done_by phone revoke $a --serial "$(echo "$serial" | tr a-f A-F | sed 's/../&:/g; s/:$//')" --yes --json &&
        is_json && [ "$(json '$.revoked[0].serial')" = "$serial" ] && [ "$(json '$.revoked[0].was')" = retired ] &&
        is 2 sql "select count(*) from phone_certificate where state = 3" &&
        done_by phone add $a --model 7975 --profile sccp-encrypted
}
test_that 'LSCs are found by how they stand, and the check names what ends' lsc_states
test_that 'a phone with an EC LSC gets no encrypted configuration without an order for RSA' ec_lsc
test_that 'LSCs are revoked, for good' revoked
test_that 'one LSC is revoked, of a phone that is gone' revoked_later

# ---- waves ----

many=300
at_once=40
counted() { # WANTED STATE: phones of the bulk order in this state
    [ "$(sql "select count(*) from enrolment_wave_phone where wave = $wave and state = $2")" -eq "$1" ]
}
open_names() {
    sql "select p.name from phone p join enrolment e on e.phone = p.id where e.operation > 0 and e.wave = $wave
        order by p.name limit ${1:-100000}"
}
never_too_many() {
    [ "$(open_names | wc -l)" -le $at_once ] || fails "$(open_names | wc -l) have it at once"
}
finish() { # COUNT: so many phones, if there are, do what they were told
    names=$(open_names "$1")
    # shellcheck disable=SC2086 # a list of words
    [ -z "$names" ] || "$enrolled" "$state/trustline.db" success $names
}
kill_node() { # all of it at once, in the middle of whatever it does
    # shellcheck disable=SC2046 # a list of words
    kill -9 "$node_pid" $(pgrep -P "$node_pid") 2>/dev/null
    wait "$node_pid" 2>/dev/null
}
bulk_order() {
    i=0
    while [ $i -lt $many ]; do
        i=$((i + 1))
        printf 'SEP00223344%04X\n' $i
    done >bulk
    # shellcheck disable=SC2046 # a list of words
    "$enrolled" "$state/trustline.db" phones $(cat bulk) || return
    done_by plan phone update --where model=7941 --capf-operation install --auth-string generate --wave $at_once &&
        exactly <<END || return
$many phones would be updated.
Note: SEP002233440001 is a 7941, which speaks TLS 1.0 alone: without legacy_tls = on in trustline.conf it cannot talk to CAPF
END
    done_by phone update --where model=7941 --where lsc=none --capf-operation install --auth-string generate \
        --wave $at_once && prints "Updated $many phones." &&
        prints "Bulk order 1: $at_once of $many phones have it now, never more than $at_once at once." &&
        prints 'trustlined does not run: nothing more is released until it does.' || return
    wave=1
    grep -E '^SEP[0-9A-F]{12}  [0-9]{10}$' out >table && [ "$(wc -l <table)" -eq $many ] &&
        cut -d ' ' -f 1 table | cmp - bulk && [ "$(sed 's/.*  //' table | sort -u | wc -l)" -eq $many ] ||
        fails 'not a string for each phone' || return
    sed 's/.*  //' table >>secrets
    counted $at_once 1 && counted $((many - at_once)) 0 && done_by phone list --where wave=1 --where enrolment=waiting &&
        prints 'Waiting in bulk order 1' && [ "$(grep -c ^SEP out)" -eq $((many - at_once)) ] &&
        done_by show status && prints "1           install    $at_once       $((many - at_once))" &&
        done_by phone show SEP002233440001 && prints '1, it is released'
}
goes_on() {
    start_node "$state" && counted $at_once 1 && finish 7 && eventually counted 7 2 && eventually counted $at_once 1 &&
        never_too_many && "$enrolled" "$state/trustline.db" failed "$(open_names 1)" && eventually counted 1 3 &&
        eventually counted $at_once 1 && is "$((many - at_once - 8))" sql \
        "select count(*) from enrolment_wave_phone where wave = 1 and state = 0" &&
        done_by phone show "$(open_names 1)" --json && is_json && [ "$(json '$.capf.bulk_order.done')" -eq 7 ]
}
# Phones end while nobody is there to release the next, and while trustlined is being killed.
killed() {
    finished=7
    while [ "$finished" -lt $((many - 1)) ]; do
        finish 33 || return
        kill_node
        never_too_many && finish 4 || return
        never_too_many || return
        start_node "$state" || return
        finished=$(sql 'select count(*) from enrolment_wave_phone where wave = 1 and state = 2')
        waiting=$(sql 'select count(*) from enrolment_wave_phone where wave = 1 and state = 0')
        [ "$waiting" -eq 0 ] || eventually counted $at_once 1 || return
        never_too_many || return
    done
    counted $((many - 1)) 2 && counted 1 3 && counted 0 1 && counted 0 0 || return
    # Each phone got its order once.
    is $many sql 'select count(distinct phone) from enrolment_wave_phone where wave = 1 and number > 0' &&
        done_by phone list --where wave=1 --where enrolment=failed && [ "$(grep -c ^SEP out)" -eq 1 ] &&
        done_by show status && ! grep -q '^1  .*install' out
}
# The command itself dies: then there is the whole bulk order, or none.
command_killed() {
    for after in 0.02 0.05 0.1 0.2 0.4 0.8; do
        timeout -s KILL $after "$trustline" phone update --where model=7941 --capf-operation delete --wave 10 >/dev/null 2>&1
        orders=$(sql 'select count(*) from enrolment_wave where id > 1')
        phones=$(sql 'select count(*) from enrolment_wave_phone where wave > 1')
        [ "$phones" -eq $((orders * many)) ] || fails "$orders bulk orders of $phones phones" || return
    done
    done_by phone update --where model=7941 --capf-operation none && wave=$(sql 'select max(id) from enrolment_wave') &&
        is 0 sql 'select count(*) from enrolment_wave_phone where state in (0, 1)'
}
late() {
    done_by phone update --where model=7941 --capf-operation delete --capf-auth null-string --wave 10 \
        --complete-by 2036:01:01:00 && wave=$(sql 'select max(id) from enrolment_wave') && counted 10 1 || return
    stop_node
    sql "update enrolment_wave set complete_by = 1000 where id = $wave;
        update enrolment set complete_by = 1000 where wave = $wave" && start_node "$state" &&
        eventually counted 10 3 && eventually counted $((many - 10)) 4 &&
        eventually grep -q "event=enrolment_wave_ended wave=$wave" "$state/log/trustline.log" &&
        done_by phone show SEP002233440001 && prints 'Delete Failed: User Initiated Request Late/Timedout'
}
test_that 'a bulk order of hundreds is given in waves, with a string for each phone' bulk_order
test_that 'the next phones have their turn when orders end' goes_on
test_that 'a bulk order goes on after every kill -9 of trustlined' killed
test_that 'a bulk order is there wholly or not at all when its command is killed' command_killed
test_that 'a bulk order ends with its time' late

# Strings are nowhere: not in files, logs, or answers of the database.
nowhere() {
    [ "$(wc -l <secrets)" -gt $many ] && grep -q 4711471147 secrets || echo 4711471147 >>secrets
    grep -rlaFf secrets "$state" "$state.err" && { fails 'found in these files'; return; }
    for table in enrolment enrolment_wave enrolment_wave_phone phone_certificate; do
        done_by run sql "select * from $table" && ! grep -qFf secrets out || return
    done
    complains 1 enrolment_secret run sql 'select * from enrolment_secret' &&
        complains 1 enrolment_secret run sql 'select mac from enrolment_secret'
}
test_that 'authentication strings are kept nowhere and shown nowhere' nowhere

# ---- who issues ----

make_issuers() { # a root that signed an intermediate
    openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 3650 \
        -subj '/O=Example/CN=Example Root' 2>/dev/null &&
        openssl req -newkey rsa:2048 -nodes -keyout middle.key -out middle.csr \
            -subj '/O=Example/CN=Example Phones' 2>/dev/null &&
        printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign,digitalSignature\nsubjectKeyIdentifier=hash\n' >ca.ext &&
        openssl x509 -req -in middle.csr -CA root.pem -CAkey root.key -CAcreateserial -days 1825 -extfile ca.ext \
            -out middle.pem 2>/dev/null
}
names_capf() { # CERT: the ITL does, and the signature fits
    serial=$(serial_of "$1")
    done_by show itl --json && tr -d : <out | grep -qi "$serial" || fails "the ITL does not name $1" || return
    done_by show itl && prints 'The ITL file was verified successfully.'
}
chain_is() { # FILE: what is stored beside the certificate in use
    sql "select cast(chain as text) from own_certificate where name = 'CAPF' and state = 0" >chain.pem
    openssl crl2pkcs7 -nocrl -certfile chain.pem | openssl pkcs7 -print_certs -outform PEM >chain.norm &&
        openssl crl2pkcs7 -nocrl -certfile "$1" | openssl pkcs7 -print_certs -outform PEM | cmp - chain.norm
}
signed_outside() {
    make_issuers && done_by set cert import trust CAPF-trust root.pem && done_by set csr gen CAPF &&
        "$trustline" show csr own CAPF >capf.csr &&
        openssl x509 -req -in capf.csr -CA middle.pem -CAkey middle.key -CAcreateserial -days 900 -extfile ca.ext \
            -out capf.pem 2>/dev/null && changes_nothing 1 "$trustline" set cert import own CAPF capf.pem &&
        says 'no chain of trust' && cat capf.pem middle.pem >capf-chain.pem || return
    "$trustline" show itl >before
    done_by set cert import own CAPF capf-chain.pem --yes && prints 'Successfully imported certificate for CAPF.' &&
        prints 'New ITL' && "$trustline" show itl >after && ! cmp -s before after && names_capf capf.pem &&
        chain_is middle.pem && done_by show cert own CAPF --pem && openssl x509 -in out | cmp - capf.pem &&
        cat chain.pem >untrusted.pem && openssl verify -CAfile root.pem -untrusted untrusted.pem out >/dev/null
}
intermediate_imported() {
    cat middle.pem middle.key root.pem >issuer.pem &&
        done_by set cert import own CAPF issuer.pem --yes && names_capf middle.pem && chain_is root.pem &&
        [ "$(openssl pkey -in "$state/keys/CAPF.pem" -pubout)" = "$(openssl x509 -in middle.pem -noout -pubkey)" ] &&
        "$trustlined" --state "$state" --check >out && prints 'certificate CAPF: valid until' &&
        done_by show cert list own && prints 'CAPF/CAPF.pem: Certificate Signed by Example Root'
}
test_that 'the CAPF certificate may be signed outside, with its chain' signed_outside
test_that 'an intermediate CA may issue' intermediate_imported

done_testing
