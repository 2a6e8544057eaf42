# Runs PostgreSQL in a temporary folder for as long as standard input stays open, and leaves nothing behind. However the
# parent ends, even killed, the input closes, which stops the server.
# Arguments: the folder of the programs, the port.
set -eu
trap '' INT TERM HUP
umask 077
cd /
bin=$1 port=$2
home=$(mktemp -d 2>/dev/null || TMPDIR=/tmp mktemp -d)
trap 'rm -rf "$home"' EXIT

"$bin/initdb" -D "$home/db" -U postgres --auth=trust --encoding=UTF8 --no-locale >"$home/log" 2>&1 || {
    cat "$home/log" >&2
    exit 1
}

exec 3<&0
# Connections for many concurrent tests; all settings that make a commit durable keep their defaults.
"$bin/postgres" -D "$home/db" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c max_connections=300 </dev/null >>"$home/log" 2>&1 3<&- &
server=$!
{ read -r _ <&3 || true; : >"$home/stop"; kill -INT "$server"; } &
watcher=$!

wait "$server" || true
if [ ! -e "$home/stop" ]; then
    kill -KILL "$watcher"
    tail -n 20 "$home/log" >&2
    exit 1
fi
