#!/bin/sh
# Replays the corpus folder $2 through the fuzz target $1.
set -eu
target=$1
[ -n "$(ls "$2")" ] || { echo "$2: the corpus is empty"; exit 1; }
exec "$target" "$2"/*
