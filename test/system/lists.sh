#!/bin/sh
# Lists and signed files through the real program, judged from outside: by the vectors, by the
# openssl command, by SQLite's JSON. lists.sh TRUSTLINE TOKEN_PUT
trustline=$(realpath "$1")
token_put=$(realpath "$2")
. "$(dirname "$0")/lib.sh"

# The vectors keep certificate and key apart; a signer is a PEM with both.
openssl x509 -inform DER -in "$vector/signer.der" -out "$work/signer.pem" || exit 1
cat "$vector/signer.key.pem" >>"$work/signer.pem"
openssl x509 -inform DER -in "$vector/signer.der" -noout -pubkey >"$work/signer.pub"
dated="--timestamp 1704067200"

# ---- golden bytes ----

build_ctl() { # OUT SIGNER-OPTIONS...: the CTL of the vectors
    out=$1
    shift
    "$trustline" list build "$out" --type ctl $dated "$@" \
        --record "sast=$vector/signer.der,dns=pub1,address=192.0.2.10" \
        --record "ccm+tftp=$work/signer.pem,dns=pub1,address=192.0.2.10" \
        --record "capf=$vector/capf.der,dns=pub1,address=192.0.2.10"
}
ctl_is_rebuilt() {
    expect 0 build_ctl ctl.tlv --signer signer.pem && cmp ctl.tlv "$vector/CTLFile.tlv" &&
        prints 'ctl.tlv: 3216 bytes, 3 records, signed by CN=pub1;' &&
        [ "$(stat -c %a ctl.tlv)" = 644 ]
}
itl_is_rebuilt() {
    expect 0 "$trustline" list build - --type itl $dated --signer signer.pem \
        --record "sast=$vector/signer.der" --record "tftp=$vector/signer.der" \
        --hash-record "capf=$vector/capf.der" --hash-record "tvs=$vector/tvs.der" &&
        cmp out "$vector/ITLFile.tlv"
}
itl_sha512_is_rebuilt() {
    expect 0 "$trustline" list build /dev/stdout --type itl $dated --signer signer.pem \
        --record "sast=$vector/signer.der" --record "tftp=$vector/signer.der" \
        --record "tvs=$vector/tvs.der" --digest sha512 --aea-version 1.1 &&
        cmp out "$vector/ITLFile-v11-sha512.tlv" && [ -L /dev/stdout ]
}
sgn_is_rebuilt() {
    expect 0 "$trustline" file sign "$vector/SEP001122334455.cnf.xml" SEP001122334455.cnf.xml.sgn \
        --signer signer.pem $dated &&
        cmp SEP001122334455.cnf.xml.sgn "$vector/SEP001122334455.cnf.xml.plain-config.sgn"
}
short_sgn_is_rebuilt() {
    expect 0 "$trustline" file unsign "$vector/SEP001122334455.cnf.xml.sgn" \
        SEP001122334455.cnf.xml &&
        expect 0 "$trustline" file sign SEP001122334455.cnf.xml - --signer signer.pem $dated &&
        cmp out "$vector/SEP001122334455.cnf.xml.sgn"
}
from_stdin() {
    "$trustline" file sign - - --filename SEP001122334455.cnf.xml.sgn --signer signer.pem $dated \
        <"$vector/SEP001122334455.cnf.xml" | "$trustline" file unsign - - |
        cmp - "$vector/SEP001122334455.cnf.xml"
}
same_input_same_bytes() {
    build_ctl one.tlv --signer signer.pem --digest sha256 &&
        build_ctl two.tlv --signer signer.pem --digest sha256 && cmp one.tlv two.tlv
}
shown_as_cucm_does() {
    expect 0 "$trustline" show ctl "$vector/CTLFile.tlv" && cmp out "$vector/CTLFile.show.txt" &&
        expect 0 "$trustline" show itl "$vector/ITLFile.tlv" &&
        cmp out "$vector/ITLFile.show.txt" &&
        "$trustline" show ctl - <"$vector/CTLFile.tlv" | cmp - "$vector/CTLFile.show.txt"
}
test_that 'the CTL vector is rebuilt bit for bit' ctl_is_rebuilt
test_that 'the ITL vector is rebuilt bit for bit' itl_is_rebuilt
test_that 'the SHA-512 ITL vector is rebuilt bit for bit' itl_sha512_is_rebuilt
test_that 'the signed configuration is rebuilt bit for bit' sgn_is_rebuilt
test_that 'the signed short file is rebuilt bit for bit' short_sgn_is_rebuilt
test_that 'what is signed and unsigned through pipes comes back' from_stdin
test_that 'same input and timestamp, same bytes' same_input_same_bytes
test_that 'lists are shown byte for byte as CUCM does' shown_as_cucm_does

# ---- the openssl command as judge ----

# cut_signature FILE: walks the header with od alone and cuts tag 12 out: what was signed is in
# covered, the signature in signature.
cut_signature() {
    header=$(u16 "$1" 8)
    at=0
    while [ "$at" -lt "$header" ]; do
        tag=$(od -An -j "$at" -N 1 -t u1 "$1" | tr -d ' ')
        length=$(u16 "$1" $((at + 1)))
        case $tag in
        12) break ;;
        3 | 7 | 9) at=$((at + 3)) ;; # containers: step inside
        *) at=$((at + 3 + length)) ;;
        esac
    done
    [ "$tag" = 12 ] || fails "no signature in $1" || return
    head -c "$at" "$1" >covered
    tail -c +$((at + 3 + length + 1)) "$1" >>covered
    tail -c +$((at + 4)) "$1" | head -c "$length" >signature
}
openssl_agrees() { # FILE DIGEST
    cut_signature "$1" && openssl dgst "-$2" -verify signer.pub -signature signature covered
}
openssl_checks_lists() {
    for digest in sha1 sha256 sha512; do
        build_ctl judged.tlv --signer signer.pem --digest $digest &&
            openssl_agrees judged.tlv $digest || return
    done
}
openssl_checks_files() {
    expect 0 "$trustline" file sign "$vector/SEP001122334455.cnf.xml" x.sgn --signer signer.pem &&
        openssl_agrees x.sgn sha1
}
covered_bytes_are_the_known_ones() {
    cut_signature "$vector/CTLFile.tlv" && [ "$(wc -c <covered)" -eq 3085 ] &&
        openssl dgst -sha1 -r covered | grep -q '^f7189f51ae61c78b8fef8a746d6e8bab4cfaea91 '
}
test_that 'openssl alone finds the signature of lists right, for every digest' openssl_checks_lists
test_that 'openssl alone finds the signature of a file right' openssl_checks_files
test_that 'the covered bytes are those known' covered_bytes_are_the_known_ones

# ---- lengths, as arithmetic says ----

# Certificates of each key size; the length of every element follows from them.
lengths_add_up() {
    for bits in 1024 2048 4096; do
        pem=$vector/pool/rsa$bits.pem
        der=$(openssl x509 -in "$pem" -outform DER | wc -c)
        name=$(expr length "CN=pool-rsa$bits;OU=LAB;O=Example;L=Town;ST=ZZ;C=XX" + 1)
        public=$(openssl x509 -in "$pem" -noout -pubkey | openssl rsa -pubin -RSAPublicKey_out \
            -outform DER 2>/dev/null | wc -c)
        "$trustline" list build sized.tlv --type ctl --signer "$pem" \
            --record "sast=$pem,dns=host,address=192.0.2.1" >/dev/null || return
        expect 0 "$trustline" show ctl sized.tlv --json || return
        serial=$(($(json '$.signer.serial' | wc -c) / 2))
        sum=$((5 + 5 + 3 + 3 + name + 3 + serial + 3 + name + 18 + 3 + bits / 8 + 15 + 7))
        [ "$(json '$.header_length')" -eq $(((sum + 3) / 4 * 4)) ] || fails "header, RSA $bits" ||
            return
        # 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
        sum=$((5 + 8 + 3 + name + 5 + 3 + name + 3 + serial + 3 + public + 3 + bits / 8 + 3 + der + 7))
        [ "$(json '$.records[0].length')" -eq $sum ] || fails "record, RSA $bits: not $sum" ||
            return
    done
}
test_that 'header and record lengths add up for every key size' lengths_add_up

# ---- what is broken is refused ----

flip() { # FILE OFFSET: another byte there, into flipped.tlv
    byte=$(od -An -j "$2" -N 1 -t u1 "$1" | tr -d ' ')
    cp "$1" flipped.tlv
    # shellcheck disable=SC2059 # an octal escape is what is wanted
    printf "\\$(printf %03o $((byte ^ 1)))" |
        dd of=flipped.tlv bs=1 seek="$2" conv=notrunc 2>/dev/null
}
flipped_bytes_are_refused() {
    step=97
    is_long && step=1
    at=0
    while [ $at -lt 3216 ]; do
        flip "$vector/CTLFile.tlv" $at
        "$trustline" show ctl flipped.tlv >out 2>err
        case $? in
        3) tail -n 1 out | grep -qx 'Verification of the CTL File Failed' ;;
        1) grep -Eq 'offset [0-9]+|tag [0-9]+' err || grep -q 'by the name inside' err ;;
        *) false ;;
        esac || fails "offset $at: $(cat err)" || return
        one_line || return
        "$trustline" list verify flipped.tlv --against "$vector/CTLFile.tlv" >out 2>err
        [ $? -eq 3 ] || fails "offset $at: accepted" || return
        at=$((at + step))
    done
}
truncations_are_refused() {
    for size in 0 1 4 5 9 10 100 134 200 287 288 289 292 1000 1251 1252 3215; do
        head -c $size "$vector/CTLFile.tlv" >cut.tlv
        "$trustline" show ctl cut.tlv >out 2>err
        case $? in
        1) grep -Eq 'offset|empty' err && [ ! -s out ] ;;
        3) grep -qx 'Verification of the CTL File Failed' out ;;
        *) false ;;
        esac || fails "$size bytes: $(cat err)" || return
        one_line || return
    done
}
nothing_half_made() {
    before=$(ls -A | sort)
    mkdir there
    expect 1 "$trustline" list build there --type ctl --signer signer.pem && one_line || return
    rmdir there
    expect 1 "$trustline" list build none/list.tlv --type ctl --signer signer.pem &&
        says 'none/list.tlv: cannot write: No such file or directory' && one_line &&
        expect 1 "$trustline" list build list.tlv --type ctl --signer "$vector/signer.der" &&
        one_line && [ "$before" = "$(ls -A | sort)" ]
}
test_that 'a list with any flipped byte is refused' flipped_bytes_are_refused
test_that 'a truncated list is refused' truncations_are_refused
test_that 'what cannot be written leaves nothing behind' nothing_half_made

# ---- every message, read aloud ----

complains() { # STATUS TEXT COMMAND...
    status_wanted=$1
    text=$2
    shift 2
    expect "$status_wanted" "$trustline" "$@" && says "$text" || return
    [ "$status_wanted" -eq 2 ] || one_line
}
build() { # more options
    echo list build x.tlv --type ctl --signer signer.pem "$@"
}
ec=$vector/pool/ec256.pem
cat "$vector/pool/rsa2048.pem" >mixed.pem
openssl x509 -in "$ec" >bare.pem && { cat bare.pem; openssl pkey -in "$ec" -aes128 -passout pass:x; } >locked.pem
openssl x509 -in "$ec" >unfit.pem && sed -n '/PRIVATE KEY/,$p' mixed.pem >>unfit.pem
messages() {
    complains 2 "there is no command 'show clt'; did you mean 'show ctl'?" show clt &&
        complains 2 "'list' is only half a command" list &&
        complains 2 'list build: OUT is missing' list build &&
        complains 2 'list build: --type ctl|itl is missing' list build x.tlv &&
        complains 2 'list build: --signer is missing' list build x.tlv --type itl &&
        complains 2 '--type xtl: ctl and itl are known' list build x.tlv --type xtl &&
        complains 2 '--digest md5: sha1, sha256 and sha512 are known' $(build --digest md5) &&
        complains 2 '--timestamp tomorrow: seconds' $(build --timestamp tomorrow) &&
        complains 2 '--aea-version 2.0: 1.0 and 1.1' $(build --aea-version 2.0) &&
        complains 2 "--record boss=x: role 'boss' is not known" $(build --record boss=x) &&
        complains 2 'ROLE=CERT is meant' $(build --record sast) &&
        complains 2 "'1.2.3' is no IP address" $(build --record sast=x,address=1.2.3) &&
        complains 1 'absent.pem: cannot open: No such file' $(build --record sast=absent.pem) &&
        complains 1 'signer.key.pem: no certificate in it' \
            $(build --record "sast=$vector/signer.key.pem") &&
        complains 1 'absent.pem: cannot open' list build x.tlv --type ctl --signer absent.pem &&
        complains 1 'RSA 1024, 2048 or 4096 only' list build x.tlv --type ctl --signer "$ec" &&
        complains 1 'unfit.pem: the private key does not fit the certificate' \
            list build x.tlv --type ctl --signer unfit.pem &&
        complains 1 'bare.pem: no private key in it (PEM, ' list build x.tlv --type ctl --signer bare.pem &&
        complains 1 'locked.pem: its private key has a password' list build x.tlv --type ctl --signer locked.pem &&
        complains 2 'belong to a signer of the form pkcs11:' $(build --pin-file x) &&
        complains 2 'unknown option --jsno; did you mean --json?' show ctl --jsno &&
        complains 1 "'show itl' shows it" show ctl "$vector/ITLFile.tlv" &&
        complains 2 'a second CTL; a phone holds one' list verify "$vector/CTLFile.tlv" \
            --against "$vector/CTLFile.tlv" --against "$vector/CTLFile.tlv" &&
        complains 2 '--model 4711 is not known' list verify x --model 4711 &&
        complains 2 'absent: cannot open' list diff "$vector/CTLFile.tlv" absent &&
        complains 2 'either --certificate or --against' file verify x &&
        complains 1 'is no signed file' file unsign "$vector/signer.der" - &&
        complains 1 'is a trust list' file unsign "$vector/CTLFile.tlv" - &&
        complains 1 'is sealed' file unsign "$vector/SEP001122334455.cnf.xml.enc.sgn" - &&
        complains 1 'is signed already' file sign "$vector/SEP001122334455.cnf.xml.sgn" - \
            --signer signer.pem --filename x &&
        complains 2 '--filename is missing' file sign - - --signer signer.pem
}
limits_are_said() {
    set --
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        set -- "$@" --record "tftp=$vector/pool/rsa4096.pem" --record "ccm=$vector/tvs.der"
    done
    expect 1 "$trustline" list build x.tlv --type itl --signer signer.pem "$@" &&
        says 'x.tlv: 40 certificates: phones fail to register with a list of more than 39' &&
        one_line || return
    all=
    for i in $(seq 39); do all="$all --record tftp=$vector/pool/rsa4096.pem"; done
    # shellcheck disable=SC2086 # a list of words
    expect 1 "$trustline" list build x.tlv --type itl --signer signer.pem $all &&
        says 'phones fail to register with a list of more than 65535' && [ ! -e x.tlv ]
}
test_that 'every mistake is answered by a clear line' messages
test_that 'a list over the limits of phones is refused, with the numbers' limits_are_said

# ---- verdicts ----

verdicts() {
    ctl=$vector/CTLFile.tlv
    expect 0 "$trustline" list verify "$ctl" && prints 'Rule:    first_list' &&
        expect 0 "$trustline" list verify "$ctl" --against "$ctl" &&
        prints 'Rule:    signer_in_ctl' &&
        expect 0 "$trustline" list verify "$vector/ITLFile.tlv" --against "$ctl" \
            --against "$vector/ITLFile.tlv" --model 7975 --json && is_json &&
        [ "$(json '$.verdict')" = yes ] && [ "$(json '$.model')" = 7975 ] || return
    "$trustline" list build foreign.tlv --type ctl --signer mixed.pem --record sast=mixed.pem &&
        expect 3 "$trustline" list verify foreign.tlv --against "$ctl" --model 7960 &&
        prints 'Verdict: no' && prints 'Rule:    unknown_signer' || return
    expect 3 "$trustline" list verify "$vector/signer.der" --json && is_json &&
        [ "$(json '$.rule')" = malformed ]
}
files_are_verified() {
    sgn=$vector/SEP001122334455.cnf.xml.sgn
    expect 0 "$trustline" file verify "$sgn" --certificate "$vector/signer.der" &&
        prints 'the signature is right: SEP001122334455.cnf.xml.sgn, signed by CN=pub1;' &&
        expect 0 "$trustline" file verify "$sgn" --against "$vector/ITLFile.tlv" &&
        expect 0 "$trustline" file verify "$sgn" --against "$vector/CTLFile.tlv" --json &&
        is_json && [ "$(json '$.verified')" = 1 ] &&
        complains 3 'is not signed by CN=CAPF-00c0ffee' file verify "$sgn" \
            --certificate "$vector/capf.der" || return
    "$trustline" list build capf.tlv --type ctl --signer signer.pem --record sast=signer.pem &&
        complains 3 'no record for CCM+TFTP or TFTP' file verify "$sgn" --against capf.tlv || return
    flip "$sgn" 500
    expect 3 "$trustline" file verify flipped.tlv --certificate signer.pem --json && is_json &&
        [ "$(json '$.reason')" = 'the signature is wrong' ]
}
lists_are_compared() {
    expect 0 "$trustline" list diff "$vector/CTLFile.tlv" "$vector/CTLFile.tlv" && [ ! -s out ] &&
        expect 1 "$trustline" list diff "$vector/CTLFile.tlv" "$vector/ITLFile.tlv" &&
        prints '+ CN=pub1-TVS;' &&
        expect 1 "$trustline" list diff "$vector/CTLFile.tlv" "$vector/ITLFile.tlv" --json &&
        is_json && [ "$(json '$.added[0].new[0].function')" = TVS ]
}
json_is_json() {
    for list in CTLFile ITLFile; do
        kind=$(echo $list | cut -c 1-3 | tr A-Z a-z)
        expect 0 "$trustline" show "$kind" "$vector/$list.tlv" --json && is_json || return
    done
    [ "$(json '$.records[0].certificate.sha1')" = 9ee48993f3378bde5485846f3c6382425134d74f ] &&
        [ "$(json '$.md5')" = "$(md5sum <"$vector/ITLFile.tlv" | cut -d ' ' -f 1)" ]
}
no_cluster() {
    expect 1 "$trustline" show ctl --state "$work/absent" &&
        says "$work/absent: there is no cluster here" && one_line &&
        expect 1 env TRUSTLINE_STATE="$work" "$trustline" show itl &&
        says "$work: there is no cluster here"
}
test_that 'without a file and without a cluster nothing is shown' no_cluster
test_that 'verdicts name their rule' verdicts
test_that 'signed files are verified against certificates and lists' files_are_verified
test_that 'two lists are compared' lists_are_compared
test_that 'JSON is JSON' json_is_json

# ---- configuration files ----

configurations_are_linted() {
    expect 3 "$trustline" file lint "$vector/signer.der" && prints 'error' &&
        expect 3 "$trustline" file lint "$vector/signer.der" --json && is_json &&
        [ "$(json '$.findings[0].severity')" = error ] || return
    for file in "$vector"/config/2-79xx-sccp-full.cnf.xml "$vector/SEP001122334455.cnf.xml.sgn"; do
        "$trustline" file lint "$file" --model 7975 --json >out 2>err
        is_json && [ ! -s err ] && [ "$(json '$.count')" -ge 0 ] || return
    done
}
test_that 'configuration files are looked over' configurations_are_linted

# ---- tokens ----

pin=4711-0815
uri='pkcs11:token=lists;object=signer'
make_token() {
    mkdir tokens && printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$work/tokens" \
        >softhsm2.conf || return
    export SOFTHSM2_CONF=$work/softhsm2.conf
    softhsm2-util --init-token --free --label lists --pin $pin --so-pin 12345678 >/dev/null &&
        "$token_put" lists $pin signer 1 "$vector/signer.der" "$vector/signer.key.pem"
}
token_signs_the_vector() {
    printf '%s\n' $pin >pin
    expect 0 build_ctl token.tlv --signer "$uri" --module "$module" --pin-file pin &&
        cmp token.tlv "$vector/CTLFile.tlv" || return
    printf '%s\n' $pin | "$trustline" file sign "$vector/SEP001122334455.cnf.xml" - \
        --filename SEP001122334455.cnf.xml.sgn $dated --pin-file - \
        --signer "$uri?module-path=$module" |
        cmp - "$vector/SEP001122334455.cnf.xml.plain-config.sgn"
}
token_errors_are_clear() {
    echo 0000 >wrong
    complains 1 "token 'lists': the PIN is wrong; the token counts wrong PINs" \
        list build x.tlv --type ctl --signer "$uri" --module "$module" --pin-file wrong &&
        complains 1 'absent: no token that can sign fits this URI' \
            list build x.tlv --type ctl --signer pkcs11:token=absent --module "$module" &&
        complains 1 "holds no certificate or key of that name; it holds 'signer'" \
            list build x.tlv --type ctl --signer 'pkcs11:token=lists;object=x' \
            --module "$module" --pin-file pin &&
        complains 1 'PKCS#11 module /absent.so: No such file' \
            list build x.tlv --type ctl --signer "$uri" --module /absent.so &&
        complains 2 'where everybody can read it' \
            list build x.tlv --type ctl --signer "$uri?pin-value=$pin" --module "$module" &&
        complains 1 'pin: cannot open' list build x.tlv --type ctl --signer "$uri" \
            --module "$module" --pin-file no/pin && [ ! -e x.tlv ]
}
# Nobody is there to type: no terminal, since setsid takes it away.
token_asks_nobody() {
    expect 2 setsid -w "$trustline" list build x.tlv --type ctl --signer "$uri" \
        --module "$module" && says 'no terminal is there to ask'
}
module=$(softhsm_module)
if [ -n "$module" ] && command -v softhsm2-util >/dev/null; then
    test_that 'a token is made' make_token
    export SOFTHSM2_CONF=$work/softhsm2.conf
    test_that 'a token signs the vectors bit for bit' token_signs_the_vector
    test_that 'what is wrong with a token is said' token_errors_are_clear
    test_that 'without a terminal and a PIN file nothing is tried' token_asks_nobody
else
    skip_test 'a token signs the vectors bit for bit' 'SoftHSM2 is not installed'
fi

# ---- help and manual ----

manual_is_complete() {
    "$trustline" --help |
        sed -n 's/^  trustline \([a-z][A-Za-z -]*[A-Za-z]\)  .*/\1/p' >commands
    [ "$(wc -l <commands)" -ge 9 ] || fails "the overview lists too few commands" || return
    man=$root/docs/man/trustline.1
    while read -r command; do
        "$trustline" $command --help >help || return
        case $command in
        'show ctl' | 'show itl') heading='^.Ss show ctl | itl' ;;
        *) heading="^.Ss $command\\( \\|\$\\)" ;;
        esac
        grep -q "$heading" "$man" || fails "trustline.1 does not have: $command" || return
        sed -n 's/^  --\([a-z-]*\).*/\1/p' help | while read -r option; do
            grep -q -e "Fl -$option" "$man" || fails "trustline.1 does not have: --$option" || return
        done || return
    done <commands
}
test_that 'the manual has every command and option' manual_is_complete

done_testing
