// Loaded first: when `X509Certificate.toLegacyObject` is what loads it, jest hands a half-made module to the next test file.
import 'node:tls';

// CloudFormation validation costs seconds per file; test/examples.test.ts turns it on for every example.
process.env.CDK_VALIDATION ??= 'false';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
