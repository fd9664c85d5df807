#!/bin/sh
# The web page of a simulated phone, as curl sees it.
# phone_web.sh TRUSTLINE_PHONE FILESERVER
phone=$(realpath "$1")
fileserver=$(realpath "$2")
. "$(dirname "$0")/lib.sh"

name=SEP001122334455

mkdir files
cp "$vector/CTLFile.tlv" "files/CTL$name.tlv"
cp "$vector/ITLFile.tlv" files/ITLFile.tlv
cp "$vector/$name.cnf.xml.plain-config.sgn" "files/$name.cnf.xml.sgn"
mkfifo in port
"$fileserver" files <in >port &
server=$!
exec 3>in
read -r tftp <port

# switch_on [OPTION]...: boots a phone at a port for its page that nobody else has; $pid, $web. It has
# its page before it asks for the first file, so that a taken port is known at once. (Without
# --foreground, timeout passes a signal on twice, and the second finds nobody who takes it.)
web=$((10000 + ($$ * 37) % 40000))
switch_on() {
    tries=0
    while [ $tries -lt 20 ]; do
        tries=$((tries + 1))
        web=$((web + 101))
        timeout --foreground 300 "$phone" $name --until files --tftp "127.0.0.1:$tftp" --web $web "$@" >said 2>err &
        pid=$!
        until curl -sf -o page "http://127.0.0.1:$web/"; do
            kill -0 $pid 2>/dev/null || break
        done
        kill -0 $pid 2>/dev/null && return
        wait $pid
        grep -q 'in use' err || break
    done
    cat said err
    return 1
}

switch_off() { # STATUS: that it ends with
    kill -TERM $pid && wait $pid
    [ $? -eq "$1" ] || { cat said err; fails "not status $1"; }
}

get() { # PATH: into ./page; fails unless it is there
    curl -sf -D head -o page "http://127.0.0.1:$web$1" || fails "no $1"
}

page_has() { grep -qF -- "$1" page || { cat page; fails "the page has no: $1"; }; }

# Until the phone is through with its boot.
booted() {
    until get /messages && grep -q 'has its files\|refused a list' page; do
        kill -0 $pid || return
    done
}

stays_with_its_page() {
    switch_on && booted && grep -qx "Web page: http://127.0.0.1:$web/" said &&
        get / && page_has "<td>$name</td>" && page_has '<h1>IP Phone 7975</h1>' &&
        grep -qi '^content-type: text/html; charset=utf-8' head &&
        grep -qi "^content-security-policy: default-src 'none'" head
}
test_that 'a phone with a page stays on, and shows what it is' stays_with_its_page

tells_what_it_said() {
    get /messages && page_has ' Trust List Updated' && get /console &&
        page_has "SECD: tlRequestFile: Request CTL$name.tlv" &&
        page_has "TFTP: [1]:Requesting CTL$name.tlv from 127.0.0.1"
}
test_that 'status messages and console logs are what it printed' tells_what_it_said

shows_md5() {
    get /trust &&
        page_has "<td>$(md5sum <"$vector/CTLFile.tlv" | cut -d' ' -f1)</td>" &&
        page_has "<td>$(md5sum <"$vector/ITLFile.tlv" | cut -d' ' -f1)</td>" &&
        page_has "<td>$(sha1sum <"$vector/ITLFile.tlv" | cut -d' ' -f1)</td>" &&
        page_has '<td>System Administrator Security Token</td>' && page_has '<td>TVS</td>' &&
        get '/CGI/Java/Serviceability?adapter=device.statistics.configuration' &&
        page_has "<td>$(md5sum <"$vector/ITLFile.tlv" | cut -d' ' -f1)</td>"
}
test_that 'the trust list has the records and the MD5 of both lists, as md5sum computes it' shows_md5

is_xml() {
    for path in /DeviceInformationX /NetworkConfigurationX /DeviceLogX /StreamingStatisticsX \
        '/StreamingStatisticsX?5'; do
        get "$path" && xmllint --noout page || return
    done
    page_has '<streamStatus>Not Ready</streamStatus>' && get /DeviceInformationX &&
        page_has '<MACAddress>001122334455</MACAddress>' && get /DeviceLogX &&
        page_has 'Trust List Updated</status>'
}
if command -v xmllint >/dev/null; then
    test_that 'programs get XML that an outside parser reads' is_xml
else
    skip_test 'programs get XML that an outside parser reads' 'no xmllint'
fi

status_of() { curl -s -o page -w '%{http_code}' "$@"; }

refuses_the_rest() {
    [ "$(status_of "http://127.0.0.1:$web/nothing")" = 404 ] && page_has 'no such page' &&
        [ "$(status_of "http://127.0.0.1:$web/StreamingStatisticsX?999")" = 404 ] &&
        [ "$(status_of "http://127.0.0.1:$web/CGI/Java/Serviceability?adapter=x")" = 404 ] &&
        [ "$(status_of -d 'XML=<CiscoIPPhoneExecute/>' "http://127.0.0.1:$web/CGI/Execute")" = 405 ] &&
        ! curl -s -o page "http://127.0.0.2:$web/"
}
test_that 'it has no other page, takes no orders, and is on 127.0.0.1 alone' refuses_the_rest

is_switched_off() {
    switch_off 0 && [ ! -s err ] && ! curl -s -o page "http://127.0.0.1:$web/"
}
test_that 'SIGTERM switches it off, with the status of what it reached' is_switched_off

speaks_json_too() {
    switch_on --json && booted && get /console && page_has 'SECD: tlRequestFile' &&
        [ ! -s said ] && switch_off 0 && cp said out && is_json &&
        [ "$(json '$.outcome')" = reached ]
}
test_that 'with --json the page has the logs all the same' speaks_json_too

port_taken() {
    switch_on && expect 1 "$phone" $name --tftp "127.0.0.1:$tftp" --web "$web" && says '--web' &&
        one_line && switch_off 0
}
test_that 'a port that is taken is said in a line' port_taken

shows_the_refusal() {
    cp "$vector/ITLFile.tlv" "files/CTL$name.tlv"
    switch_on --home flash && booted && get /messages && page_has 'Trust List Update Failed' &&
        page_has "CTL$name.tlv is refused by rule " && switch_off 3
}
test_that 'a phone that refused a list stays to show why' shows_the_refusal

exec 3>&-
wait $server
done_testing
