import { App } from 'aws-cdk-lib';
import { ClaimProvisioningStack } from './stack';

new ClaimProvisioningStack(new App(), 'ClaimProvisioning');
