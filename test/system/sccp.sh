# sccp.sh: phones of SCCP as a script says them with sccpprobe, for system tests. Sourced after
# daemon.sh; needs $trustline, $sccpprobe, $state and $offset.
#
#     lsc NAME FILE [DAYS]        FILE.pem, certificate and key of the phone, issued with CAPF's own key
#     talk PORT [OPTION]... <SCRIPT    a connection; what was heard is in $work/heard
#     plug FD NAME PORT [OPTION]...    one that stays: `say FD LINE`, `hears NAME PATTERN`
#     unplug FD
#     plain, secure               the ports
#     logged TEXT                 trustline.log has a line with this text, or gets it
#     traced TEXT                 callmanager.log does

admin() { "$trustline" "$@" --state "$state"; }
plain() { echo $((2000 + offset)); }
secure() { echo $((2443 + offset)); }

lsc() {
    key=$state/keys/CAPF.pem
    openssl req -newkey rsa:2048 -nodes -keyout "$2.key" -subj "/CN=$1" -out "$2.csr" 2>/dev/null &&
        openssl x509 -req -in "$2.csr" -CA "$key" -CAkey "$key" -set_serial "0x$(openssl rand -hex 8)" \
            -days "${3:-30}" -out "$2.crt" 2>/dev/null && cat "$2.crt" "$2.key" >"$2.pem"
}

talk() {
    timeout 60 "$sccpprobe" "$@" >"$work/heard" 2>&1
    cat "$work/heard"
}
heard() { # LINE NUMBER: that line begins so
    sed -n "$2p" "$work/heard" | grep -q "^$1" || fails "line $2 is not $1"
}

plug() {
    plug_fd=$1
    plug_name=$2
    shift 2
    rm -f "$work/$plug_name.in"
    mkfifo "$work/$plug_name.in"
    # The descriptors of other phones stay with the test: their ends must be seen.
    (exec 5>&- 6>&- 7>&- 8>&- 9>&- && exec timeout 250 "$sccpprobe" "$@") <"$work/$plug_name.in" \
        >"$work/$plug_name.out" 2>&1 &
    eval "exec $plug_fd>\"\$work/$plug_name.in\""
}
unplug() { eval "exec $1>&-"; }
say() { printf '%s\n' "$2" >&"$1"; }
hears() { eventually grep -q -- "$2" "$work/$1.out" || { cat "$work/$1.out"; return 1; }; }

logged() { eventually grep -qF -- "$1" "$state/log/trustline.log" || fails "not logged: $1"; }
traced() { eventually grep -qF -- "$1" "$state/log/callmanager.log" || fails "not traced: $1"; }
# How often the log has it, now.
times_logged() { grep -cF -- "$1" "$state/log/trustline.log"; }
registered() { # NAME: as the store has it
    admin run sql "select d.name from registration r join device d on d.pkid = r.phone" | grep -q "$1"
}

# ---- calls, of phones with plug, at version 17 ----

word() { printf '%02x%02x%02x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }
# heard_last NAME ID: the payload of the last message of that id, in hex; part HEX OFFSET BYTES: of it.
heard_last() { sed -n "s/^$2 //p" "$work/$1.out" | tail -n 1; }
part() { printf %s "$1" | cut -c $(($2 * 2 + 1))-$((($2 + $3) * 2)); }
# How often NAME has heard ID by now.
heard_times() { grep -c "^$2" "$work/$1.out"; }
# next FD NAME ID: waits for one more of it.
next() {
    next_before=$(heard_times "$2" "$3")
    say "$1" "until $3"
    eventually eval "[ \$(heard_times $2 $3) -gt $next_before ]" || { cat "$work/$2.out"; return 1; }
}

dials() { # FD NUMBER
    say "$1" 'words 26 2 1 0'
    for digit in $(printf %s "$2" | sed 's/./& /g'); do say "$1" "words 3 $digit 0 0"; done
}
# listens FD NAME PORT: what OpenReceiveChannel asked for is open there.
listens() {
    open=$(heard_last "$2" 0105)
    say "$1" "message 22 $(word 0)$(word 0)7f000001000000000000000000000000$(word "$3")$(part "$open" 4 4)$(part "$open" 24 4)"
}

# calls FD NAME NUMBER FD2 NAME2: the first calls the second, who answers; both have audio.
calls() {
    say "$1" show
    say "$4" show
    dials "$1" "$3" && next "$4" "$5" 0085 && say "$4" 'words 26 11 1 0' || return
    next "$4" "$5" 0105 && next "$1" "$2" 0105 || return
    listens "$1" "$2" 20000
    listens "$4" "$5" 20002
    next "$1" "$2" 008a && next "$4" "$5" 008a
}
# Keys are the same crosswise, and there (algorithm 1, 16 and 14 bytes) or not.
keys_match() { # NAME NAME2 ALGORITHM
    for pair in "$1 $2" "$2 $1"; do
        # shellcheck disable=SC2086 # words
        set -- $pair "$3"
        in=$(heard_last "$1" 0105)
        sent=$(heard_last "$2" 008a)
        [ "$(part "$in" 36 32)" = "$(part "$sent" 68 32)" ] || fails 'the keys of one direction differ' || return
        [ "$(part "$in" 28 4)" = "$(word "$3")" ] || fails "not algorithm $3" || return
        [ "$3" = 0 ] || [ "$(part "$in" 32 4)" = 10000e00 ] || fails 'not 16 and 14 bytes' || return
        [ "$3" != 0 ] || [ "$(part "$in" 36 32)" = "$(printf '%064d' 0)" ] || fails 'keys in a plain call' || return
    done
}
