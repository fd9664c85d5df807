#!/bin/sh
# callmanager_claims.sh TRUSTLINE TRUSTLINED SCCPPROBE ENROLLED: who says to be a phone and cannot prove
# it does that phone no harm.
trustline=$(realpath "$1")
trustlined=$(realpath "$2")
sccpprobe=$(realpath "$3")
enrolled=$(realpath "$4")
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/sccp.sh"

state=$work/node
anna=SEP001122330001 # encrypted
dora=SEP001122330004 # non-secure
thief=127.0.0.66

prepare() {
    make_node "$state" && start_node "$state" || return
    admin phone add $anna --model 7975 --profile sccp-encrypted --line 1001 &&
        admin phone add $dora --model 7975 --profile sccp-non-secure --line 1004 || return
    lsc $anna anna && "$enrolled" "$state/trustline.db" lsc $anna anna.crt || return
    admin utils ctl set-cluster mixed-mode --yes
}

# Over and over, and of alarms as many as a connection may.
claims() { # NAME
    for i in 1 2 3 4 5 6 7 8 9 10; do
        talk "$(plain)" from=$thief <<END
alarm Name=$1 TL=1(TL_SUCCESS)
alarm Name=$1 TL=7(TL_FAILED)
register $1 17
until 9d
END
    done
    heard 009d 2
}

shows() { # NAME PATTERN
    eventually sh -c "'$trustline' phone show $1 --state '$state' | grep -q '$2'"
}

remembered() {
    claims $anna && shows $anna 'refused: needs_tls' || return
    plug 5 anna "$(secure)" tls cert=anna.pem from=127.0.0.5
    say 5 "register $anna 17" && say 5 'until 81' && hears anna '^0081' && unplug 5 || return
    shows $anna 'registered, encrypted' || fails 'its registration was not noted' || return
    claims $anna
    admin phone show $anna --json >out
    [ "$(json '$.address')" = 127.0.0.5 ] || { cat out; fails 'somebody moved it'; } || return
    [ "$(grep -o 'refused: needs_tls' out | wc -l)" -le 8 ] || fails 'too much is kept of that' || return
    ! grep -q 'TL_FAILED' out || fails 'what nobody proved is believed'
}

# token NAME ANSWER [OPTION]...: what who is registered elsewhere hears when it asks whether it may come.
token() {
    token_name=$(printf %s "$1" | od -An -tx1 | tr -d ' \n')
    token_answer=$2
    shift 2
    talk "$@" <<END
message 29 $(printf '%-104s' "$token_name" | tr ' ' 0)
until $(printf %s "$token_answer" | cut -c 2-4)
END
    heard "$token_answer" 2
}
tokens() {
    token $anna '011b 3c000000' "$(plain)" && logged 'event=phone_kept_away' &&
        token SEP0000000000FF '011b 3c000000' "$(plain)" && token $dora 011a "$(plain)" &&
        token $anna 011a "$(secure)" tls cert=anna.pem && token $dora '011b 3c000000' "$(secure)" tls cert=anna.pem
}

# At its own address it may come again at once, and elsewhere when it has left.
crossed() {
    plug 5 dora "$(plain)" from=127.0.0.5
    say 5 "register $dora 17" && say 5 'until 81' && hears dora '^0081' || return
    talk "$(plain)" from=127.0.0.67 <<END
register $dora 17
until 9d
END
    heard '009d 43726f73736f7665722073657373696f6e' 2 || return # Crossover session
    logged "event=phone_refused device=$dora peer=127.0.0.67" && logged "crossed: $dora is registered from 127.0.0.5" || return
    say 5 'message 0' && say 5 'until 100' && hears dora '^0100' || fails 'it was driven out' || return
    plug 6 dora2 "$(plain)" from=127.0.0.5
    say 6 "register $dora 17" && say 6 'until 81' && hears dora2 '^0081' && unplug 5 || return
    unplug 6
    eventually elsewhere
}
elsewhere() {
    talk "$(plain)" from=127.0.0.7 <<END
register $dora 17
until 81
END
    heard 0081 2
}

test_that 'a node in mixed mode, with an encrypted and a non-secure phone' prepare
test_that 'what is said in the name of a phone neither hides what it does nor moves it' remembered
test_that 'who would be refused is not called away from where it is registered' tokens
test_that 'nobody takes the place of a phone that is there' crossed
done_testing
