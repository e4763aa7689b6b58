#!/bin/sh
# Every header of the library compiles alone: headers.sh ROOT CC...
set -eu
cd "$1"
shift
find include src -name '*.h' | {
    bad=0
    while read -r header; do
        "$@" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -fsyntax-only -Iinclude -Isrc \
            -x c -include "$header" /dev/null ||
            { echo "$header does not compile alone"; bad=1; }
    done
    exit $bad
}
