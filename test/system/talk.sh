#!/bin/sh
# talk.sh TRUSTLINE TRUSTLINED TRUSTLINE_PHONE EAR TERMINAL: phones register at a real node and call each other.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
ear=$(realpath "$4")
terminal=$(realpath "$5")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"

state=$work/node
# Callers, and who answers: encrypted, authenticated, non-secure.
anna=SEP001122330001 bert=SEP001122330002
carl=SEP001122330003 dora=SEP001122330004
emil=SEP001122330005 fred=SEP001122330006
gina=SEP001122330007 # encrypted, and has no certificate
answerers="$bert $dora $fred"

admin() { "$trustline" "$@" --state "$state"; }

# a NAME [OPTION]...: that phone, with a flash of its own.
a() {
    name=$1
    shift
    timeout 120 "$phone" "$name" --model 7975 --tftp "127.0.0.1:$((69 + offset))" --home "$work/flash/$name" \
        --tls modern "$@"
}

# keep NAME [OPTION]...: that phone, which stays until dismiss(). What it says is in NAME.out, NAME.err.
keep() {
    kept=$1
    shift
    (exec timeout --foreground 250 "$phone" "$kept" --model 7975 --tftp "127.0.0.1:$((69 + offset))" \
        --home "$work/flash/$kept" --tls modern --quiet --stay "$@" >"$work/$kept.out" 2>"$work/$kept.err") &
    eval "pid_$kept=\$!"
}
dismiss() { # NAME: it must have got where it should
    eval "kill \$pid_$1; wait \$pid_$1" && [ ! -s "$work/$1.err" ] ||
        { cat "$work/$1.out" "$work/$1.err"; return 1; }
}

prepare() {
    make_node "$state" --organization Example --country XX && echo 'legacy_tls = on' >>"$state/trustline.conf" &&
        start_node "$state" || return
    admin phone add $anna --model 7975 --profile sccp-encrypted --line 2001,Anna &&
        admin phone add $bert --model 7975 --profile sccp-encrypted --line 2002,Bert &&
        admin phone add $carl --model 7975 --profile sccp-authenticated --line 2003,Carl &&
        admin phone add $dora --model 7975 --profile sccp-authenticated --line 2004,Dora &&
        admin phone add $emil --model 7975 --profile sccp-non-secure --line 2005,Emil &&
        admin phone add $fred --model 7975 --profile sccp-non-secure --line 2006,Fred &&
        admin phone add $gina --model 7975 --profile sccp-encrypted --line 2007,Gina &&
        admin utils ctl set-cluster mixed-mode --yes || return
    mkdir "$work/flash"
    for one in $anna $bert $carl $dora; do
        admin phone update $one --capf-operation install --capf-auth null-string &&
            a $one --until enrolled --quiet || return
    done
}
test_that 'a node with phones of each mode, which have their certificates' prepare

# ---- registering ----

registers() {
    expect 0 a $anna && prints "SCCP: connecting to 127.0.0.1:$((2443 + offset))" &&
        prints "server 127.0.0.1:$((2443 + offset)) trusted, [TLSv1.3], cipher [" &&
        grep -q "^[0-9:]* Registered with 127.0.0.1:$((2443 + offset))\$" "$work/out" && prints 'Line 1: 2001, Anna' &&
        prints 'SCCP: sent Unregister'
}
test_that 'a phone registers over TLS, and that is how far it goes when nothing is said' registers

registers_as_in_2005() {
    expect 0 a $anna --tls legacy --json && is_json && [ "$(json '$.reached')" = registered ] &&
        [ "$(json '$.outcome')" = reached ] && [ "$(json '$.registration.tls')" = TLSv1 ] &&
        [ "$(json '$.registration.cipher')" = AES256-SHA ] && [ "$(json '$.registration.lines[0].number')" = 2001 ]
}
test_that 'a phone of 2005 does so over TLS 1.0' registers_as_in_2005

registers_without_encryption() {
    expect 0 a $carl --tls legacy --json && [ "$(json '$.registration.cipher')" = NULL-SHA ] &&
        expect 0 a $carl --json && [ "$(json '$.registration.tls')" = TLSv1.3 ]
}
test_that 'an authenticated one does so without encryption, where its TLS has that' registers_without_encryption

registers_over_tcp() {
    expect 0 a $emil --json && [ "$(json '$.registration.tls')" = '' ] &&
        [ "$(json '$.registration.server')" = "127.0.0.1:$((2000 + offset))" ]
}
test_that 'a non-secure one does so over TCP' registers_over_tcp

is_refused() {
    expect 1 a $gina --quiet && one_line && says 'this phone has neither LSC nor MIC to show' &&
        prints 'Registration Failed'
}
test_that 'one that should be encrypted and has no certificate is refused, and says why' is_refused

# ---- calls between all modes ----

# Those who answer stay, and tell at the end what they saw.
start_answerers() {
    for one in $answerers; do
        keep $one --answer
    done
    for one in $answerers; do
        eventually grep -q 'Registered with' "$work/$one.out" || { cat "$work/$one.out" "$work/$one.err"; return 1; }
    done
}
test_that 'phones stay and answer' start_answerers

# call NUMBER ICON AUDIO: lines of a script.
call() {
    printf 'dial %s\nexpect connected\nexpect party %s\nexpect %s\nexpect %s\nexpect audio\nend\nexpect idle\n' \
        "$1" "$1" "$2" "$3"
}

calls_of_the_encrypted() {
    { call 2002 lock srtp && call 2004 shield clear && call 2006 none clear; } >script
    expect 0 a $anna --script script --json && [ "$(json '$.calls[0].icon')" = lock ] &&
        [ "$(json '$.calls[0].encrypts')" = 1 ] && [ "$(json '$.calls[0].decrypts')" = 1 ] &&
        [ "$(json '$.calls[1].icon')" = shield ] && [ "$(json '$.calls[1].encrypts')" = 0 ] &&
        [ "$(json '$.calls[2].icon')" = none ] && [ "$(json '$.calls[2].decrypts')" = 0 ]
}
test_that 'an encrypted phone calls one of each mode: lock, shield, nothing' calls_of_the_encrypted

calls_of_the_authenticated() {
    { call 2002 shield clear && call 2004 shield clear && call 2006 none clear; } >script
    expect 0 a $carl --script script
}
test_that 'so does an authenticated one: shield, shield, nothing' calls_of_the_authenticated

calls_of_the_non_secure() {
    { call 2002 none clear && call 2004 none clear && call 2006 none clear; } >script
    expect 0 a $emil --script script
}
test_that 'and a non-secure one: nothing' calls_of_the_non_secure

# seen NAME TEXT TIMES: how often the phone that answers has shown this.
seen() {
    [ "$(grep -cF "$2" "$work/$1.out")" -eq "$3" ] || { cat "$work/$1.out"; fails "not $3 times: $2"; }
}
both_sides_see_it() {
    seen $bert '[lock] encrypted' 1 && seen $bert '[shield] authenticated' 1 && seen $bert '[none] not secure' 1 &&
        seen $dora '[lock]' 0 && seen $dora '[shield] authenticated' 2 && seen $dora '[none] not secure' 1 &&
        seen $fred '[lock]' 0 && seen $fred '[shield]' 0 && seen $fred '[none] not secure' 3
}
test_that 'who was called has seen the same' both_sides_see_it

# ---- what is done in calls ----

walks() {
    { printf 'dial 2002\nexpect connected\nexpect lock\nhold\nexpect held\nexpect silence\nresume\nexpect connected\n'
      printf 'expect lock\nexpect srtp\nexpect audio\ntransfer 2006\nexpect held\n'
      printf 'expect connected within 20\nexpect none\ntransfer\nexpect idle\n'; } >script
    before=$(grep -cF '[none] not secure' "$work/$bert.out")
    expect 0 a $anna --script script && eventually \
        sh -c "[ \$(grep -cF '[none] not secure' '$work/$bert.out') -gt $before ]" &&
        tail -n 1 "$work/$bert.out" | grep -qF 'Call 1 with 2006 (Fred): [none] not secure'
}
test_that 'hold, resume and transfer: the lock goes when the other is one that has none' walks

# Somebody types. (The terminal has echo: what is waited for is what the phone says of it.)
types() {
    "$terminal" 'Line 1: 2001' 'dail 2002' "nothing a user does" 'hold' 'no call is talked in' 'dial 2002' '[lock] encrypted' 'digits 12' \
        'User: digits 12' 'hold' ': on hold' 'resume' '[lock] encrypted' 'transfer 2006' '[none] not secure' 'end' \
        'Call 2 with 2006 (Fred): over' 'resume' '[lock] encrypted' 'end' 'Call 1 with 2002 (Bert): over' 'quit' -- \
        "$phone" $anna --model 7975 --tftp "127.0.0.1:$((69 + offset))" --home "$work/flash/$anna" --tls modern --stay \
        >typed || { cat typed; return 1; }
    grep -q "^'dail' is nothing a user does: dial, answer, hold" typed && grep -q '^hold: no call is talked in' typed &&
        grep -q 'SCCP: sent Unregister' typed || { cat typed; return 1; }
}
test_that 'at a terminal it does what is typed, and says at once what cannot be done' types

unknown_number() {
    printf 'dial 2999\nexpect reorder\nend\nexpect idle\n' >script
    expect 0 a $anna --script script &&
        expect 1 a $anna --dial 2999 --quiet && one_line && says "there will be no call"
}
test_that 'a number that nobody has' unknown_number

a_script_fails() {
    printf '# not so\ndial 2006\nexpect connected\nexpect lock within 1\n' >script
    expect 1 a $anna --script script --quiet && one_line &&
        says 'line 4: expect lock within 1: it is not so: connected with 2006, the screen shows none' || return
    echo 'dail 2006' >script
    expect 1 a $anna --script script --quiet && one_line && says "line 1: 'dail' is nothing a user does" &&
        [ ! -s "$work/out" ]
}
test_that 'a script that fails names its line, and one that is wrong is not begun' a_script_fails

wants_security() {
    expect 1 a $anna --dial 2006 --talk 1 --quiet && says 'the screen shows none' &&
        expect 0 a $anna --dial 2002 --talk 1 --quiet && prints '[lock] encrypted' && expect 0 a $emil --dial 2006 --talk 1 --quiet
}
test_that 'a call that is less secure than the configuration asks for is no success' wants_security

is_recorded() {
    expect 0 a $anna --dial 2002 --talk 2 --json --record heard.wav --audio silence && [ "$(json '$.reached')" = call ] &&
        [ "$(json '$.calls[0].lost')" = 0 ] && [ "$(json '$.calls[0].direction')" = out ] &&
        expect 0 "$ear" heard heard.wav tone && prints 'seconds=2' &&
        ! "$ear" heard heard.wav tone:441 2>err && grep -q "not what was said" err
}
test_that 'what is heard is recorded, sample by sample as it was said' is_recorded

# Who listens between them: the PC port has what is on the wire.
overhears() { # CALLER NUMBER PAYLOAD: in a call with that number one says a tone of 600 Hz; prints both streams
    expect 0 a "$1" --dial "$2" --talk 2 --audio tone:600 --span wire.pcap >&2 && expect 0 "$ear" tap wire.pcap 600 440 &&
        [ "$(wc -l <"$work/out")" -eq 2 ] && [ "$(grep -c " payload=$3 " "$work/out")" -eq 2 ] && cat "$work/out"
}
is_not_understood() {
    overhears $anna 2002 164 >streams && ! grep -qE 'share[0-9]*=[0-9]{3}' streams || { cat streams; return 1; }
    overhears $emil 2006 160 >streams && grep -qE 'share600=(9[0-9]{2}|1000) share440=[0-9]{1,2}$' streams &&
        grep -qE 'share600=[0-9]{1,2} share440=(9[0-9]{2}|1000)$' streams || { cat streams; return 1; }
}
test_that 'of an encrypted call an eavesdropper has 164 bytes of noise, of another 160 of speech' is_not_understood

is_read_by_others() {
    tshark -r wire.pcap -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE --enable-heuristic rtp_udp -T fields \
        -e ip.checksum.status -e udp.checksum.status -e rtp.p_type -e udp.length 2>tshark.err | sort | uniq -c >packets
    [ "$(wc -l <packets)" -eq 1 ] && grep -qE '^ *[0-9]{3} 1	1	0	180$' packets || { cat packets tshark.err; return 1; }
}
if command -v tshark >/dev/null; then
    test_that 'and what it has others read, too' is_read_by_others
else
    skip_test 'and what it has others read, too' 'no tshark'
fi

# ---- the call manager dies ----

callmanager() { pgrep -P "$node_pid" -f 'role callmanager'; }

survives() {
    { printf 'dial 2002\nexpect connected\nexpect lock\nexpect audio\nwait 1\nexpect audio\nexpect registered within 60\n'
      printf 'expect audio\nend\nexpect idle\ndial 2002\nexpect connected within 30\nexpect lock\nexpect audio\nend\nexpect idle\n'; } >script
    keep $anna --script script
    eventually grep -qF '[lock] encrypted' "$work/$anna.out" || return
    before=$(callmanager)
    kill -9 "$before"
    eventually grep -q 'Unregistered from' "$work/$anna.out" &&
        eventually sh -c "[ \$(grep -c 'Registered with' '$work/$anna.out') -eq 2 ]" || return
    eventually sh -c "[ \$(grep -cF '[lock] encrypted' '$work/$anna.out') -eq 2 ]" &&
        eventually sh -c "[ \$(grep -c 'Call 1 with 2002 (Bert): over' '$work/$anna.out') -eq 2 ]" && dismiss $anna &&
        [ "$(callmanager)" != "$before" ]
}
test_that 'when the call manager is killed audio goes on, phones register again, and call again' survives

end_answerers() {
    for one in $answerers; do dismiss $one || return; done
}
test_that 'those who stayed leave when they are interrupted, and have got where they should' end_answerers

no_trace_of_keys() {
    ! grep -qiE 'master|salt|key=' "$state/log/callmanager.log"
}
test_that 'the traces hold no keys' no_trace_of_keys

stop_node
done_testing
