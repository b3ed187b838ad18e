#!/bin/sh
# Makes a certificate authority that may sign certificates of devices, and none of other authorities.
set -eu
[ $# -eq 1 ] || { echo 'usage: make-ca.sh DIR' >&2; exit 2; }

umask 077
mkdir -p "$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 3650 -subj '/CN=Sensors of one maker' \
  -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
  -keyout "$1/ca.key" -out "$1/ca.pem" 2>/dev/null
