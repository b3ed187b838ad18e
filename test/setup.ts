// CloudFormation validation costs seconds per file; test/examples.test.ts turns it on for every example.
process.env.CDK_VALIDATION ??= 'false';
