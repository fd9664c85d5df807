#!/bin/sh
# A simulated phone and fleets of it, against a small server of files that shares no code with us.
# phone.sh TRUSTLINE_PHONE TRUSTLINE FILESERVER
phone=$(realpath "$1")
trustline=$(realpath "$2")
fileserver=$(realpath "$3")
. "$(dirname "$0")/lib.sh"

name=SEP001122334455

# Servers end with their standard input, which is a pipe of ours.
servers=
serve() { # DIR [OPTION...]: $port is the TFTP port of a new server of DIR
    dir=$1
    shift
    mkfifo "$work/in.$dir" "$work/port.$dir"
    "$fileserver" "$dir" "$@" <"$work/in.$dir" >"$work/port.$dir" &
    servers="$servers $!"
    # shellcheck disable=SC3023 # descriptors stay open in this shell
    case $dir in
    good) exec 3>"$work/in.$dir" ;;
    web) exec 4>"$work/in.$dir" ;;
    lossy) exec 5>"$work/in.$dir" ;;
    foreign) exec 6>"$work/in.$dir" ;;
    broken) exec 7>"$work/in.$dir" ;;
    fleet) exec 8>"$work/in.$dir" ;;
    esac
    read -r port <"$work/port.$dir"
}

flip() { # FILE OFFSET: changes one bit there
    byte=$(od -An -j "$2" -N 1 -t u1 "$1")
    # shellcheck disable=SC2059 # an octal escape is made here
    printf "\\$(printf %o $((byte % 2 ? byte - 1 : byte + 1)))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# Two clusters. A list of each names its signer as anchor and TFTP server at 127.0.0.1.
openssl x509 -inform DER -in "$vector/signer.der" -out ours.pem && cat "$vector/signer.key.pem" >>ours.pem
cp "$vector/pool/rsa2048.pem" theirs.pem
make_cluster() { # DIR SIGNER
    mkdir -p "$1"
    "$trustline" list build "$1/CTL$name.tlv" --type ctl --signer "$2" --record "SAST=$2" \
        --record "CCM+TFTP=$2,address=127.0.0.1" --timestamp 1704067200 &&
        "$trustline" list build "$1/ITLFile.tlv" --type itl --signer "$2" --record "SAST=$2" \
            --record "TFTP=$2" --timestamp 1704067200 &&
        "$trustline" file sign "$vector/config/2-79xx-sccp-full.cnf.xml" "$1/$name.cnf.xml.sgn" \
            --signer "$2" --filename "$name.cnf.xml.sgn" --timestamp 1704067200
}
{ make_cluster good ours.pem && make_cluster foreign theirs.pem; } >/dev/null || exit 1
cp -r good web
cp -r good lossy
cp -r good broken
flip "broken/CTL$name.tlv" 900
flip "broken/$name.cnf.xml.sgn" 2000
serve good && good=$port
serve web --http && web=$port
serve lossy --drop 7 && lossy=$port
serve foreign && foreign=$port
serve broken && broken=$port

boots_and_says_so() {
    expect 0 "$phone" $name --until files --tftp "127.0.0.1:$good" --home a &&
        prints "SECD: tlRequestFile: Request CTL$name.tlv" &&
        prints "TFTP: [1]:Requesting CTL$name.tlv from 127.0.0.1" &&
        prints "SECD: validate_file_envelope: File sign verify SUCCESS; header length <" &&
        grep -qx '[0-2][0-9]:[0-5][0-9]:[0-5][0-9] Trust List Updated' out &&
        prints "$name (7975) has its files"
}
test_that 'a phone boots, verifies list and configuration, and says so' boots_and_says_so

holds_what_was_served() {
    cmp "a/CTLFile.tlv" "good/CTL$name.tlv" && cmp a/ITLFile.tlv good/ITLFile.tlv &&
        cmp "a/$name.cnf.xml" "$vector/config/2-79xx-sccp-full.cnf.xml" &&
        prints "md5 $(md5sum <"good/CTL$name.tlv" | cut -d' ' -f1)"
}
test_that 'its flash holds what was served, the configuration without its header' holds_what_was_served

boots_again() {
    expect 0 "$phone" $name --until files --tftp "localhost:$good" --home a --quiet &&
        ! grep -q 'Trust List Updated' out && ! grep -q SECD out && prints "$name.cnf.xml.sgn"
}
test_that 'a second boot changes nothing, and --quiet leaves the console out' boots_again

old_files_stay() {
    cmp "$1/CTLFile.tlv" "good/CTL$name.tlv" &&
        cmp "$1/$name.cnf.xml" "$vector/config/2-79xx-sccp-full.cnf.xml"
}

refuses_the_foreign() {
    expect 3 "$phone" $name --until files --tftp "127.0.0.1:$foreign" --home a --quiet &&
        prints 'Trust List Update Failed' && prints "CTL$name.tlv is refused by rule" &&
        prints 'The old CTL stays.' && prints "File Auth Error <$name.cnf.xml.sgn>" &&
        prints 'The old configuration stays.' && old_files_stay a
}
test_that 'a foreign cluster is refused, its rule named, the old files stay' refuses_the_foreign

refuses_the_broken() {
    expect 3 "$phone" $name --until files --tftp "127.0.0.1:$broken" --home a --quiet &&
        prints 'Trust List Verification Failed' && prints 'Trust List Update Failed' &&
        prints "CTL$name.tlv is refused by rule bad_signature: " &&
        prints "$name.cnf.xml.sgn is refused by rule bad_signature: " && old_files_stay a
}
test_that 'a list and a configuration with one bit changed are refused' refuses_the_broken

takes_the_foreign_after_erasing() {
    cp -r a b && expect 3 "$phone" $name --until files --tftp "127.0.0.1:$foreign" --home b --erase ctl &&
        prints 'Erasing CTL file' && # the ITL still guards
        expect 0 "$phone" $name --until files --tftp "127.0.0.1:$foreign" --home b --erase ctl --erase itl &&
        prints 'Erasing CTL and ITL files' && prints 'Trust List Updated' &&
        cmp b/CTLFile.tlv "foreign/CTL$name.tlv"
}
test_that 'erased lists are gone, and the next ones are taken on trust' takes_the_foreign_after_erasing

a_7940_wants_its_server_in_the_ctl() {
    mkdir -p elsewhere
    "$trustline" list build "elsewhere/CTLFile.tlv" --type ctl --signer ours.pem \
        --record SAST=ours.pem --record CCM+TFTP=ours.pem,address=192.0.2.77 >/dev/null &&
        expect 3 "$phone" $name --until files --tftp "127.0.0.1:$good" --home elsewhere --model 7940 --quiet &&
        prints 'is refused by rule server_address' &&
        expect 0 "$phone" $name --until files --tftp "127.0.0.1:$good" --model 7940 &&
        ! grep -q ITL$name out
}
test_that 'a 7940 trusts servers that are in its CTL, and asks for no ITL' a_7940_wants_its_server_in_the_ctl

newer_phones_use_http() {
    expect 0 "$phone" $name --until files --tftp "127.0.0.1:$web" --model 8845 &&
        prints "HTTP: [1]:Requesting CTL$name.tlv from 127.0.0.1 port $((web + 6901))" &&
        ! grep -q 'TFTP: ' out &&
        expect 0 "$phone" $name --until files --tftp "127.0.0.1:$good" --model 8845 &&
        prints 'HTTP download error, try tftp download'
}
test_that 'newer phones ask over HTTP, and by TFTP where there is none' newer_phones_use_http

json_is_whole() {
    expect 0 "$phone" $name --until files --tftp "127.0.0.1:$good" --home j --json && is_json &&
        [ "$(json '$.reached')" = files ] && [ "$(json '$.device')" = $name ] &&
        [ "$(json '$.files[0].rule')" = first_list ] &&
        [ "$(json '$.files[0].sha256')" = "$(sha256sum <good/CTL$name.tlv | cut -d' ' -f1)" ] &&
        [ "$(json '$.lists.after.itl.sha1')" = "$(sha1sum <good/ITLFile.tlv | cut -d' ' -f1)" ] &&
        [ -z "$(json '$.lists.before.ctl')" ] && [ "$(json '$.configuration.protocol')" = sccp ] &&
        expect 3 "$phone" $name --until files --tftp "127.0.0.1:$broken" --home j --json && is_json &&
        [ "$(json '$.outcome')" = refused ] && [ "$(json '$.files[0].verdict')" = no ] &&
        [ "$(json '$.files[0].rule')" = bad_signature ] && [ -z "$(json '$.reached')" ]
}
test_that 'JSON says the same, and nothing else is printed' json_is_whole

nobody_there() {
    expect 1 "$phone" $name --until files --tftp 127.0.0.1:9 --quiet && one_line &&
        says "trustline-phone: $name: CTL$name.tlv: nobody listens at 127.0.0.1:9" &&
        prints 'TFTP Timeout' && prints 'No Trust List Installed' &&
        expect 1 "$phone" $name --until files --tftp nowhere.invalid && says "host 'nowhere.invalid'"
}
test_that 'where nobody listens, it ends soon and says so' nobody_there

nothing_served() {
    expect 1 "$phone" SEP0000000000FF --until files --tftp "127.0.0.1:$good" --model 7912 --quiet &&
        says 'neither SEP0000000000FF.cnf.xml nor XMLDefault.cnf.xml' &&
        prints 'File Not Found <Cfg File>'
}
test_that 'a server with nothing for it is a failure that names the files' nothing_served

wrong_homes() {
    expect 1 "$phone" SEP0000000000FF --until files --tftp "127.0.0.1:$good" --home a && one_line &&
        says "a: this is the flash of $name, not of SEP0000000000FF" &&
        cp -r a c && echo junk >c/CTLFile.tlv &&
        expect 1 "$phone" $name --until files --tftp "127.0.0.1:$good" --home c && one_line &&
        says '--erase ctl helps' && expect 1 "$phone" $name --until files --tftp "127.0.0.1:$good" --home /dev/null/x
}
test_that 'a flash of another phone, a broken one and no directory are told apart' wrong_homes

wrong_usage() {
    expect 2 "$phone" && expect 2 "$phone" $name && expect 2 "$phone" SEP12 --tftp x &&
        expect 2 "$phone" $name --tftp x --until call && says 'who calls' &&
        expect 2 "$phone" $name --tftp x --model 1 && expect 2 "$phone" --fleet 5 --tftp x &&
        expect 2 "$phone" $name --tftp x:y && expect 0 "$phone" --help && prints 'usage:' &&
        expect 0 "$phone" --version
}
test_that 'wrong usage ends with status 2 and a sentence' wrong_usage

full_output() {
    "$phone" $name --until files --tftp "127.0.0.1:$good" >/dev/full 2>err
    [ $? -eq 1 ] && says 'cannot write the output'
}
test_that 'output that cannot be written is a failure' full_output

lossy_network() {
    expect 0 "$phone" $name --until files --tftp "127.0.0.1:$lossy" --quiet && prints 'has its files'
}
test_that 'a network that loses packets delays only' lossy_network

# ---- fleets ----

mkdir fleet
cp good/ITLFile.tlv fleet/
count=150
i=0
while [ $i -lt $count ]; do
    ln "good/CTL$name.tlv" "fleet/$(printf 'CTLSEP00110000%04X.tlv' $i)"
    i=$((i + 1))
done
"$trustline" file sign "$vector/config/7-XMLDefault.cnf.xml" fleet/XMLDefault.cnf.xml.sgn \
    --signer ours.pem --filename XMLDefault.cnf.xml.sgn >/dev/null || exit 1
serve fleet --http && fleet=$port

a_fleet_boots() {
    expect 0 "$phone" --fleet $count --until files --first SEP001100000000 --tftp "127.0.0.1:$fleet" \
        --model 7940,7975,8845 --home homes --quiet &&
        prints "$count phones: $count have their files, 0 failed, 0 refused something" &&
        prints 'phones/s' && prints '99% in' && prints "first_list $count" &&
        [ "$(ls homes | wc -l)" -eq $count ] &&
        cmp homes/SEP001100000095/CTLFile.tlv "good/CTL$name.tlv"
}
test_that 'a fleet of three models boots, each phone with a home of its own' a_fleet_boots

a_fleet_counts() {
    expect 3 "$phone" --fleet 10 --until files --first SEP001100000000 --tftp "127.0.0.1:$foreign" \
        --home homes --quiet --json && is_json && [ "$(json '$.refused')" = 10 ] &&
        [ "$(json '$.refused_by_rule.unknown_signer')" = 20 ] && [ "$(json '$.phones')" = 10 ]
}
cp "foreign/CTL$name.tlv" foreign/CTLSEP001100000000.tlv
i=1
while [ $i -lt 10 ]; do
    ln foreign/CTLSEP001100000000.tlv "foreign/CTLSEP00110000000$i.tlv"
    i=$((i + 1))
done
test_that 'a fleet at a foreign cluster counts what was refused by rule, and exits 3' a_fleet_counts

a_fleet_at_a_rate() {
    expect 0 "$phone" --fleet 30 --until files --first SEP001100000000 --tftp "127.0.0.1:$fleet" --rate 60/s \
        --concurrency 3 --json --quiet && is_json &&
        [ "$(sqlite3 :memory: "select json_extract(readfile('out'), '\$.seconds') between 0.4 and 20")" = 1 ]
}
test_that 'a fleet is switched on at its rate' a_fleet_at_a_rate

interrupted() {
    "$phone" --fleet 1000 --until files --first SEP001100000000 --tftp "127.0.0.1:$fleet" --rate 10/s >out 2>err &
    fleet_pid=$!
    tries=0
    # Not before the fleet takes the signal (the bit of SIGINT), or it would just end the process.
    until grep -q "^SigCgt:.*[2367abef]\$" "/proc/$fleet_pid/status"; do
        tries=$((tries + 1))
        [ $tries -lt 2000 ] || break
    done
    kill -INT $fleet_pid
    wait $fleet_pid
    [ $? -eq 1 ] && prints 'have their files'
}
test_that 'an interrupted fleet says how far it came' interrupted

exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
for server in $servers; do
    wait "$server"
done
done_testing
