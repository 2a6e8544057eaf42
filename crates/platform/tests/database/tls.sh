# Runs an encrypted PostgreSQL for as long as standard input stays open, and leaves nothing behind.
# Arguments: the folder of the programs, the port. Says where the certificates of two authorities are.
set -eu
trap '' INT TERM HUP
cd /
bin=$1 port=$2
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
chmod 755 "$home"
exec 4>&1 >"$home/log" 2>&1

for authority in ours other; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$authority" \
        -keyout "$home/$authority.key" -out "$home/$authority.pem"
    chmod 644 "$home/$authority.pem"
done
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost \
    -keyout "$home/server.key" -out "$home/server.csr"
echo 'subjectAltName=DNS:localhost' >"$home/names"
openssl x509 -req -in "$home/server.csr" -CA "$home/ours.pem" -CAkey "$home/ours.key" -CAcreateserial -days 2 \
    -extfile "$home/names" -out "$home/server.pem"
chmod 600 "$home/server.key"
"$bin/initdb" -D "$home/db" -U postgres --auth=trust --encoding=UTF8 --no-locale --no-sync

exec 3<&0
"$bin/postgres" -D "$home/db" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c ssl=on \
    -c ssl_cert_file="$home/server.pem" -c ssl_key_file="$home/server.key" </dev/null 3<&- 4>&- &
server=$!
echo "$home" >&4
exec 4>&-
read -r _ <&3 || true
kill -INT "$server"
wait "$server" || true
