# Runs a program for as long as standard input stays open: however the parent ends, even killed, the input closes, which
# stops the program. Prints its process id on standard output first. Arguments: the program and its own arguments.
set -eu
trap '' INT TERM HUP
exec 3<&0
# A signal ignored here would be ignored by the program too.
(trap - INT TERM HUP && exec "$@" </dev/null 3<&-) &
program=$!
echo "process $program"
{
    read -r _ <&3 || true
    kill -TERM "$program"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        sleep 1
        kill -0 "$program" || exit 0
    done
    kill -KILL "$program"
} >/dev/null 2>&1 &
watcher=$!
wait "$program" 2>/dev/null && status=0 || status=$?
kill -KILL "$watcher" 2>/dev/null || true
exit "$status"
