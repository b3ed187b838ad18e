import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { contextFile } from '../device/context-file';
import { TelemetryStack } from './stack';

const app = new App();
new TelemetryStack(app, 'Telemetry', {
  csr: contextFile(app, 'csr', join(__dirname, 'sensor-1.csr.pem')),
});
