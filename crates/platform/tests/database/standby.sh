# Runs a PostgreSQL and a standby of it for as long as standard input stays open, and leaves nothing behind.
# Arguments: the folder of the programs, the port of the first, the port of the standby. Says "ready" when both answer.
set -eu
trap '' INT TERM HUP
cd /
bin=$1 first=$2 second=$3
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
chmod 700 "$home"
exec 4>&1 >"$home/log" 2>&1

run() {
    "$bin/postgres" -D "$1" -p "$2" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
        -c fsync=off -c wal_level=replica -c hot_standby=on </dev/null 3<&- 4>&- &
}
ready() {
    until "$bin/pg_isready" -q -h 127.0.0.1 -p "$1"; do sleep 0.1; done
}

exec 3<&0
"$bin/initdb" -D "$home/first" -U postgres --auth=trust --encoding=UTF8 --no-locale --no-sync
run "$home/first" "$first"
server=$!
ready "$first"
"$bin/pg_basebackup" -h 127.0.0.1 -p "$first" -U postgres -D "$home/second" -R --no-sync --checkpoint=fast
run "$home/second" "$second"
standby=$!
ready "$second"
echo ready >&4
exec 4>&-
read -r _ <&3 || true
kill -INT "$standby" "$server"
wait "$standby" || true
wait "$server" || true
