# Makes, in the working folder: two authorities (authority.pem, stranger.pem), and certificates of a server at 127.0.0.1
# with their keys.
set -eu
new_key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

authority() {
    openssl req -x509 $new_key -days 2 -subj "/CN=$1 of a test" -keyout "$1.key" -out "$1.pem"
}

certificate() {
    openssl req $new_key -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
    echo "subjectAltName=$3" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -set_serial "0x$(openssl rand -hex 8)" \
        -days 2 -extfile "$1.ext" -out "$1.pem"
}

authority authority
authority stranger
certificate good authority IP:127.0.0.1
certificate of-another-name authority DNS:mail.elsewhere.example
certificate of-another-authority stranger IP:127.0.0.1
