import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { contextFile } from '../device/context-file';
import { ThermostatStack } from './stack';

const app = new App();
new ThermostatStack(app, 'Thermostat', {
  csr: contextFile(app, 'csr', join(__dirname, 'thermostat-1.csr.pem')),
});
