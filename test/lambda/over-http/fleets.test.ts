import * as s3 from 'aws-cdk-lib/aws-s3';
import { IotPolicy } from '../../../lib/access';
import { DeviceFleet, FleetDeletion } from '../../../lib/fleet';
import { BulkFile, BulkRegistration } from '../../../lib/provisioning';
import { ThingGroup } from '../../../lib/registry';
import { putForeignCertificate } from './arrange';
import type { LocalAccount } from './local-account';
import { prove } from './prove';

prove('start-registration-task', [{
  name: 'another version of the file',
  isReadOnly: true,
  objections: tasksTwice,
  define: (stack, version) => {
    const bucket = s3.Bucket.fromBucketName(stack, 'Bucket', 'devices');
    if (version !== 'without') {
      new BulkRegistration(stack, 'Bulk', {
        thingName: 'sensor-{SerialNumber}',
        parameters: { SerialNumber: {} },
        policies: [IotPolicy.fromPolicyName(stack, 'Policy', 'sensor')],
        file: BulkFile.fromBucket(bucket, 'all.ndjson', version),
      });
    }
  },
}]);

/** A second task for the same devices would issue second certificates. */
function tasksTwice({ account: { store } }: LocalAccount): readonly string[] {
  const inputs = [...store.all('registrationTasks')].filter(({ status }) => status !== 'Cancelled').map(({ templateBody }) => templateBody);
  return inputs.filter((input, index) => inputs.indexOf(input) !== index);
}

prove('guard-fleet', [FleetDeletion.FAIL_IF_DEVICES_REMAIN, FleetDeletion.RETAIN_POLICIES].map((onDeletion) => ({
  name: onDeletion,
  isReadOnly: true,
  arrange: ({ account }) => putForeignCertificate(account),
  define: (stack, version) => {
    if (version !== 'without') {
      const fleet = new DeviceFleet(stack, 'Fleet', { onDeletion, thingGroups: [new ThingGroup(stack, 'Group', { thingGroupName: 'group' })] });
      fleet.addThing(version);
      fleet.addTrustedUserProvisioning('Technicians', { acceptAnyDevice: true });
    }
  },
  meanwhile: ({ account }, { RequestType: type }, version) => {
    if (onDeletion === FleetDeletion.RETAIN_POLICIES && type === 'Delete' && version === 'without') {
      const target = account.arn(`cert/${putForeignCertificate(account)}`);
      account.listPolicies({}).policies.forEach(({ policyName }) => account.attachPolicy({ policyName, target }));
    }
  },
})));
