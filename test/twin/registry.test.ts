import { X509Certificate } from 'node:crypto';
import { startTwin } from '../../lib/twin';
import { Account, Store, systemRandom } from '../../lib/twin/account';
import { deploy } from '../../lib/twin/deploy';
import { Registry } from '../../lib/twin/registry';
import { systemClock } from '../../lib/twin/clock';
import { readTemplate } from '../deployment/in-memory';
import { MqttJs } from './support/mqttjs';
import { ANYTHING, TestTwin, allow, templateOf } from './support/test-twin';

const SCOPE = { partition: 'aws', region: 'us-east-1', accountId: '123456789012' } as const;

describe('a certificate issued here', () => {
  test('stands for the thing’s own certificate, also where two stacks use one logical id', async () => {
    const deployment = readTemplate(templateOf({ first: { may: ANYTHING }, second: { may: [allow('iot:Connect', 'client/second')] } }), SCOPE);
    const twin = await startTwin({
      assembly: { ...deployment, certificates: deployment.certificates.map((certificate) => ({ ...certificate, logicalId: 'Certificate' })) },
    });
    await expect(MqttJs.connect(await twin.issueKit('second'), { clientId: 'first' })).rejects.toThrow('CONNACK 7');
    const device = await MqttJs.connect(await twin.issueKit('second'));
    await device.end();
    await twin.stop();
  });

  test('can be revoked by its own id before it is used', async () => {
    const twin = await TestTwin.start({ sensor: { may: ANYTHING } });
    const kit = await twin.kit('sensor');
    const id = new X509Certificate(kit.certificatePem).fingerprint256.replaceAll(':', '').toLowerCase();
    twin.twin.updateCertificateStatus(id, 'REVOKED');
    await expect(MqttJs.connect(kit)).rejects.toThrow(/closed|ECONNRESET|socket hang up/);
    await twin.stop();
  });
});

describe('the registry', () => {
  test('takes a certificate that perhaps does not exist as INACTIVE, and says so', () => {
    const template = templateOf({ sensor: { may: ANYTHING } }) as { Resources: { [id: string]: { Condition?: string } } };
    template.Resources.Certificate0!.Condition = 'Perhaps';
    const account = new Account(new Store(), SCOPE, systemClock, systemRandom);
    const warnings = deploy(readTemplate({
      Parameters: { Question: { Type: 'AWS::SSM::Parameter::Value<String>' } },
      Conditions: { Perhaps: { 'Fn::Equals': [{ Ref: 'Question' }, 'yes'] } },
      ...template,
    }, SCOPE), account, 0, new Map());
    expect(new Registry(account).certificatesOf('sensor').map(({ status }) => status)).toEqual(['INACTIVE']);
    expect(warnings).toEqual([expect.stringMatching(/cannot tell whether it exists.*INACTIVE$/)]);
  });

  test('fails for a policy that AWS would refuse', () => {
    const deployment = readTemplate(templateOf({ sensor: { may: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: [] }] } }), SCOPE);
    const account = new Account(new Store(), SCOPE, systemClock, systemRandom);
    expect(() => deploy(deployment, account, 0, new Map())).toThrow(/^.*Policy0: AWS would refuse this policy: .+$/);
  });
});
