#!/bin/sh
# Sealed configurations through the real program; the openssl command opens them with its own
# hands. seal.sh TRUSTLINE
trustline=$(realpath "$1")
. "$(dirname "$0")/lib.sh"

name=SEP001122334455.cnf.xml
openssl x509 -inform DER -in "$vector/signer.der" -out signer.crt || exit 1
cat signer.crt "$vector/signer.key.pem" >signer.pem
openssl x509 -inform DER -in "$vector/device.der" -out device.crt || exit 1
cat device.crt "$vector/device.key.pem" >device.pem
openssl x509 -inform DER -in "$vector/signer.der" -noout -pubkey >signer.pub
dated='--timestamp 1704067200'

seal() { # OPTIONS...
    "$trustline" file seal "$vector/$name" "$name.enc.sgn" --signer signer.pem \
        --device device.crt $dated "$@"
}

vector_opens() {
    expect 0 "$trustline" file unseal "$vector/$name.enc.sgn" plain.xml --key "$vector/device.key.pem" \
        --certificate signer.crt && cmp plain.xml "$vector/$name" &&
        expect 0 "$trustline" file unseal - - --key device.pem <"$vector/$name.enc.sgn" &&
        cmp out "$vector/$name"
}
test_that 'a sealed file of other software opens with the key of the phone' vector_opens

two_files() {
    expect 0 seal && prints 'sealed for CN=CP-7962G-SEP001122334455;' &&
        prints "$name.sgn: " && [ -s "$name.enc.sgn" ] && [ -s "$name.sgn" ] &&
        ! grep -q deviceSecurityMode "$name.enc.sgn" && ! grep -q deviceSecurityMode "$name.sgn"
}
test_that 'sealing writes the sealed file and the short one beside it' two_files

# The offset of the value of the header element TAG in FILE, found by walking from element to
# element as docs/protocols/trust-files.md describes them: containers are gone into.
find_tag() { # FILE TAG
    od -An -v -t u1 "$1" | tr -s ' \n' '\n\n' | awk -v want="$2" '
        NF { b[n++] = $1 }
        END {
            end = b[8] * 256 + b[9]
            for (at = 0; at < end; ) {
                tag = b[at]
                length_ = b[at + 1] * 256 + b[at + 2]
                if (tag == 13) { at++; continue }
                if (tag == want) { print at + 3, length_; exit }
                at += 3
                if (tag != 3 && tag != 7 && tag != 9 && tag != 16 && tag != 17 && tag != 21)
                    at += length_
            }
        }'
}
value() { # FILE TAG: its bytes
    set -- "$1" $(find_tag "$1" "$2")
    tail -c +$(($2 + 1)) "$1" | head -c "$3"
}
hex() { od -An -v -t x1 | tr -d ' \n'; }

# Nothing of ours: the parts by offset, the key by pkeyutl, the text by enc, the padding by its count.
opened_by_openssl() { # FILE
    header=$(u16 "$1" 8)
    value "$1" 25 >wrapped
    openssl pkeyutl -decrypt -inkey "$vector/device.key.pem" -in wrapped -out key \
        -pkeyopt rsa_padding_mode:pkcs1 || return
    tail -c +$((header + 1)) "$1" >cipher
    openssl enc -d -aes-128-cbc -nopad -K "$(hex <key)" -iv "$(value "$1" 19 | hex)" \
        -in cipher -out padded || return
    padding=$((0x$(value "$1" 20 | hex)))
    head -c -"$padding" padded >opened
    cmp opened "$vector/$name"
}
openssl_opens_the_vector() { opened_by_openssl "$vector/$name.enc.sgn"; }
test_that 'openssl alone opens the vector, so the judge can be trusted' openssl_opens_the_vector

openssl_opens_ours() {
    for digest in sha1 sha256 sha512; do
        expect 0 seal --digest $digest && opened_by_openssl "$name.enc.sgn" &&
            [ "$(value "$name.enc.sgn" 27 | hex)" = \
                "$(openssl dgst -$digest -binary "$vector/$name" | hex)" ] ||
            fails "with $digest" || return
    done
}
test_that 'openssl alone opens what we sealed and agrees about the digest' openssl_opens_ours

openssl_verifies_ours() {
    expect 0 seal || return
    for file in "$name.enc.sgn" "$name.sgn"; do
        set -- $(find_tag "$file" 12)
        tail -c +$(($1 + 1)) "$file" | head -c "$2" >signature
        { head -c $(($1 - 3)) "$file"; tail -c +$(($1 + $2 + 1)) "$file"; } >covered
        openssl dgst -sha1 -verify signer.pub -signature signature covered || return
        expect 0 "$trustline" file verify "$file" --certificate signer.crt || return
    done
}
test_that 'openssl agrees with the signatures of both files' openssl_verifies_ours

short_file_is_right() {
    hash=$(md5sum <"$vector/device.der" | cut -d ' ' -f 1)
    expect 0 seal && expect 0 "$trustline" file unsign "$name.sgn" short.xml &&
        grep -q '<fullConfig>false</fullConfig>' short.xml &&
        grep -q "<certHash>$hash</certHash>" short.xml &&
        grep -q '<encrConfig>true</encrConfig>' short.xml &&
        expect 0 "$trustline" file lint "$name.sgn"
}
test_that 'the short file names the certificate and passes the lint' short_file_is_right

there_and_back() {
    expect 0 seal && expect 0 "$trustline" file unseal "$name.enc.sgn" back.xml --key device.pem \
        --certificate signer.crt && cmp back.xml "$vector/$name"
}
test_that 'what was sealed is what comes out' there_and_back

fresh_every_time() {
    expect 0 seal && cp "$name.enc.sgn" first && expect 0 seal && ! cmp -s first "$name.enc.sgn"
}
test_that 'the same file is sealed with another key each time' fresh_every_time

wrong_key() {
    rm -f plain.xml
    expect 3 "$trustline" file unseal "$vector/$name.enc.sgn" plain.xml --key "$vector/pool/rsa2048.pem" &&
        says 'it was not sealed for this key' && one_line && [ ! -e plain.xml ]
}
test_that 'another key opens nothing and leaves nothing behind' wrong_key

wrong_signer() {
    rm -f plain.xml
    expect 3 "$trustline" file unseal "$vector/$name.enc.sgn" plain.xml --key device.pem \
        --certificate "$vector/tvs.der" && says "$name.enc.sgn: " && one_line && [ ! -e plain.xml ]
}
test_that 'a file signed by somebody else is not opened' wrong_signer

damaged() {
    cp "$vector/$name.enc.sgn" bad && printf X | dd of=bad bs=1 seek=700 conv=notrunc 2>/dev/null &&
        expect 3 "$trustline" file unseal bad plain.xml --key device.pem --certificate signer.crt &&
        says 'bad: the signature is wrong' && expect 3 "$trustline" file unseal bad plain.xml \
        --key device.pem && says 'has been changed'
}
test_that 'a changed file is not opened' damaged

not_sealed() {
    expect 1 "$trustline" file unseal "$vector/$name.sgn" plain.xml --key device.pem &&
        says 'the file is not sealed' && one_line &&
        expect 1 "$trustline" file unseal "$vector/$name" plain.xml --key device.pem &&
        says 'is no signed file' && one_line
}
test_that 'what is not sealed is said to be so' not_sealed

ec_device() {
    expect 1 "$trustline" file seal "$vector/$name" "$name.enc.sgn" --signer signer.pem \
        --device "$vector/pool/ec256.pem" && says 'RSA keys' && one_line
}
test_that 'a phone with an EC certificate gets no sealed file, with the reason' ec_device

wrong_usage() {
    expect 2 "$trustline" file seal "$vector/$name" x.sgn --signer signer.pem --device device.crt &&
        says 'OUT must end in .enc.sgn' && expect 2 "$trustline" file seal "$vector/$name" \
        "$name.enc.sgn" --signer signer.pem && says '--device is missing' &&
        expect 2 "$trustline" file seal "$vector/$name" "$name.enc.sgn" --device device.crt &&
        says '--signer' && expect 2 "$trustline" file unseal "$vector/$name.enc.sgn" - &&
        says '--key is missing'
}
test_that 'what is missing on the line is said' wrong_usage

not_a_configuration() {
    echo 'hello' >text && expect 1 "$trustline" file seal text "$name.enc.sgn" --signer signer.pem \
        --device device.crt && says 'text: ' && one_line &&
        expect 1 "$trustline" file seal "$vector/$name.sgn" "$name.enc.sgn" --signer signer.pem \
            --device device.crt && says 'is signed already' && one_line
}
test_that 'only configurations are sealed' not_a_configuration

wrong_phone() {
    "$trustline" file seal "$vector/$name" SEP00AABBCCDDEE.cnf.xml.enc.sgn --signer signer.pem \
        --device device.crt 2>err && grep -q 'SEP00AABBCCDDEE will not be able to read' err
}
test_that 'a file named after another phone is noticed' wrong_phone

done_testing
