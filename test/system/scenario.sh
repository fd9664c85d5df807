# scenario.sh: a cluster and phones of several generations, for tests of what happens to phones when
# the cluster changes. Sourced after lib.sh and daemon.sh; needs $trustline, $trustlined and $phone.
#
#     cluster DIR [INIT-OPTION]...   a cluster in DIR, started, with one phone of each model; $state is DIR
#     act WORDS...                   a command on $state succeeds; $work/out has what it says
#     boots MODEL... [-- OPTION...]  each phone boots and takes what it is offered
#     refuses RULE MODEL...          each phone boots, refuses a list by this rule and keeps what it had
#     plans STATUS WORDS...          the plan of a command, as JSON in $work/out; loses, through_tvs ask it
#     renews NAME [OPTION]...        a certificate is regenerated, and the lists that follow are served
#     accepted ctl|itl RULE MODEL... each phone boots and takes that list by this rule
#
# The phone of a model keeps its flash between boots, and between clusters.

# 7940 and 7960 have no ITL and no TVS; the others have. 8861 and 8945 ask over HTTP.
old_models='7940 7960'
models='7961 7962 7975 6941 8945 8861'
all_models="$old_models $models"
# Has no use for lists, and asks for them all the same: to see what is served. By any other name they
# would count for the phone last seen at the address.
watcher=SEP0000000000FF

device_of() { echo "SEP00000000$1"; }
flash_of() { echo "$work/flash/$1"; }

# Phones of that age speak TLS 1.0 alone.
start_cluster() { # DIR
    sed -i 's/^legacy_tls = .*/legacy_tls = on/' "$1/trustline.conf" && start_node "$1"
}

add_phone() { # MODEL
    protocol=sccp
    [ "$1" = 8861 ] && protocol=sip
    act phone add "$(device_of "$1")" --model "$1" --profile $protocol-non-secure --line 1001
}
add_phones() {
    for model in $all_models; do add_phone "$model" || return; done
    act phone add $watcher --model 7905 --profile sccp-non-secure && act phone update $watcher --trait ctl=no --trait itl=no --trait signed_config=no
}

cluster() {
    state=$1
    make_node "$@" --organization Example --country XX && start_cluster "$state" && add_phones
}

act() {
    timeout 60 "$trustline" "$@" --state "$state" >"$work/out" 2>"$work/err" ||
        { echo "$?: trustline $*"; cat "$work/out" "$work/err"; return 1; }
}

# Boots one phone; what it tells is in $work/said (JSON), its exit status is that of the program.
boot_one() { # MODEL [OPTION]...
    model=$1
    shift
    timeout 120 "$phone" "$(device_of "$model")" --model "$model" --tftp "127.0.0.1:$((69 + offset))" \
        --home "$(flash_of "$model")" --json --until files "$@" >"$work/said" 2>"$work/err"
}

# said EXPRESSION: what SQLite finds in what the phone told.
said() { sqlite3 :memory: "select json_extract(readfile('$work/said'), '$1')"; }

# How its CTL or ITL fared: "accepted:first_list", "refused:unknown_signer", "absent:".
fared() { # ctl|itl
    sqlite3 :memory: "select json_extract(value, '\$.result') || ':' || ifnull(json_extract(value, '\$.rule'), '')
        from json_each(readfile('$work/said'), '\$.files')
        where json_extract(value, '\$.kind') = '$1' and json_extract(value, '\$.result') not in ('absent', 'by_tftp')"
}

# The rules by which what it was offered was taken, refused, ..., of lists and configuration.
rules_of_boot() {
    sqlite3 :memory: "select group_concat(distinct ifnull(json_extract(value, '\$.rule'), ''))
        from json_each(readfile('$work/said'), '\$.files')
        where json_extract(value, '\$.kind') in ('ctl', 'itl', 'configuration') and json_extract(value, '\$.result') <> 'absent'"
}

told() { echo "the $model: $*"; cat "$work/said" "$work/err"; return 1; }

boots() {
    wanted=
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        wanted="$wanted $1"
        shift
    done
    [ $# -eq 0 ] || shift
    for model in $wanted; do
        boot_one "$model" "$@" || { told "does not boot (exit status $?)"; return 1; }
        holds "$model" || return
    done
    all_known $wanted
}

# The lists in its flash are those that are served; phones without an ITL hold none.
holds() { # MODEL
    for list in CTL ITL; do
        file=$(flash_of "$1")/${list}File.tlv
        case "$list $1" in 'ITL 7940' | 'ITL 7960')
            [ ! -e "$file" ] || { told "holds an ITL"; return 1; }
            continue
            ;;
        esac
        kind=$(echo $list | tr CTLI ctli)
        served=$("$trustline" show "$kind" --json --state "$state" 2>/dev/null | sed -n 's/^  "md5": "\([0-9a-f]*\)",*$/\1/p')
        [ -z "$served" ] || [ "$(md5sum <"$file" | cut -d ' ' -f 1)" = "$served" ] ||
            { told "does not hold the $list that is served"; return 1; }
    done
}

# What it was served is written down behind its back, a moment later.
known() { # MODEL
    for list in CTL ITL; do
        file=$(flash_of "$1")/${list}File.tlv
        [ ! -e "$file" ] || [ "$(sqlite3 "$state/trustline.db" "select count(*) from held_list h join phone p on p.id = h.phone
            where p.name = '$(device_of "$1")' and h.hash = '$(sha256sum <"$file" | cut -d ' ' -f 1)'")" = 1 ] || return
    done
}

all_known() { # MODEL...
    for model in "$@"; do eventually known "$model" || return; done
}

# A phone that was helped by hand is known as new when it was deleted and added.
added_anew() { # MODEL...
    for model in "$@"; do
        act phone delete "$(device_of "$model")" --yes && add_phone "$model" || return
    done
}

fingerprint() { # MODEL: of its lists and its configuration
    (cd "$(flash_of "$1")" && find . -type f \( -name '*.tlv' -o -name '*.xml' \) -exec sha256sum {} + | sort -k 2)
}

refuses() {
    rule=$1
    shift
    for model in "$@"; do
        before=$(fingerprint "$model")
        boot_one "$model"
        [ $? -eq 3 ] || { told 'does not refuse'; return 1; }
        case ",$(rules_of_boot)," in
        *",$rule,"*) ;;
        *) told "refuses by another rule than $rule: $(rules_of_boot)"; return 1 ;;
        esac
        [ "$(fingerprint "$model")" = "$before" ] || { told 'does not keep what it had'; return 1; }
    done
}

# Another TVS learns of a change a moment later: a phone with the flash of this one finds out when.
trusted_meanwhile() { # MODEL
    eventually probe "$1"
}
probe() {
    rm -rf "$work/probe"
    cp -a "$(flash_of "$1")" "$work/probe"
    timeout 60 "$phone" "$(device_of "$1")" --model "$1" --tftp "127.0.0.1:$((69 + offset))" --home "$work/probe" --until files --quiet
}

# What is served is what was published last: roles notice a moment later.
serves_now() {
    for list in CTL ITL; do
        kind=$(echo $list | tr CTLI ctli)
        hash=$("$trustline" show "$kind" --json --state "$state" 2>/dev/null | sed -n 's/^  "md5": "\([0-9a-f]*\)",*$/\1/p')
        [ -z "$hash" ] || eventually served_as "${list}File.tlv" "$hash" || return
    done
}
served_as() { fetch "$(echo "$1" | sed "s/File/$watcher/")" "$work/served" && [ "$(md5sum <"$work/served" | cut -d ' ' -f 1)" = "$2" ]; }

# changes WORDS...: an act, and the server serves what came of it.
changes() { act "$@" --yes && serves_now; }

# roles KIND: the functions of the records of the list that is published, in their order.
roles() {
    "$trustline" show "$1" --json --state "$state" >"$work/list.json" || return
    sqlite3 :memory: "select group_concat(json_extract(value, '\$.function'), ', ')
        from json_each(readfile('$work/list.json'), '\$.records')"
}

# record_lengths KIND: RECORDLENGTH of each record of what is published.
record_lengths() {
    "$trustline" show "$1" --state "$state" | sed -n 's/^1	RECORDLENGTH	2	//p' | paste -s -d ' '
}

# lost: the phones a plan would lose, from its JSON in $work/out, sorted; without those nobody added,
# which is what fetches of these tests look like.
lost() {
    sqlite3 :memory: "select distinct json_extract(value, '\$.device') from json_each(readfile('$work/out'), '\$.phones')
        where json_extract(value, '\$.device') is not null and json_extract(value, '\$.lost')
        order by 1" | paste -s -d ' '
}
# through_tvs: those that would take it through TVS.
through_tvs() {
    sqlite3 :memory: "select distinct json_extract(value, '\$.device') from json_each(readfile('$work/out'), '\$.phones')
        where json_extract(value, '\$.device') is not null and json_extract(value, '\$.verdict') = 'through_tvs' order by 1" | paste -s -d ' '
}
devices_of() { for model in "$@"; do device_of "$model"; done | sort | paste -s -d ' '; }

plans() { # STATUS WORDS...
    wanted_status=$1
    shift
    timeout 60 "$trustline" plan "$@" --json --state "$state" >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" -eq "$wanted_status" ] || { cat "$work/out" "$work/err"; fails "plan $*: status $got"; }
}

# ---- renewing ----

serial_of() { openssl x509 -in "$state/keys/$1.pem" -noout -serial | cut -d = -f 2 | tr A-F a-f; }
renews() { # NAME [OPTION]...: the certificate is another, the lists are new and served
    name=$1
    shift
    before=$(serial_of "$name")
    changes set cert regen "$name" "$@" && [ "$(serial_of "$name")" != "$before" ] || fails "$name is the old one"
}
accepted() { # ctl|itl RULE MODEL...
    kind_wanted=$1 rule=$2
    shift 2
    for model in "$@"; do
        boot_one "$model" || { told 'does not boot'; return 1; }
        [ "$(fared "$kind_wanted")" = "accepted:$rule" ] || { told "$kind_wanted $(fared "$kind_wanted"), not accepted by $rule"; return 1; }
        [ "$rule" = tvs_vouches ] || asked_nothing || return
        holds "$model" || return
    done
    all_known "$@"
}
asked_nothing() { [ "$(said '$.tvs')" = '[]' ] || { told 'asked TVS'; return 1; }; }
loses() { # DEVICES: what the last plan says
    [ "$(lost)" = "$1" ] || fails "would lose: $(lost)"
}
# A mixed cluster with these anchors, and all phones hold its lists.
fresh() { # NAME ANCHORS
    [ -z "$node_pid" ] || node_in_order || return
    rm -rf "$work/flash"
    cluster "$work/$1" && act parameter set list_anchors "$2" --yes && changes utils ctl set-cluster mixed-mode && boots $all_models
}

node_in_order() {
    stop_node && ! grep -E 'AddressSanitizer|runtime error|LeakSanitizer' "$state.err"
}
