# enrol.sh: enrolling phones with capfprobe, for system tests. Sourced after daemon.sh; needs
# $capfprobe and $offset.
#
#     message COMMAND HEX         one message of the session (S is the session id), as capfprobe reads
#     element TAG HEX, text WORDS its pieces
#     auth_res NAME STRING        AUTH_RES of a phone that says its string
#     talk <SCRIPT                what the server said is in $work/heard
#     ended REASON                the session ended with END_SESSION and it
#     new_key FILE BITS           FILE.pem and FILE.spki
#     enrol NAME FILE STRING REASON    all a phone says; the LSC is in FILE.der

hex() { od -An -tx1 -v "$@" | tr -d ' \n'; }
text() { printf '%s\0' "$1" | hex; }
element() { printf '%02x%04x%s' "0x$1" $((${#2} / 2)) "$2"; }
message() { printf '55%02xS%04x%s' "0x$1" $((${#2} / 2)) "$2"; }

auth_res() {
    message 02 "$(element 01 01)$(element 07 03)$(element 0b "$(text "$2")")$(element 0d "$(text "$1")")"
}

talk() {
    timeout 60 "$capfprobe" $((3804 + offset)) >"$work/heard" 2>&1
    cat "$work/heard"
}

ended() {
    grep '^0f' "$work/heard" | tail -n 1 | grep -q "^0f 01 00 01 $1\$" || fails "the session did not end with $1"
}

new_key() {
    openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$2" -out "$1.pem" 2>/dev/null &&
        openssl pkey -in "$1.pem" -pubout -outform DER -out "$1.spki"
}

enrol() {
    talk <<END
recv
send $(auth_res "$1" "$3")
recv
send $(message 11 '')
send 5504S0000+
file $2.spki 09
recv
save $2.der
send $(message 0a "$(element 01 "$4")")
recv
END
}
