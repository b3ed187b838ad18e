import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { BulkStack } from './stack';

const app = new App();
new BulkStack(app, 'Bulk', {
  file: (app.node.tryGetContext('devices') as string | undefined) ?? join(__dirname, 'devices.ndjson'),
});
