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
    (exec 5>&- 6>&- 7>&- 8>&- && exec timeout 250 "$sccpprobe" "$@") <"$work/$plug_name.in" \
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
