#!/bin/sh
# Makes the private key of a sensor, which stays with it, and adds the line of the sensor to a file for bulk registration.
set -eu
[ $# -eq 3 ] || { echo 'usage: make-device.sh SERIAL_NUMBER KEY_FILE NDJSON_FILE' >&2; exit 2; }

umask 077
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -subj "/CN=$1" -keyout "$2" 2>/dev/null | node -e '
  const CSR = require("node:fs").readFileSync(0, "utf8");
  console.log(JSON.stringify({ SerialNumber: process.argv[1], CSR }));
' "$1" >> "$3"
