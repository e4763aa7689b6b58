#!/bin/sh
# Every .c and .h under $1 is formatted as .clang-format says.  Releases of clang-format
# differ, so only the one of Debian 12 is asked: exit status 77 where it is not.
set -eu
cd "$1"
for tool in clang-format-14 clang-format none; do
    case $("$tool" --version 2>/dev/null || true) in
    *'version 14.'*) break ;;
    esac
done
[ "$tool" != none ] || { echo 'skipped: clang-format 14 is not installed'; exit 77; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
find include src tests -name '*.[ch]' -exec "$tool" --dry-run --Werror {} + 2>"$log" || {
    sed -n 's/^\([^:]*\):\([0-9]*\):.*error:.*/\1/p' "$log" | sort | uniq -c
    echo "places to format; $tool -i FILE does it, the first are:"
    head -20 "$log"
    exit 1
}
