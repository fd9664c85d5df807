#!/bin/sh
# phones_cli.sh TRUSTLINE TRUSTLINED TRUSTLINE-PHONE TERMINAL: phones and profiles, what is known of
# phones, and that no act locks one out unless told to.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
terminal=$(realpath "$4")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/admin.sh"

# ---- profiles ----

built_in() {
    make_node "$state" && done_by profile list && exactly <<'END' || return
Name                Model  Protocol  Mode           TFTP encrypted  CAPF auth  Key   Built in
------------------  -----  --------  -------------  --------------  ---------  ----  --------
sccp-authenticated  any    sccp      authenticated  no              string     2048  yes
sccp-encrypted      any    sccp      encrypted      no              string     2048  yes
sccp-non-secure     any    sccp      non-secure     no              string     2048  yes
sip-authenticated   any    sip       authenticated  no              string     2048  yes
sip-encrypted       any    sip       encrypted      no              string     2048  yes
sip-non-secure      any    sip       non-secure     no              string     2048  yes
END
    done_by profile list --json && is_json && [ "$(json '$[1].name')" = sccp-encrypted ] &&
        [ "$(json '$[1].model')" = any ] && [ "$(json '$[1].protocol')" = sccp ] &&
        [ "$(json '$[1].mode')" = encrypted ]
}
profile_is_added() {
    changes_nothing 0 "$trustline" profile add lab --model 7975 --protocol sccp --mode encrypted --dry-run &&
        exactly <<'END' || return
The profile would be added.
END
    done_by profile add lab --model 7975 --protocol sccp --mode encrypted --tftp-encrypted yes \
        --capf-auth null-string --key-size 1024 && exactly <<'END' || return
Added the profile lab (7975, sccp, encrypted).
END
    done_by profile show lab && exactly <<'END' || return
lab
  Model:           7975
  Protocol:        sccp
  Mode:            encrypted
  TFTP encrypted:  yes
  CAPF auth:       null-string
  Key of LSCs:     RSA 1024
  Built in:        no
  Phones:          0
END
    done_by profile add curve --model any --protocol sip --mode authenticated --curve P-384 --json && is_json &&
        [ "$(json '$.profile')" = curve ] && done_by profile show curve --json && is_json &&
        [ "$(json '$.curve')" = P-384 ] && done_by profile delete curve && exactly <<'END'
Deleted the profile curve.
END
}
profile_mistakes() {
    for option in '' --dry-run; do
        # shellcheck disable=SC2086 # an option or none
        complains 1 'there is a profile "lab" already' \
            profile add lab --model 7975 --protocol sccp --mode encrypted $option &&
            complains 1 'the profile "sccp-encrypted" is built in' profile delete sccp-encrypted $option || return
    done
    complains 2 '--model is missing' profile add x &&
        complains 2 '--mode secret: it is one of non-secure, authenticated, encrypted' \
            profile add x --model any --protocol sccp --mode secret &&
        complains 2 '--protocol skinny: it is one of sccp, sip' \
            profile add x --model any --protocol skinny --mode encrypted &&
        complains 2 '--key-size 100: it is one of' \
            profile add x --model any --protocol sccp --mode encrypted --key-size 100 &&
        complains 2 'either --key-size (RSA) or --curve (EC)' \
            profile add x --model any --protocol sccp --mode encrypted --key-size 2048 --curve P-256 &&
        complains 2 'there is no phone model 7957' profile add x --model 7957 --protocol sccp --mode encrypted &&
        complains 1 'a 8845 does not speak SCCP' profile add x --model 8845 --protocol sccp --mode encrypted &&
        complains 1 'there is no security profile lib; did you mean lab?' profile show lib &&
        complains 1 'there is no security profile lib; did you mean lab?' profile delete lib
}
test_that 'the built-in profiles are there' built_in
test_that 'a profile is added, shown and deleted' profile_is_added
test_that 'what a profile cannot be is said' profile_mistakes

# ---- phones ----

a=SEP001122330001
b=SEP001122330002
c=SEP001122330003
phone_is_added() {
    changes_nothing 0 "$trustline" phone add $a --model 7975 --profile sccp-authenticated --dry-run &&
        exactly <<'END' || return
The phone would be added.
END
    done_by phone add sep001122330001 --model 7975 --profile sccp-authenticated --line 1001,Alice \
        --line '1002,"Bob" & Co' --description 'Front desk' && exactly <<END || return
Added $a: 7975, profile sccp-authenticated, lines 1001, 1002.
END
    done_by phone add $b --model 7960 --profile sccp-authenticated --line 1003 --speed-dial 1001,Alice && exactly <<END || return
Added $b: 7960, profile sccp-authenticated, line 1003, speed dial 1001.
END
    done_by phone add $c --model 8945 --profile sip-non-secure --json && is_json && [ "$(json '$.phone')" = $c ] &&
        done_by phone list && exactly <<END || return
Name             Model  Profile             Mode           Description  Last seen  Address  Node  Registered  Cipher  Certificate until  CTL   ITL   LSC   Enrolment
---------------  -----  ------------------  -------------  -----------  ---------  -------  ----  ----------  ------  -----------------  ----  ----  ----  ---------
$a  7975   sccp-authenticated  authenticated  Front desk   never      -        -     -           -       -                  none  none  none  None
$b  7960   sccp-authenticated  authenticated  -            never      -        -     -           -       -                  none  none  none  None
$c  8945   sip-non-secure      non-secure     -            never      -        -     -           -       -                  none  none  none  None
END
    done_by phone show $a && exactly <<END
$a
  Model:        7975
  Description:  Front desk
  Profile:      sccp-authenticated (sccp, authenticated, CAPF by string, key 2048)
  Device pool:  Default
  Load:         -
  Last seen:    never
  Registered:   no
  Line 1        1001  Alice
  Line 2        1002  "Bob" & Co

Certification Authority Proxy Function (CAPF) Information
  Certificate Operation:         No Pending Operation
  Authentication Mode:           By Authentication String
  Authentication String:         not set
  Key Order:                     RSA Only
  RSA Key Size (Bits):           2048
  Operation Completes By:        -
  Certificate Operation Status:  None

Its certificates
  none is known

Lists it may hold (CTL: none, ITL: none)
  none: it was never served one

Served to it, the newest first
  nothing yet
END
}
phone_as_json() {
    done_by phone show sep001122330001 --json && is_json && [ "$(json '$.lines[1].label')" = '"Bob" & Co' ] &&
        [ "$(json '$.mode')" = authenticated ] && done_by phone list --json && is_json &&
        [ "$(json '$[2].profile')" = sip-non-secure ]
}
phone_mistakes() {
    for option in '' --dry-run; do
        # shellcheck disable=SC2086 # an option or none
        complains 1 "there is a phone $a already" phone add $a --model 7975 --profile lab $option || return
    done
    x=SEP0011223300FF
    complains 2 '--model is missing' phone add $x &&
        complains 2 '--profile is missing' phone add $x --model 7975 &&
        complains 2 'SEP0011 is no name of a phone: SEP and the 12 hexadecimal digits of its MAC' \
            phone add SEP0011 --model 7975 --profile lab &&
        complains 2 'there is no phone model 7957' phone add $x --model 7957 --profile lab &&
        complains 2 'there is no phone model elephant (trustline model list shows them)' \
            phone add $x --model elephant --profile lab &&
        complains 1 'there is no security profile lib; did you mean lab?' phone add $x --model 7975 --profile lib &&
        complains 1 'profile lab is for the 7975, not for the 7970' phone add $x --model 7970 --profile lab &&
        complains 1 'a 8845 does not speak SCCP, which profile sccp-encrypted is for' \
            phone add $x --model 8845 --profile sccp-encrypted &&
        complains 2 '--line 1 1: 1 1 is no directory number' phone add $x --model 7975 --profile lab --line '1 1' &&
        complains 2 '--speed-dial ,x: a number of 1 to 31 characters comes first' phone add $x --model 7975 --profile lab --speed-dial ,x &&
        complains 1 'there is no phone SEP001122330009; did you mean' phone show SEP001122330009 &&
        complains 1 'there is no phone SEP001122330009; did you mean' phone delete SEP001122330009
}
# What is only inferred of a model is no reason to refuse it, and is told; what is known for sure is.
doubtful_models() {
    x=SEP0011223300FE
    done_by profile add old --model 7905 --protocol sccp --mode non-secure --tftp-encrypted yes &&
        prints 'Note: a 7905 probably decrypts configuration files with a key typed at the phone only' &&
        done_by phone add $x --model 7905 --profile old --dry-run && prints 'Note: a 7905 probably decrypts' &&
        done_by phone add $x --model 7912 --profile sccp-encrypted &&
        prints 'Note: a 7912 probably asks for no CTL, and then cannot register as profile sccp-encrypted wants' &&
        prints 'trustline model set 7912 ctl=VALUE' &&
        done_by phone update $x --capf-operation install --capf-auth null-string &&
        prints "Note: $x is a 7912, which probably knows no CAPF" &&
        done_by phone delete $x && done_by phone add $x --model 7940 --profile sip-non-secure &&
        prints 'Note: the SIP loads of a 7940 read text files' && done_by phone delete $x || return
    complains 1 'a 7960 decrypts configuration files with a key typed at the phone only, and not those sealed for' \
        profile add typed --model 7960 --protocol sccp --mode non-secure --tftp-encrypted yes &&
        done_by model set 7905 encryption=pki && done_by profile delete old &&
        done_by profile add old --model 7905 --protocol sccp --mode non-secure --tftp-encrypted yes &&
        ! grep -q Note out && done_by model set 7905 encryption=default && done_by profile delete old
}
filters() {
    for condition in "model=7975 $a" "mode=non-secure $c" "protocol=sip $c" "profile=sip-* $c" "ctl=none $a $b $c" \
        "model=79* $a $b" "itl=current" "lsc=none $a $b $c" "lsc=expiring" \
        "enrolment=none $a $b $c" "wave=1" \
        "status=registered" "status=unregistered $a $b $c" "node=no*"; do
        # shellcheck disable=SC2086 # words
        set -- $condition
        done_by phone list --where "$1" --json && is_json || return
        shift
        found=$(sqlite3 :memory: "select group_concat(json_extract(value, '\$.name'), ' ')
            from json_each(readfile('out'))")
        [ "$found" = "$*" ] || fails "$condition: $found" || return
    done
    done_by phone list --where model=79* --where mode=authenticated --where protocol=sccp --json &&
        [ "$(json '$[1].name')" = $b ] &&
        complains 2 '--where mdel=1: there is no key mdel; did you mean model?' phone list --where mdel=1 &&
        complains 2 '--where ctl=x: it is one of current, old, none, unknown' phone list --where ctl=x &&
        complains 2 '--where model: KEY=VALUE is meant' phone list --where model &&
        complains 2 '--where lsc=old: it is one of none, pending, valid, expiring, expired' \
            phone list --where lsc=old &&
        complains 2 '--where status=busy: it is one of registered, unregistered' phone list --where status=busy
}
in_use() {
    done_by phone add SEP0011223300FF --model 7975 --profile lab &&
        complains 1 'the profile "lab" is in use by 1 phone (SEP0011223300FF)' profile delete lab &&
        complains 1 'the profile "lab" is in use by 1 phone (SEP0011223300FF)' profile delete lab --dry-run &&
        changes_nothing 0 "$trustline" phone delete SEP0011223300FF --dry-run &&
        done_by phone delete sep0011223300ff && exactly <<'END' || return
Deleted SEP0011223300FF, with its lines and all that was observed of it.
END
    done_by profile delete lab
}
test_that 'phones are added, listed and shown' phone_is_added
test_that 'phones are shown as JSON' phone_as_json
test_that 'what a phone cannot be is said' phone_mistakes
test_that 'what a model probably cannot do is told, what it surely cannot do is refused' doubtful_models
test_that 'phones are found by what they are' filters
test_that 'a profile in use stays, a phone goes with all that is known of it' in_use

templates() {
    done_by template list && prints 'B-sccp.cnf.xml  built in' && done_by template list --json && is_json || return
    "$trustline" template show 7975 >built-in 2>err && says 'this is built in; edited, it goes to' && one_line &&
        xmllint --noout built-in 2>/dev/null || grep -q '<device>' built-in || return
    sed 's/<device>/<device><!-- ours -->/' built-in >"$state/templates/7975.cnf.xml"
    "$trustline" template show 7975 >out 2>err && prints '<!-- ours -->' &&
        says "this is $state/templates/7975.cnf.xml; without it the built-in one is used" || return
    echo '{{nonsense' >"$state/templates/7975.cnf.xml"
    "$trustline" template show 7975 >out 2>err && says 'is not used, since it cannot be read' || return
    rm "$state/templates/7975.cnf.xml"
    complains 2 'there is no phone model 7957' template show 7957 &&
        complains 2 'a 8845 does not speak SCCP' template show 8845 --protocol sccp
}
test_that 'templates are shown, and where edited ones go' templates

# ---- what phones hold ----

# Its exit status: 0 when it took everything, 3 when it refused something.
boot() { # NAME MODEL
    "$phone" "$1" --model "$2" --tftp "127.0.0.1:$((69 + offset))" --home "$work/phones/$1" --until files --quiet
}
# The server notices a new list a moment after it was published: until the phone has it.
boots_with_current() { # NAME MODEL
    eventually boot_and_compare "$@"
}
boot_and_compare() {
    boot "$@" >/dev/null && "$trustline" show ctl --json >ctl.json &&
        grep -q "\"$(md5sum <"phones/$1/CTLFile.tlv" | cut -d ' ' -f 1)\"" ctl.json
}
# By hand: its lists are erased, and it is added as a new one.
made_new() { # NAME MODEL
    rm -rf "phones/$1"
    done_by phone delete "$1" && done_by phone add "$1" --model "$2" --profile sccp-authenticated &&
        boots_with_current "$1" "$2"
}
# What was served is written down a moment later.
state_of() { # NAME CTL ITL
    "$trustline" phone list --json >"$work/out" &&
        [ "$(sqlite3 :memory: "select json_extract(value, '\$.ctl') || ' ' || json_extract(value, '\$.itl')
            from json_each(readfile('$work/out')) where json_extract(value, '\$.name') = '$1'")" = "$2 $3" ]
}
booted() {
    sed -i 's/^legacy_tls = .*/legacy_tls = on/' "$state/trustline.conf" # the 7975 has TLS 1.0 alone
    start_node "$state" && done_by utils ctl set-cluster mixed-mode --yes &&
        prints 'Phones that fetch it with their next reset: 3' && boot $a 7975 && boot $b 7960 &&
        eventually state_of $a current current && eventually state_of $b current none &&
        state_of $c none none || return
    done_by phone list --where ctl=current && prints "$a  7975" && prints 127.0.0.1 &&
        done_by phone show $a && cp out shown && hash=$("$trustline" show ctl --json | sed -n 's/^  "md5": "\(.*\)",*$/\1/p') &&
        prints '  Last seen:    ' && prints ' at 127.0.0.1' && prints 'Lists it may hold (CTL: current, ITL: current)' &&
        grep -Eq "^  CTL [0-9a-f]{16}  current; served last .*; not confirmed$" out &&
        grep -Eq "CTL$a.tlv, [0-9]+ bytes, by TFTP to 127.0.0.1 \(list [0-9a-f]{16}, current\)$" out &&
        prints "$a.cnf.xml.sgn" || return
    done_by phone show $a --json && is_json && [ "$(json '$.held[0].current')" = 1 ] &&
        [ "$(json '$.observations[0].transport')" = tftp ] &&
        done_by show ctl --holders && prints 'Phones: 2 hold this list, 0 perhaps, 0 an older one, 1 were never served one' &&
        prints 'Served now by: node' && done_by show ctl --holders --json && is_json &&
        [ "$(json '$.cluster.phones.current')" = 2 ]
}
# Not a list alone: what is signed for phones must stay what they can check.
digest_of_files() {
    changes_nothing 3 "$trustline" parameter set TFTPFileSignatureAlgorithm SHA-512 && prints 'files, digest (' &&
        prints '  trustline parameter set TFTPFileSignatureAlgorithm SHA-1' && ! prints 'erase their lists' &&
        prints "    $a  7975" && says 'would be locked out, so nothing was changed' && one_line &&
        changes_nothing 3 "$trustline" parameter set TFTPFileSignatureAlgorithm SHA-512 --dry-run || return
    expect 3 "$trustline" plan parameter set TFTPFileSignatureAlgorithm SHA-512 --json && is_json &&
        [ "$(json '$.phones[0].topic')" = files ] && [ "$(json '$.phones[0].rule')" = digest ] && [ "$(json '$.phones[0].remedy')" = sha1 ] || return
    done_by parameter set TFTPFileSignatureAlgorithm SHA-512 --accept-lockout && eventually refuses_files &&
        done_by phone show $a && prints 'nothing has to be erased' &&
        done_by parameter set TFTPFileSignatureAlgorithm SHA-1 && eventually boot $a 7975
}
refuses_files() { boot $a 7975; [ $? -eq 3 ]; }
# What phones did until now is written down: in its order, a moment later.
all_is_noted() {
    curl -sS --fail "http://127.0.0.1:$((6970 + offset))/$a.cnf.xml.sgn" -o noted && eventually http_came_last
}
http_came_last() {
    "$trustline" phone show $a --json >out && [ "$(json '$.observations[0].transport')" = http ]
}
key_of_files() {
    all_is_noted && done_by parameter set key_size 4096 && changes_nothing 3 "$trustline" set cert regen CallManager --yes &&
        prints 'files, key_size (' && prints "    $a  7975" && says 'would be locked out, so nothing was changed' &&
        done_by parameter set key_size 2048 && done_by plan set cert regen CallManager
}
first_anchor() {
    done_by plan set cert regen CallManager && prints "$a  7975   CTL" && prints 'signer_in_ctl' &&
        prints "$c  8945   CTL    nothing   accepts  first_list" &&
        done_by set cert regen CallManager --yes && prints 'Phones that fetch it with their next reset: 3' &&
        state_of $a old old && done_by show ctl --holders && prints '2 an older one'
}
# The 7960 has no TVS to ask. The 7975 has, but it knows no anchor of the new lists any more, and has not
# fetched those in between.
second_anchor() {
    changes_nothing 3 "$trustline" set cert regen ITLRecovery --yes && cp out refused &&
        prints 'Would be locked out: 1 of 3 known phones' && prints "    $b  7960" && ! grep -q "$c" out &&
        prints 'CTL, unknown_signer (no): 1' && prints 'erase its lists by hand' &&
        prints 'What would save them: to wait.' && prints 'Not yet: 1 of 3 known phones' &&
        prints 'CTL, both anchors: 1' && prints "    $a  7975" && [ "$(grep -c -e --accept-lockout out)" -eq 1 ] &&
        says 'set cert regen: 1 of 3 known phones would be locked out, so nothing was changed' && one_line || return
    for words in 'plan set cert regen ITLRecovery' 'set cert regen ITLRecovery --dry-run'; do
        # shellcheck disable=SC2086 # words
        changes_nothing 3 "$trustline" $words && cmp out refused || return
    done
    changes_nothing 3 "$trustline" set cert regen ITLRecovery --yes --json && is_json &&
        [ "$(json '$.refused')" = 1 ] && [ "$(json '$.done')" = 0 ] && [ "$(json '$.phones_lost')" = 1 ] &&
        [ "$(json '$.phones_unbridged')" = 1 ] && [ "$(json '$.phones_through_tvs')" = 1 ] &&
        [ "$(json '$.phones[0].device')" = $b ] && [ "$(json '$.phones[0].verdict')" = no ] &&
        [ "$(json '$.phones[0].rule')" = unknown_signer ] && [ "$(json '$.phones[0].topic')" = ctl ] &&
        [ "$(json '$.phones[0].remedy')" = fetch_first ] || return
    # At a terminal nobody is asked about what will be refused.
    typed 3 -- "$trustline" set cert regen ITLRecovery && ! grep -q 'Proceed' out
}
# Served is not confirmed. The 7975 has fetched, and is safe whether it took the lists or not; a stranger who
# fetches in the name of the 7960 makes nobody believe that it has them.
served_is_no_proof() {
    boots_with_current $a 7975 && eventually state_of $a unknown unknown &&
        fetch "CTL$b.tlv" spoofed && [ -s spoofed ] && eventually state_of $b unknown none &&
        changes_nothing 3 "$trustline" set cert regen ITLRecovery --yes && prints "    $b  7960" &&
        prints 'CTL, unknown_signer (unknown): 1' && prints 'Which lists it took is not proved' &&
        ! grep -q "$a" out
}
accepted() {
    typed 0 '(yes|no)? ' yes -- "$trustline" set cert regen ITLRecovery --accept-lockout &&
        prints 'Would be locked out: 1 of 3 known phones' && prints "    $b  7960" &&
        prints 'Successfully Regenerated Certificate for ITLRecovery.' &&
        prints 'Locked out, as accepted: 1 of 3 known phones' && prints 'Phones that ask TVS about it: 1' &&
        grep -q 'command="set cert regen ITLRecovery" accept_lockout=yes' "$state/log/trustline.log"
}
# The prediction was the behaviour: one took the lists in between, the other did not.
as_foretold() {
    cp phones/$b/CTLFile.tlv held && boots_with_current $a 7975 && eventually state_of $a unknown unknown || return
    ! boot $b 7960 || fails 'the 7960 has taken a list that it should refuse' || return
    cmp held phones/$b/CTLFile.tlv && eventually state_of $b unknown none
}
lost_before() {
    done_by plan set cert regen CAPF && prints 'Lost before, since they refuse what is served now, too: 1 of 3 known phones' &&
        prints 'unknown, as now' && done_by set cert regen CAPF --yes &&
        prints 'Lost before, since they refuse what is served now, too: 1 of 3 known phones' &&
        done_by plan set cert regen CAPF --json && is_json && [ "$(json '$.phones_lost')" = 0 ] &&
        [ "$(json '$.phones_lost_before')" = 1 ] || return
    # Helped by hand, and said so.
    made_new $b 7960 && eventually state_of $b current none && done_by plan set cert regen CAPF &&
        ! grep 'Lost before' out
}
unknown_phones() {
    made_new $a 7975 && boots_with_current SEP0011223300AA 7975 && eventually state_of $a current current &&
        done_by set cert regen CallManager --yes && eventually refused_for_strangers || return
    done_by phone list && ! grep -q SEP0011223300AA out
}
refused_for_strangers() {
    "$trustline" plan set cert regen ITLRecovery >out 2>err
    [ $? -eq 3 ] && grep -q '(unknown phones)' out &&
        grep -q '1 of 3 known phones, and unknown ones would be locked out' err
}
# Without TVS the phones that would ask it are lost, and what helps is to run it.
without_tvs() {
    done_by utils service stop Cisco Trust Verification Service && expect 3 "$trustline" plan set cert regen ITLRecovery &&
        prints 'CTL, tvs_silent (no): ' && prints "    $a  7975" &&
        says '2 of 3 known phones, and unknown ones would be locked out' || return
    done_by utils service start Cisco Trust Verification Service
}
one_anchor_alone() {
    done_by parameter set list_anchors callmanager --accept-lockout && made_new $b 7960 && made_new $a 7975 &&
        eventually state_of $b current none && eventually state_of $a current current || return
    expect 3 "$trustline" plan set cert regen CallManager && prints "    $b  7960" && ! grep -q "$a" out &&
        prints 'What would save them: a second anchor' &&
        prints 'trustline parameter set list_anchors callmanager,itlrecovery' &&
        says '1 of 3 known phones' || return
    # The one that has TVS takes it by asking; without the other it would be done.
    done_by phone delete $b && done_by plan set cert regen CallManager --json && is_json &&
        [ "$(json '$.phones_through_tvs')" = 1 ] && [ "$(json '$.phones_lost')" = 0 ]
}
ends() { stop_node && ! grep -E 'AddressSanitizer|runtime error|LeakSanitizer' "$state.err"; }

test_that 'phones boot, and what they were served is known' booted
test_that 'a digest that phones cannot check is planned, and refused' digest_of_files
test_that 'a key too large for phones is seen before it signs their files' key_of_files
test_that 'the first anchor is renewed: every phone would take the lists' first_anchor
test_that 'the second anchor is refused, with the phones it would lock out' second_anchor
test_that 'a list that was served proves nothing' served_is_no_proof
test_that 'lockout is accepted when somebody says so' accepted
test_that 'phones do as the plan foretold' as_foretold
test_that 'phones that were lost before keep no act from being done' lost_before
test_that 'phones that nobody added count, too' unknown_phones
test_that 'without TVS those who would ask it are lost' without_tvs
test_that 'with one anchor alone its change is refused, with what helps' one_anchor_alone
test_that 'the node ends cleanly' ends
done_testing
