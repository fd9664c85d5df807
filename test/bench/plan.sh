# plan.sh: how long `plan set cert regen CallManager` takes, for phones of every generation that hold
# lists of several ages. Sourced by test/bench/run.

# What the phones were served: four changes, both anchors among them, so that some are lost.
plan_cluster() { # PHONES
    rm -rf "$work/state"
    make_cluster 0
    for name in CAPF CallManager TVS ITLRecovery; do
        "$bin/trustline" set cert regen $name --yes --accept-lockout --state "$state" >>"$log" 2>&1 ||
            die "cannot renew $name"
    done
    "$bench/plan_phones" "$state/trustline.db" "$1" >>"$log" 2>&1 || die "cannot add phones"
}

# Refused is an answer, too.
plan_once() { # OPTION...
    status=0
    begun=$(date +%s%N)
    "$bin/trustline" plan set cert regen CallManager --state "$state" "$@" >"$work/plan.out" 2>>"$log" || status=$?
    ended=$(date +%s%N)
    [ $status -eq 0 ] || [ $status -eq 3 ] || die "the plan failed"
    awk -v a="$begun" -v b="$ended" 'BEGIN { printf "%.3f\n", (b - a) / 1e9 }'
}

bench_plan() {
    say "Plans: set cert regen CallManager. Medians of $rounds rounds."
    for row in '200 1' '10000 5'; do
        phones=${row% *}
        wanted=${row#* }
        plan_cluster "$phones"
        for _ in $(seq "$rounds"); do
            quiet
            plan_once
        done >"$work/plan.times"
        took=$(median <"$work/plan.times")
        lines=$(wc -l <"$work/plan.out")
        want_most "$took" "$wanted" "$phones phones, seconds (a table of $lines lines)"
    done
    [ "$busy_turns" -eq 0 ] || say "  (something else used the machine before $busy_turns turns)"
}
