# `. examples/device/twin.sh` points the AWS CLI, the AWS SDKs and kit.sh of this shell at the twin that runs here.
eval "$(node -e '
  const { join } = require("node:path");
  const state = process.argv[1];
  let twin;
  try {
    twin = require(join(process.cwd(), state, "twin.json"));
  } catch {
    console.error(`no twin runs with the state folder ${state}; start one with: npx iot-warden local cdk.out`);
    process.exit(1);
  }
  const quote = (text) => `\x27${String(text).replace(/\x27/g, "\x27\\\x27\x27")}\x27`;
  for (const [name, value] of Object.entries({
    AWS_ENDPOINT_URL: twin.aws.endpointUrl,
    AWS_ACCESS_KEY_ID: twin.aws.accessKeyId,
    AWS_SECRET_ACCESS_KEY: twin.aws.secretAccessKey,
    AWS_REGION: twin.aws.region,
    AWS_DEFAULT_REGION: twin.aws.region,
    ROOT_CA: join(process.cwd(), state, "root-ca.pem"),
    MQTT_PORT: twin.mqttPort,
  })) {
    console.log(`export ${name}=${quote(value)}`);
  }
' "${IOT_WARDEN_STATE:-.iot-warden}")"
