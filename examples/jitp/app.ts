import { App } from 'aws-cdk-lib';
import { contextFile } from '../device/context-file';
import { JitpStack } from './stack';

const app = new App();
new JitpStack(app, 'Jitp', { caCertificatePem: contextFile(app, 'ca') });
