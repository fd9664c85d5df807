#!/bin/sh
# calls_cli.sh TRUSTLINE CALLED: calls that go on and calls that are over, as the command line shows
# them. CALLED writes them as the service does.
trustline=$(realpath "$1")
called=$(realpath "$2")
trustlined=
terminal=
. "$(dirname "$0")/lib.sh"
. "$root/test/system/daemon.sh"
. "$root/test/system/admin.sh"

json() { sqlite3 :memory: "select json_extract(readfile('$work/out'), '\$$1')"; }
json_is() { # PATH WANTED
    [ "$(json "$1")" = "$2" ] || fails "$1 is $(json "$1"), not $2"
}

none() {
    make_node "$state" && done_by call list && exactly <<END && done_by call history --json && [ "$(cat out)" = '[]' ]
Caller  Callee  State  Security  Suite  Began  Duration  Node
------  ------  -----  --------  -----  -----  --------  ----
END
}

going_on() {
    "$called" "$state/trustline.db" node && done_by call list && like <<'END'
~Caller +Callee +State +Security +Suite +Began +Duration +Node *
~[- ]*
~1001 \(SEP001122330001\)  1002 \(SEP001122330002\)  talking  encrypted  AES_CM_128_HMAC_SHA1_32  Tue Nov 14 22:13:20 UTC 2023  [0-9]+:[0-9]{2}:[0-9]{2} +node
~1004 \(SEP001122330004\)  1003 +ringing  - +- +Tue Nov 14 22:13:30 UTC 2023  - +node
END
}

going_on_in_json() {
    done_by call list --json && json_is '[0].caller.device' SEP001122330001 &&
        json_is '[0].callee.number' 1002 && json_is '[0].security' encrypted &&
        json_is '[0].suite' AES_CM_128_HMAC_SHA1_32 && json_is '[0].state' talking &&
        json_is '[0].began' 2023-11-14T22:13:20Z && [ "$(json '[0].duration')" -gt 0 ] &&
        json_is '[1].state' ringing && json_is '[1].duration' '' && json_is '[1].security' '' &&
        json_is '[1].callee.device' '' && json_is '[2]' ''
}

over() {
    done_by call history && exactly <<'END'
Began                         Caller                  Callee                  Dialled  Duration  Security       Suite  Ended                  Node
----------------------------  ----------------------  ----------------------  -------  --------  -------------  -----  ---------------------  ----
Tue Nov 14 22:13:50 UTC 2023  1004 (SEP001122330004)  7                       7        -         -              -      unknown number         node
Tue Nov 14 22:13:40 UTC 2023  1001 (SEP001122330001)  1002 (SEP001122330002)  1002     1:01:05   authenticated  -      hung up by the callee  node
END
}

over_in_json() {
    done_by call history --json && json_is '[1].duration_ms' 3665400 && json_is '[1].duration' 3665 &&
        json_is '[1].cause' 'hung up' && json_is '[1].ended_by' callee &&
        json_is '[1].ended' 2023-11-14T23:14:50Z && json_is '[1].caller.security' encrypted &&
        json_is '[0].cause' 'unknown number' && json_is '[0].ended_by' '' && json_is '[0].answered' ''
}

filtered() {
    for which in device=sep001122330002 number=1001 caller=1001 callee='100?' security=auth* cause='hung*'; do
        done_by call history --json --where "$which" && json_is '[0].caller.number' 1001 &&
            json_is '[1]' '' || { echo "$which"; return 1; }
    done
    done_by call history --json --where number=7 --where node=node && json_is '[0].dialled' 7 && json_is '[1]' '' &&
        done_by call history --json --where number=7 --where security=encrypted && [ "$(cat out)" = '[]' ] &&
        done_by call history --json --last 1 && json_is '[0].dialled' 7 && json_is '[1]' ''
}

wrong() {
    complains 2 'the keys are device, number, caller, callee' call history --where colour=red &&
        complains 2 'KEY=VALUE is meant' call history --where red &&
        complains 2 'a number from 1 is meant' call history --last 0
}

by_sql() {
    done_by run sql "select caller, callee, cause from call_record where talked_ms > 0" && prints 1001 &&
        done_by run sql "select count(*) from call_live" && prints 2
}

test_that 'without calls there are none to show' none
test_that 'calls that go on are shown with parties, state, security and duration' going_on
test_that 'the same as JSON has stable keys' going_on_in_json
test_that 'calls that are over are shown, the newest first, with why they ended' over
test_that 'the same as JSON, to the millisecond' over_in_json
test_that 'conditions leave those calls for which all of them hold' filtered
test_that 'a wrong condition is explained' wrong
test_that 'run sql sees both tables' by_sql
done_testing
