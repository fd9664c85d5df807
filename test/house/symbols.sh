#!/bin/sh
# symbols.sh ARCHIVE...: a program is linked from these folders' libraries. The linker takes the first
# definition of a name and says nothing of a second one in another library, so that two functions of
# one name would be a fault nobody sees at work: each name is defined once. TAP.
set -u
names() { # ARCHIVE: what it defines for others
    nm --defined-only --extern-only --print-file-name "$1" 2>/dev/null |
        awk '$(NF - 1) ~ /^[TDBRC]$/ && $NF !~ /^(__|_Z)/ { print $NF }' | sort -u | sed "s|\$| $(basename "$1")|"
}
for archive; do names "$archive"; done | sort >"${TMPDIR:-/tmp}/symbols.$$"
trap 'rm -f "${TMPDIR:-/tmp}/symbols.$$"' EXIT
echo 1..2
if [ "$(wc -l <"${TMPDIR:-/tmp}/symbols.$$")" -gt 500 ]; then echo 'ok 1 - the libraries are there'; else echo 'not ok 1 - the libraries are there'; fi
twice=$(awk '$1 == name { print name " is in " library " and in " $2 } { name = $1; library = $2 }' "${TMPDIR:-/tmp}/symbols.$$")
if [ -z "$twice" ]; then
    echo 'ok 2 - no two libraries define the same name'
else
    printf '%s\n' "$twice" | sed 's/^/# /'
    echo 'not ok 2 - no two libraries define the same name'
fi
