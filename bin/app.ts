// The CDK app that cdk.json runs.
import { App } from 'aws-cdk-lib';
import { QuickstartStack } from '../examples/quickstart/stack';

const app = new App();
new QuickstartStack(app, 'Quickstart');
