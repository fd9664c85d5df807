#!/bin/sh
# enrol_phone.sh TRUSTLINE TRUSTLINED TRUSTLINE-PHONE: simulated phones and a real node, from the
# first visit at CAPF to the configuration that only one phone can open, by every way of being known.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"

state=$work/node
name=SEP001122330001
admin() { "$trustline" "$@" --state "$state"; }

boot() { # NAME OPTION...
    device=$1
    shift
    timeout 60 "$phone" "$device" --model 8845 --tftp "127.0.0.1:$((69 + offset))" --home "$work/flash/$device" \
        --until files --quiet "$@" >"$work/said" 2>"$work/err"
    got=$?
    cat "$work/said" "$work/err"
    return $got
}
opened() { grep -q "$1.cnf.xml.enc.sgn" "$work/said" && grep -q 'Configuration: encrypted' "$work/said"; }
serial() { openssl x509 -in "$work/flash/$1/LSC.pem" -noout -serial; }
# A change is served a moment later.
asks_for() { fetch $name.cnf.xml.sgn short && grep -aq "<capfAuthMode>$1<" short; }

prepare() {
    make_node "$state" --organization Example --country XX && start_node "$state" || return
    admin utils ctl set-cluster mixed-mode --yes && admin profile add sealed --model any --protocol sip \
        --mode encrypted --tftp-encrypted yes --capf-auth string || return
    "$phone" --make-mic "$work/maker.pem" $name "$work/mic.pem" &&
        "$phone" --make-mic "$work/other.pem" $name "$work/mic2.pem" || return
    admin set cert import trust CAPF-trust "$work/maker.pem" || return
    for device in $name SEP001122330002; do
        admin phone add $device --model 8845 --profile sealed --line 1001 || return
    done
}

waits_for_its_user() {
    admin phone update $name --capf-operation install --auth-string 28371 --yes || return
    boot $name && return 1
    grep -q 'waits for its user' "$work/err" && ! opened $name
}
wrong_string() {
    boot $name --auth-string 28372 --until enrolled && return 1
    [ ! -e "$work/flash/$name/LSC.pem" ]
}
by_string() {
    boot $name --auth-string 28371 --until enrolled && opened $name || return
    admin show cert own CAPF --pem >capf.pem && openssl verify -CAfile capf.pem "$work/flash/$name/LSC.pem"
}
by_lsc() {
    before=$(serial $name)
    admin phone update $name --capf-operation install --capf-auth lsc --yes && eventually asks_for 3 && boot $name --until enrolled &&
        opened $name && [ "$(serial $name)" != "$before" ]
}
by_null_string() {
    before=$(serial $name)
    admin phone update $name --capf-operation install --capf-auth null-string --yes && eventually asks_for 2 &&
        boot $name --until enrolled && [ "$(serial $name)" != "$before" ]
}
# After its LSC is gone, the MIC vouches; one of a maker nobody trusts does not.
by_mic() {
    rm "$work/flash/$name/LSC.pem"
    admin phone update $name --capf-operation install --capf-auth mic --yes && eventually asks_for 4 || return
    boot $name --until enrolled --mic "$work/mic2.pem" && return 1
    # A failed attempt does not end the order, also not in what a node says that starts anew.
    grep -q "CAPF refuses this phone" said && stop_node && start_node "$state" && asks_for 4 || return
    boot $name --until enrolled --mic "$work/mic.pem" && opened $name || return
    admin phone show $name >out && grep -q 'MIC' out
}
mic_of_another() {
    admin phone update SEP001122330002 --capf-operation install --capf-auth mic --yes || return
    boot SEP001122330002 --until enrolled --mic "$work/mic.pem" && return 1
    [ ! -e "$work/flash/SEP001122330002/LSC.pem" ]
}
deleted() {
    admin phone update SEP001122330002 --capf-operation delete --capf-auth null-string --yes >out 2>&1 &&
        grep -q 'without its LSC it cannot read it' out || { cat out; fails 'no note'; return; }
    admin phone update $name --capf-operation delete --capf-auth null-string --yes >out 2>&1 &&
        ! grep -q 'cannot read it' out || { fails 'a phone with a MIC was warned of'; return; }
    eventually asks_for 2 && boot $name --until enrolled
    [ ! -e "$work/flash/$name/LSC.pem" ] && admin phone show $name --json >out &&
        [ "$(sqlite3 :memory: "select json_extract(readfile('out'), '$.capf.status')")" = 'Delete Success' ]
}
# Each key is the proof for the next: SIGNED_DATA by RSA and by ECDSA.
every_kind() {
    device=SEP001122330003
    admin profile add open --model any --protocol sip --mode non-secure --capf-auth null-string || return
    admin phone add $device --model 8845 --profile open --line 1003 || return
    admin show cert own CAPF --pem >capf.pem
    auth=null-string
    for kind in "rsa 1024" "ec P-256" "ec P-384" "ec P-521" "rsa 3072" "rsa 2048"; do
        set -- $kind
        size=--key-size
        [ $1 = rsa ] || size=--curve
        admin phone update $device --capf-operation install --capf-auth $auth $size "$2" --yes || return
        eventually goes_to_capf $device || return
        boot $device --until enrolled || return
        openssl verify -x509_strict -CAfile capf.pem "$work/flash/$device/LSC.pem" || return
        openssl x509 -in "$work/flash/$device/LSC.pem" -noout -text | grep -Eq "Public-Key: \\(${2#P-} bit|NIST CURVE: $2" ||
            { fails "the certificate is not for $kind"; return; }
        auth=lsc
    done
}
# EC is preferred: a phone that answers that it makes no such key gets an RSA key in the same session, and one whose
# configuration is encrypted is ordered an RSA key at once, though it could make the other.
rsa_backup() {
    admin phone add SEP001122330004 --model 9971 --profile open --line 1004 &&
        admin profile add closed --model any --protocol sip --mode encrypted --tftp-encrypted yes --capf-auth null-string &&
        admin phone add SEP001122330005 --model 8845 --profile closed --line 1005 || return
    for device in SEP001122330004 SEP001122330005; do
        admin phone update $device --capf-operation install --capf-auth null-string --curve P-256 --key-size 2048 --yes &&
            eventually goes_to_capf $device || return
        model=8845
        [ $device = SEP001122330005 ] || model=9971
        boot $device --model $model --until enrolled || return
        openssl x509 -in "$work/flash/$device/LSC.pem" -noout -text | grep -q 'Public-Key: (2048 bit' ||
            { fails "$device has another key"; return; }
    done
    opened SEP001122330005
}
goes_to_capf() { fetch "$1.cnf.xml.sgn" short && grep -aq "<capfAuthMode>[23]<" short; }

never_in_clear() {
    for file in $name.cnf.xml $name.cnf.xml.sgn; do
        fetch $file got && ! grep -aq '1001' got || { fails "$file has the line in clear"; return; }
        curl -sS --fail "http://127.0.0.1:$((6970 + offset))/$file" -o got && ! grep -aq 1001 got || return
    done
    fetch $name.cnf.xml.enc.sgn got && ! grep -aq 1001 got || [ ! -s got ]
}

test_that 'a node in mixed mode has phones with encrypted configuration' prepare
test_that 'a phone waits for its user to type the string' waits_for_its_user
test_that 'a wrong string gets no certificate' wrong_string
test_that 'a phone enrols by its string, and opens its configuration' by_string
test_that 'by the certificate it has it gets the next one' by_lsc
test_that 'by a null string it gets another' by_null_string
test_that 'its configuration is never served in clear' never_in_clear
test_that 'by its factory certificate it enrols when its maker is trusted' by_mic
test_that 'the factory certificate of another phone is of no use' mic_of_another
test_that 'its certificate is deleted on order' deleted
test_that 'keys of every kind and size are made, certified and proved with' every_kind
test_that 'where EC is preferred the RSA backup is taken by phones that need it' rsa_backup
done_testing
