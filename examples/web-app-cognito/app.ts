import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { contextFile } from '../device/context-file';
import { WebAppCognitoStack } from './stack';

const app = new App();
new WebAppCognitoStack(app, 'WebAppCognito', {
  thermostats: { 'thermostat-1': contextFile(app, 'csr', join(__dirname, 'thermostat-1.csr.pem')) },
  // Where `vite` serves the page.
  origin: (app.node.tryGetContext('origin') as string | undefined) ?? 'http://localhost:5173',
});
