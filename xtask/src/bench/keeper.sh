# Runs a program for as long as standard input stays open: however its parent ends, even killed, the input closes and
# the program with it. Says first, on standard output, which process it is. Arguments: the program and its own.
set -eu
trap '' INT TERM HUP
exec 3<&0
# What is ignored here would be ignored there.
(trap - INT TERM HUP && exec "$@" </dev/null 3<&-) &
kept=$!
echo "process $kept"
{
    read -r _ <&3 || true
    kill -TERM "$kept"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        sleep 1
        kill -0 "$kept" || exit 0
    done
    kill -KILL "$kept"
} >/dev/null 2>&1 &
watcher=$!
wait "$kept" 2>/dev/null && status=0 || status=$?
kill -KILL "$watcher" 2>/dev/null || true
exit "$status"
