#!/bin/sh
# Makes the private key of a device, and signs its certificate with the authority of make-ca.sh: what its maker does.
set -eu
[ $# -eq 3 ] || { echo 'usage: make-device.sh CA_DIR COMMON_NAME DIR' >&2; exit 2; }

umask 077
mkdir -p "$3"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -subj "/CN=$2" -keyout "$3/private.key" -out "$3/device.csr" 2>/dev/null
extensions="$3/extensions.cnf"
printf '%s\n' 'basicConstraints=critical,CA:FALSE' 'keyUsage=critical,digitalSignature' 'extendedKeyUsage=clientAuth' \
  'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' > "$extensions"
openssl x509 -req -in "$3/device.csr" -CA "$1/ca.pem" -CAkey "$1/ca.key" -days 825 -extfile "$extensions" -out "$3/certificate.pem" 2>/dev/null
rm "$3/device.csr" "$extensions"
