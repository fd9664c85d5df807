#!/bin/sh
# The rules of the house hold, and breaking one is caught. TAP.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/trustline-house-XXXXXX")
trap 'rm -rf "$work"' EXIT
number=0
result() { # STATUS NAME
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; fi
}

# A small house of its own, with one fault in it.
fresh() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree/src/wire" "$work/tree/src/base" "$work/tree/tools"
    cp "$root/house.table" "$work/tree/"
    cp "$root/tools/banned-calls" "$work/tree/tools/"
    printf '#include "base/x.h"\n#include <stdio.h>\n' >"$work/tree/src/wire/x.c"
    echo '/* strcpy() in a comment is fine */' >"$work/tree/src/base/x.h"
}
caught() { # NAME EXPECTED-TEXT: the check must fail and say so
    "$root/tools/house-check" "$work/tree" >"$work/out" 2>&1
    status=$?
    if [ "$status" -eq 1 ] && grep -q -- "$2" "$work/out"; then
        result 0 "$1"
    else
        sed 's/^/# /' "$work/out"
        result 1 "$1"
    fi
}

"$root/tools/house-check" "$root" >"$work/out" 2>&1
status=$?
[ "$status" -eq 0 ] || sed 's/^/# /' "$work/out"
result "$status" "the tree keeps the rules of the house"

fresh
"$root/tools/house-check" "$work/tree" >"$work/out" 2>&1
result $? "a clean small house passes"
fresh; echo '#include "net/loop.h"' >>"$work/tree/src/wire/x.c"
caught "a folder above may not be included" "wire may not include net"
fresh; echo '#include "../base/x.h"' >>"$work/tree/src/wire/x.c"
caught "an include may not climb" 'climbs with'
fresh; echo '#include "x.h"' >>"$work/tree/src/wire/x.c"
caught "an include must name its folder" "does not name its folder"
fresh; echo '#include <openssl/evp.h>' >>"$work/tree/src/wire/x.c"
caught "a library belongs to its folders only" "wire may not include <openssl/evp.h>"
fresh; echo 'void f(char *a, char *b) { strcpy(a, b); }' >>"$work/tree/src/wire/x.c"
caught "a banned call is found, with what to use" "strcpy() is banned: text_copy()"
fresh; mkdir "$work/tree/src/cellar"; echo '#include <stdio.h>' >"$work/tree/src/cellar/x.c"
caught "a folder that is not in the table is found" "cellar is not in house.table"
echo "1..$number"
