import { IotAction, IotResource } from '../../../lib/access';
import { IotPolicyRemoval, ManagedIotPolicy } from '../../../lib/membership';
import { ThingGroup } from '../../../lib/registry';
import { putForeignCertificate } from './arrange';
import { prove, type Scenario } from './prove';

const policy = (onRemoval: IotPolicyRemoval, isRenamed = false): Scenario['define'] => (stack, version) => {
  new ThingGroup(stack, 'Group', { thingGroupName: 'outside' });
  if (version !== 'without') {
    new ManagedIotPolicy(stack, 'Policy', {
      policyName: isRenamed ? version : 'managed',
      statements: [{ actions: [IotAction.CONNECT], resources: [IotResource.client(version)] }],
      onRemoval,
    });
  }
};

prove('manage-policy', [
  { name: 'another document', define: policy(IotPolicyRemoval.FAIL_IF_ATTACHED), every: 2 },
  { name: 'another name', define: policy(IotPolicyRemoval.FAIL_IF_ATTACHED, true), every: 2 },
  {
    name: 'another document, and attachments from outside the stack',
    define: policy(IotPolicyRemoval.DETACH_THEN_DELETE),
    every: 2,
    arrange: ({ account }) => putForeignCertificate(account),
    meanwhile: ({ account }, { RequestType: type }) => {
      if (type === 'Delete') {
        account.attachPolicy({ policyName: 'managed', target: account.arn('thinggroup/outside') });
        account.attachPolicy({ policyName: 'managed', target: account.arn(`cert/${putForeignCertificate(account)}`) });
      }
    },
  },
]);
