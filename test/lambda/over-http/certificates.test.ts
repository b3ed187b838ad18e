import { CfnOutput, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import { IotAction, IotPolicy, IotResource } from '../../../lib/access';
import { CertificateAuthority, CertificateStatus, DeviceCertificate, DeviceKeyType, KeyDelivery } from '../../../lib/certificates';
import { Thing } from '../../../lib/registry';
import { issue, request } from '../../certificates/pki';
import { attachToAll } from './arrange';
import { prove, type Scenario } from './prove';

const DESTROY = { removalPolicy: RemovalPolicy.DESTROY };

let pems: readonly string[];
let csr: string;

beforeAll(async () => {
  pems = [(await issue('a')).pem, (await issue('b')).pem];
  csr = await request();
});

/** What certificates are attached to from outside the stack. */
function outside(stack: Stack): void {
  new Thing(stack, 'Thing', { thingName: 'outside' });
  new IotPolicy(stack, 'Policy', { policyName: 'outside', statements: [{ actions: [IotAction.CONNECT], resources: [IotResource.client('outside')] }] });
}

/** The stack knows nothing of it. */
const attachAtTheEnd: Scenario['meanwhile'] = ({ account }, { RequestType: type }, version) => {
  if (type === 'Delete' && version === 'without') {
    attachToAll(account, 'outside', 'outside');
  }
};

prove('describe-certificate', [{
  name: 'the text of another certificate',
  isReadOnly: true,
  define: (stack, version) => {
    const [a, b] = pems.map((certificatePem, index) => DeviceCertificate.fromPem(stack, `Certificate ${index}`, { certificatePem, removalPolicy: RemovalPolicy.RETAIN }));
    if (version !== 'without') {
      const { certificatePem } = DeviceCertificate.fromCertificateId(stack, 'Imported', (version === 'first' ? a! : b!).certificateId);
      new CfnOutput(stack, 'Text', { value: certificatePem });
    }
  },
}]);

prove('retire-certificates', [{
  name: 'one certificate less, and attachments from outside the stack',
  isReadOnly: true,
  define: (stack, version) => {
    outside(stack);
    const wanted = version === 'without' ? [] : pems.slice(version === 'first' ? 0 : 1);
    wanted.forEach((certificatePem) => DeviceCertificate.fromPem(stack, `Certificate ${pems.indexOf(certificatePem)}`, { certificatePem, ...DESTROY }));
  },
  meanwhile: attachAtTheEnd,
}]);

prove('issue-certificates', [
  {
    name: 'keys in secrets, and attachments from outside the stack',
    every: 20,
    define: (stack, version) => {
      outside(stack);
      const key = new kms.Key(stack, 'Key');
      if (version !== 'without') {
        const delivery = KeyDelivery.toSecret({ encryptionKey: key });
        DeviceCertificate.withDeliveredKey(stack, 'One', { delivery, generation: version, ...DESTROY });
        if (version === 'second') {
          DeviceCertificate.withDeliveredKey(stack, 'Two', { delivery: KeyDelivery.toSecret(), status: CertificateStatus.INACTIVE, ...DESTROY });
        }
      }
    },
    meanwhile: attachAtTheEnd,
  },
  {
    name: 'a key in a parameter',
    every: 20,
    define: (stack, version) => {
      const encryptionKey = new kms.Key(stack, 'Key');
      if (version !== 'without') {
        const delivery = KeyDelivery.toSecureString({ parameterName: '/devices/one', encryptionKey });
        DeviceCertificate.withDeliveredKey(stack, 'One', { delivery, keyType: version === 'first' ? DeviceKeyType.EC_P256 : DeviceKeyType.EC_P384, ...DESTROY });
      }
    },
  },
  {
    name: 'from an own CA',
    isReadOnly: true,
    every: 20,
    define: (stack, version) => {
      const ca = CertificateAuthority.createInKms(stack, 'Ca', { subject: { commonName: 'Own' }, keyRemovalPolicy: RemovalPolicy.DESTROY });
      if (version !== 'without') {
        DeviceCertificate.issuedBy(stack, 'One', ca, { csr, generation: version, ...DESTROY });
      }
    },
  },
], {
  'kms:Decrypt': 'AWS Secrets Manager and AWS Systems Manager take it when a value is read that the key encrypts',
  'kms:GenerateDataKey': 'AWS Secrets Manager takes it when a value is written that the key encrypts',
});
