#!/bin/sh
# Makes the connection kit of a device with the AWS CLI: a folder with private.key, certificate.pem, root-ca.pem and
# config.json, which is all that the device scripts read.
#
# On AWS there is nothing to set. For the twin, `eval "$(npx iot-warden env)"` sets all that is read here.
set -eu

usage() {
  cat >&2 <<TEXT
usage: kit.sh DIR --thing NAME --key FILE                      the certificate is what AWS IoT has for the thing
       kit.sh DIR --thing NAME --key FILE --certificate FILE   the device came with its certificate
       kit.sh DIR --secret ID                                  a claim certificate, whose key was delivered to a secret
TEXT
  exit 2
}

[ $# -ge 1 ] || usage
dir=$1
shift
thing='' key='' certificate='' secret=''
while [ $# -ge 2 ]; do
  case $1 in
    --thing) thing=$2 ;;
    --key) key=$2 ;;
    --certificate) certificate=$2 ;;
    --secret) secret=$2 ;;
    *) usage ;;
  esac
  shift 2
done
[ $# -eq 0 ] || usage
[ -n "$secret" ] || { [ -n "$thing" ] && [ -n "$key" ]; } || usage

umask 077
mkdir -p "$dir"

if [ -n "$secret" ]; then
  text=$(aws secretsmanager get-secret-value --secret-id "$secret" --query SecretString --output text)
  # Through a pipe: everyone on this computer could read it on the command line of a program.
  printf '%s' "$text" | node -e '
    const { readFileSync, writeFileSync } = require("node:fs");
    const { privateKey, certificatePem } = JSON.parse(readFileSync(0, "utf8"));
    writeFileSync(`${process.argv[1]}/private.key`, privateKey);
    writeFileSync(`${process.argv[1]}/certificate.pem`, certificatePem);
  ' "$dir"
else
  cp "$key" "$dir/private.key"
  if [ -n "$certificate" ]; then
    cp "$certificate" "$dir/certificate.pem"
  else
    arn=$(aws iot list-thing-principals --thing-name "$thing" --query 'principals[0]' --output text)
    [ "$arn" != None ] || { echo "the thing $thing has no certificate yet" >&2; exit 1; }
    aws iot describe-certificate --certificate-id "${arn##*/}" --query certificateDescription.certificatePem --output text > "$dir/certificate.pem"
  fi
fi

if [ -n "${IOT_WARDEN_ROOT_CA:-}" ]; then
  cp "$IOT_WARDEN_ROOT_CA" "$dir/root-ca.pem"
else
  curl -sSf https://www.amazontrust.com/repository/AmazonRootCA1.pem > "$dir/root-ca.pem"
fi

endpoint() { aws iot describe-endpoint --endpoint-type "$1" --query endpointAddress --output text; }
# The twin serves HTTPS on a port of its own, and says so in its addresses.
data=$(endpoint iot:Data-ATS)
credentials=$(endpoint iot:CredentialProvider)
node -e '
  const [thingName, data, credentials, mqttPort] = process.argv.slice(1);
  const [endpoint] = data.split(":");
  const [credentialEndpoint, httpsPort = "443"] = credentials.split(":");
  const names = thingName === "" ? {} : { thingName, clientId: thingName };
  console.log(JSON.stringify({ ...names, endpoint, credentialEndpoint, mqttPort: Number(mqttPort), httpsPort: Number(httpsPort) }, undefined, 2));
' "$thing" "$data" "$credentials" "${IOT_WARDEN_MQTT_PORT:-8883}" > "$dir/config.json"
