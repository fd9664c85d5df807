# Two phones call each other, and somebody between them listens. Sourced by tools/demo.

# Each has a tone of its own, in Hz, so that nobody is taken for who hears himself.
caller_tone=440
callee_tone=660

# value KEY LINE: from a line of key=value pairs.
value() { printf '%s\n' "$2" | sed -n "s/\(.* \)\{0,1\}$1=\([^ ]*\).*/\2/p"; }

# The eavesdropper: on the loopback interface where this user may, else at the PC port of the phone that
# is called.
listen() {
    rm -f "$run/ear.in" "$run/ear.out"
    : >"$run/ear.out"
    mkfifo "$run/ear.in"
    "$bin/tools/ear" tap lo $caller_tone $callee_tone <"$run/ear.in" >"$run/ear.out" 2>>"$log" &
    ear=$!
    exec 9>"$run/ear.in"
    until grep -q '^listening' "$run/ear.out" || ! kill -0 $ear 2>/dev/null; do sleep 0.1; done
}
listened() { # -> $where, run/ear.out
    exec 9>&-
    where='on the loopback interface'
    wait $ear && return
    where="at the PC port of the phone that is called (this user may not listen on the loopback interface)"
    "$bin/tools/ear" tap "$run/callee.pcap" $caller_tone $callee_tone >"$run/ear.out" 2>>"$log" ||
        fail "the eavesdropper has heard nothing"
}

# One of the two; what it says is in run/ROLE.out, what it hears in run/ROLE.wav.
talker() { # ROLE TONE NAME MODEL OPTION...
    role=$1
    tone=$2
    talks=$3
    as=$4
    shift 4
    rm -f "$run/$role.wav" "$run/$role.pcap"
    exec "$bin/trustline-phone" "$talks" --model "$as" --tftp "127.0.0.1:$port" --home "$phones/$talks" \
        --audio "tone:$tone" --record "$run/$role.wav" --span "$run/$role.pcap" "$@" >>"$run/$role.out" 2>>"$log"
}

# What a recording must be: what the other said, sample by sample, for as long as they talked.
heard() { # ROLE TONE
    line=$("$bin/tools/ear" heard "$run/$1.wav" "tone:$2" 2>>"$log") ||
        fail "run/$1.wav is not what the other phone said"
    seconds=$(value seconds "$line")
    [ "${seconds%.*}" -ge 4 ] || fail "run/$1.wav has $seconds s"
    grep -q ' lost 0, ' "$run/$1.out" || fail "packets were lost"
}

shown() { # ROLE: its screen, and how the audio was
    sed -n 's/^[0-9:]* Call 1 \(with .*: \[.*\)/\1/p; s/^[0-9]*: NOT [0-9:.]* RTP: \(sent.*\)/\1/p' "$run/$1.out" |
        sed "s/^/        /"
}

# What the eavesdropper has of one direction: the size of the payloads, and whether they are audio.
overheard() { # WHO FROM TO TONE SRTP|RTP
    line=$(grep "^from=$2 to=$3 " "$run/ear.out") || fail "the eavesdropper has nothing from $2 to $3"
    size=$(value payload "$line")
    share=$(value "share$4" "$line")
    if [ "$5" = SRTP ]; then
        [ "$size" = 164 ] && [ "$share" -lt 50 ] || fail "encrypted audio that is none: $line"
        sound=noise
    else
        [ "$size" = 160 ] && [ "$share" -gt 950 ] || fail "audio that cannot be heard: $line"
        sound="a tone of $4 Hz"
    fi
    say "        from $1: $(value packets "$line") payloads of $size bytes; decoded they are $sound"
}

# Waits for the phone that is called to be registered, then the other calls it and talks for 5 s.
call() { # CALLER NAME MODEL  CALLEE NAME MODEL NUMBER  ICON SRTP|RTP
    listen
    : >"$run/callee.out"
    : >"$run/caller.out"
    (talker callee $callee_tone "$5" "$6" --answer) &
    callee=$!
    guests="$callee $ear"
    until grep -q 'Registered with' "$run/callee.out"; do
        kill -0 $callee 2>/dev/null || { cat "$run/callee.out" >>"$log"; fail "$4's phone does not register"; }
        sleep 0.1
    done
    (talker caller $caller_tone "$2" "$3" --dial "$7" --talk 5) ||
        { cat "$run/caller.out" "$run/callee.out" >>"$log"; fail "$1 could not call $4"; }
    wait $callee || { cat "$run/callee.out" >>"$log"; fail "the call ended badly for $4"; }
    listened
    guests=
    for role in caller callee; do
        grep -q "\[$8\]" "$run/$role.out" || fail "the $role does not show: $8"
        cat "$run/$role.out" >>"$log"
    done
    say "    $1's phone:"
    shown caller
    say "    $4's phone:"
    shown callee
    heard caller $callee_tone
    heard callee $caller_tone
    say "    What each recorded is what the other said, sample by sample: $seconds s."
    # shellcheck disable=SC2046 # two words
    set -- "$1" "$4" "$9" $(sed -n "s/.* RTP: .*: in $9 at \([^ ]*\), out $9 to \([^ ]*\)\$/\1 \2/p" \
        "$run/caller.out" | tail -n 1)
    [ $# -eq 5 ] || fail "no call with $3 both ways"
    say "    An eavesdropper $where has:"
    overheard "$1" "$4" "$5" $caller_tone "$3"
    overheard "$2" "$5" "$4" $callee_tone "$3"
}
