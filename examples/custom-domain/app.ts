import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { contextFile } from '../device/context-file';
import { CustomDomainStack } from './stack';

const app = new App();
const context = (name: string, fallback: string): string => (app.node.tryGetContext(name) as string | undefined) ?? fallback;

new CustomDomainStack(app, 'CustomDomain', {
  domainName: context('domainName', 'iot.example.com'),
  zoneName: context('zoneName', 'example.com'),
  hostedZoneId: context('hostedZoneId', 'Z0123456789ABCDEFGHIJ'),
  csr: contextFile(app, 'csr', join(__dirname, 'sensor-1.csr.pem')),
});
