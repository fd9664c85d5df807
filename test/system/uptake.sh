#!/bin/sh
# uptake.sh TRUSTLINE TRUSTLINED TRUSTLINE-PHONE SCCPPROBE ENROLLED: what phones prove of the lists they
# hold, what strangers do not, and how a phone that is stuck is explained and helped.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
phone=$(realpath "$3")
sccpprobe=$(realpath "$4")
enrolled=$(realpath "$5")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/sccp.sh"

state=$work/node
anna=SEP001122330001  # 7960
bert=SEP001122330002  # 7960
clara=SEP001122330003 # 8945, tells what became of its lists
dora=SEP001122330004  # 7975

act() {
    timeout 60 "$trustline" "$@" --state "$state" >"$work/out" 2>"$work/err" ||
        { echo "$?: trustline $*"; cat "$work/out" "$work/err"; return 1; }
}
# The act would be refused, or not.
refused() { timeout 60 "$trustline" "$@" --state "$state" >"$work/out" 2>"$work/err"; [ $? -eq 3 ]; }

add() { # NAME MODEL
    act phone add "$1" --model "$2" --profile sccp-encrypted --line 1001 && lsc "$1" "$1" &&
        "$enrolled" "$state/trustline.db" lsc "$1" "$1.crt"
}

# Its exit status: 0 when it took everything, 3 when it refused something.
boot() { # NAME MODEL [OPTION]...
    boot_name=$1
    boot_model=$2
    shift 2
    timeout 60 "$phone" "$boot_name" --model "$boot_model" --tftp "127.0.0.1:$((69 + offset))" \
        --home "$work/phones/$boot_name" --until files --quiet "$@" >"$work/said" 2>&1
}
# The server notices a new list a moment after it was published.
holds_current() { # NAME
    "$trustline" show ctl --json --state "$state" | grep -q "\"$(md5sum <"phones/$1/CTLFile.tlv" | cut -d ' ' -f 1)\""
}
boot_and_compare() { boot "$@" && holds_current "$1"; }
takes() { eventually boot_and_compare "$@" || { cat "$work/said"; return 1; }; }

registers() { # NAME [ALARM]
    { [ $# -lt 2 ] || echo "alarm Name=$1 TL=$2"; printf 'register %s 17\nuntil 81\nuntil 9b\n' "$1"; } |
        talk "$(secure)" tls cert="$1.pem" && heard 0081 2
}

# What is known of its lists: "CTL confirmed", "CTL refused", "ITL", ..., the oldest first.
known() { # NAME
    sqlite3 "$state/trustline.db" "select case h.kind when 0 then 'CTL' else 'ITL' end ||
        case when h.confirmed > 0 then ' confirmed' else '' end || case when h.refused > 0 then ' refused' else '' end
        from held_list h join phone p on p.id = h.phone where p.name = '$1' order by h.sequence" | paste -s -d ,
}
knows() { # NAME TEXT
    eventually eval "[ \"\$(known $1)\" = '$2' ]" || fails "of $1 it is known: $(known "$1")"
}

# ---- proof ----

prepare() {
    make_node "$state" --organization Example --country XX &&
        sed -i 's/^legacy_tls = .*/legacy_tls = on/' "$state/trustline.conf" && start_node "$state" && add $anna 7960 && add $bert 7960 &&
        act utils ctl set-cluster mixed-mode --yes && takes $anna 7960 && takes $bert 7960 && knows $anna CTL &&
        knows $bert CTL
}
by_registration() {
    registers $anna && knows $anna 'CTL confirmed' && logged "event=list_confirmed device=$anna list=CTL" &&
        act phone show $anna && prints '; confirmed ' && [ "$(known $bert)" = CTL ]
}
# Both were served the lists of before; nobody has shown that it took the new ones.
waits_for_proof() {
    act set cert regen CallManager --yes && takes $anna 7960 && eventually fetch "CTL$bert.tlv" spoofed &&
        knows $anna 'CTL confirmed,CTL' && knows $bert 'CTL,CTL' || return
    refused plan set cert regen ITLRecovery && prints "    $anna  7960" && prints "    $bert  7960" &&
        prints 'What would save them: to wait.' && prints 'Which lists it took is not proved'
}
# Nothing of this comes from the phone: a fetch, alarms and a registration without TLS, and another
# phone that says it is this one. Anna's proof, which comes later, is there before it could be.
strangers() {
    fetch "CTL$bert.tlv" spoofed
    talk "$(plain)" <<END
alarm Name=$bert TL=1(TL_SUCCESS)
register $bert 17
until 9d
END
    talk "$(secure)" tls cert=$anna.pem <<END
alarm Name=$bert TL=1(TL_SUCCESS)
register $bert 17
until 9d
END
    registers $anna && knows $anna 'CTL confirmed' && [ "$(known $bert)" = 'CTL,CTL' ] || return
    refused plan set cert regen ITLRecovery && prints "    $bert  7960" && ! grep -q $anna out
}
proved() {
    takes $bert 7960 && registers $bert && knows $bert 'CTL confirmed' && act plan set cert regen ITLRecovery &&
        act set cert regen ITLRecovery --yes && takes $anna 7960 && takes $bert 7960
}
test_that 'two phones have their first lists' prepare
test_that 'a registration over TLS proves the list that names the server' by_registration
test_that 'the second anchor waits for proof that the first was taken' waits_for_proof
test_that 'a fetch, a registration without TLS and another phone prove nothing' strangers
test_that 'with proof of every phone the second anchor is changed' proved

told() {
    add $clara 8945 && takes $clara 8945 && registers $clara '4(TL_INITIAL_SUCCESS)' &&
        knows $clara 'CTL confirmed,ITL confirmed' && act set cert regen CAPF --yes && takes $clara 8945 &&
        knows $clara 'CTL confirmed,ITL confirmed,CTL,ITL' && registers $clara '1(TL_SUCCESS)' &&
        knows $clara 'CTL confirmed,ITL confirmed'
}
told_no() {
    act set cert regen TVS --yes --accept-lockout && eventually fetch "ITL$clara.tlv" spoofed &&
        knows $clara 'CTL confirmed,ITL confirmed,ITL' || return
    registers $clara '8(TL_FAILED_OLD_ITL)' && knows $clara 'CTL confirmed,ITL confirmed,ITL refused' &&
        act phone show $clara && prints '; refused by the phone' && logged "event=list_refused device=$clara list=ITL" &&
        act phone delete $clara
}
test_that 'a phone that reports the lists it took has proved them' told
test_that 'a phone that reports a refusal is believed, too' told_no

# ---- a phone that is stuck ----

# Two changes behind: no anchor of the lists it holds is left.
stuck() {
    act set cert regen CallManager --yes --accept-lockout && takes $anna 7960 && registers $anna &&
        act set cert regen ITLRecovery --yes --accept-lockout && eventually fetch "CTL$bert.tlv" spoofed || return
    boot $bert 7960
    [ $? -eq 3 ] && grep -q 'Trust List Update Failed' said
}
explained() {
    act phone show $bert && prints 'What it makes of what is served now: it refuses CTL, files' &&
        prints 'CTL           refuses (unknown_signer)' && tr -s ' \n' ' ' <out | grep -q 'and they name no TVS to ask' &&
        prints 'What helps: a person at the phone. Erase its lists by hand: Settings' || return
    act phone show $bert --json && is_json && [ "$(json '$.remedy')" = hands ] &&
        [ "$(json '$.answers[0].topic')" = ctl ] && [ "$(json '$.answers[0].verdict')" = no ] &&
        [ "$(json '$.answers[0].rule')" = unknown_signer ]
}
fine() { act phone show "$1" && ! grep -q 'What helps' out; }
helped() {
    takes $bert 7960 --erase ctl && registers $bert && eventually fine $bert &&
        prints 'CTL           accepts (signer_in_ctl)' && [ "$(known $bert)" = 'CTL confirmed' ]
}
test_that 'a phone is given a list that it cannot accept' stuck
test_that 'it is explained, with the rule and the way out' explained
test_that 'who follows that has the phone back, and its registration shows it' helped

# The lists are two changes ahead again, and its TVS rests. It speaks TLS 1.0 alone.
silent() {
    add $dora 7975 && takes $dora 7975 && act utils service stop Cisco Trust Verification Service &&
        act set cert regen CallManager --yes --accept-lockout && act set cert regen ITLRecovery --yes --accept-lockout &&
        eventually refuses_now $dora 7975 && grep -q 'Trust List Update Failed' said || return
    act phone show $dora && prints 'refuses (tvs_silent)' && prints 'What helps: the TVS that its ITL names' &&
        prints 'trustline utils service start Cisco Trust Verification Service' &&
        act phone show $dora --json && [ "$(json '$.remedy')" = start_tvs ]
}
refuses_now() { boot "$@"; [ $? -eq 3 ]; }
started() {
    act utils service start Cisco Trust Verification Service && takes $dora 7975 && fine $dora
}
test_that 'a phone whose TVS rests is explained, too' silent
test_that 'with its TVS it takes the lists' started

ends() { stop_node && ! grep -E 'AddressSanitizer|runtime error|LeakSanitizer' "$state.err"; }
test_that 'the node ends cleanly' ends
done_testing
