#!/bin/sh
# What the library $1 shows to a program that links it begins with policap_.
set -eu
command -v readelf >/dev/null || { echo 'skipped: readelf is not installed'; exit 77; }
symbols=$(readelf --wide --symbols "$1")
case $symbols in
*GLOBAL*) ;;
*) echo "$1: no symbols"; exit 1 ;;
esac
# Names with two underscores are the compiler's own, for sanitizers.
shown=$(echo "$symbols" | awk '($5 == "GLOBAL" || $5 == "WEAK") && $6 == "DEFAULT" \
    && $7 != "UND" && $8 !~ /^(policap_|__)/ { print $8 }' | sort -u)
[ -z "$shown" ] || { printf 'visible, without the prefix policap_:\n%s\n' "$shown"; exit 1; }
