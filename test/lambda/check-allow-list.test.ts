import { issue } from '../certificates/pki';
import { createHandler, type HookAnswer, type HookEvent } from '../../lambda/check-allow-list';
import type { Settings } from '../../lambda/check-allow-list/settings';
import { FakeCertificates } from './fake-certificates';
import type { Fault } from './faulty-client';
import { FakeTable } from './fake-table';
import { FakeSystem } from './stack';

const TEMPLATE = 'arn:aws:iot:eu-central-1:123456789012:provisioningtemplate/sensors';
const SETTINGS: Settings = {
  templates: [{ templateName: 'sensors', thingName: 'sensor-{SerialNumber}', parameters: { SerialNumber: null, Site: 'hall-0', Firmware: null }, keysInAws: false }],
  serialNumberParameter: 'SerialNumber',
  uncheckedParameters: ['Firmware'],
  claimCertificateIds: [],
};
const IN_AWS: Settings = { ...SETTINGS, templates: [{ ...SETTINGS.templates[0]!, keysInAws: true }] };
const REFUSED = { allowProvisioning: false };
const allowed = (Site = 'hall-0') => ({ allowProvisioning: true, parameterOverrides: { SerialNumber: '1', Site, Firmware: '7' } });

let iot: FakeCertificates;
let table: FakeTable;
let system: FakeSystem;
let key: string;
let otherKey: string;

beforeAll(async () => {
  [key, otherKey] = [(await issue('device')).pem, (await issue('device')).pem];
});
beforeEach(() => {
  iot = new FakeCertificates();
  table = new FakeTable().add('1');
  system = new FakeSystem();
});

/** The device asks for a certificate, which is pending, and the hook is asked. */
function ask(id: string, { settings = SETTINGS, serialNumbers = [] as string[], ...event }: Partial<HookEvent> & { settings?: Settings; serialNumbers?: string[] } = {}): Promise<HookAnswer> {
  if (!iot.certificates.has(id)) {
    iot.add(id);
  }
  return createHandler({ iot: iot.client, dynamoDb: table.client }, settings, { name: 'table', serialNumbers }, system)({
    certificateId: id, certificatePem: key, templateArn: TEMPLATE, clientId: 'claim-1', claimCertificateId: 'claim', parameters: { SerialNumber: '1', Firmware: '7' }, ...event,
  });
}

/** What AWS IoT does when the hook lets a device in. */
function register(id: string): void {
  iot.addThing('sensor-1');
  iot.certificates.get(id)!.things.add('sensor-1');
  iot.certificates.get(id)!.policies.add('sensor');
  iot.certificates.get(id)!.status = 'ACTIVE';
}

const reason = (): unknown => (JSON.parse(system.lines.at(-1)!) as { reason?: string }).reason;

describe('a device on the list', () => {
  test('is let in, with its key written down', async () => {
    expect(await ask('c1')).toEqual(allowed());
    expect(table.items.get('1')).toEqual({
      serialNumber: { S: '1' }, publicKey: { S: expect.stringMatching(/^[0-9a-f]{64}$/) }, certificateId: { S: 'c1' }, boundAt: { S: '1970-01-01T00:00:00.000Z' },
    });
  });

  test('has parameters of the list, whatever it says', async () => {
    table.add('1', { parameters: { M: { Site: { S: 'hall-2' } } } });
    expect(await ask('c1', { parameters: { SerialNumber: '1', Firmware: '7', Site: 'vault' } })).toEqual(allowed('hall-2'));
  });

  test('does not choose what has a default value either', async () => {
    expect(await ask('c1', { parameters: { SerialNumber: '1', Firmware: '7', Site: 'vault' } })).toEqual(allowed('hall-0'));
  });

  test('may be on the list of the function', async () => {
    table.items.clear();
    expect(await ask('c1', { serialNumbers: ['1'] })).toEqual(allowed());
    expect(table.items.get('1')).toMatchObject({ certificateId: { S: 'c1' } });
  });
});

describe('a device is refused', () => {
  test.each<[string, Partial<HookEvent> & { settings?: Settings }, string]>([
    ['that is not on the list', { parameters: { SerialNumber: '2', Firmware: '7' } }, 'the serial number is not on the list'],
    ['without a serial number', { parameters: {} }, "the parameter 'SerialNumber' must be text of 1 to 256 characters"],
    ['without parameters', { parameters: undefined }, "the parameter 'SerialNumber' must be text of 1 to 256 characters"],
    ['with a serial number that is no text', { parameters: { SerialNumber: 1 as never } }, "the parameter 'SerialNumber' must be text of 1 to 256 characters"],
    ['that lacks a parameter', { parameters: { SerialNumber: '1' } }, "the parameter 'Firmware' has no value; the device must send one"],
    ['of another template', { templateArn: `${TEMPLATE}2` }, 'the template does not use this hook'],
    ['with another claim certificate', { settings: { ...SETTINGS, claimCertificateIds: ['other'] } }, 'the claim certificate is not one of those that the hook accepts'],
    ['with another client id', { settings: { ...SETTINGS, clientId: 'claim-{SerialNumber}' }, clientId: 'claim-2' }, 'the client id is not the one that goes with the serial number'],
    ['whose certificate cannot be read', { certificatePem: 'none' }, 'the certificate cannot be read'],
  ])('%s', async (_, event, why) => {
    expect(await ask('c1', event)).toEqual(REFUSED);
    expect(reason()).toBe(why);
    expect(table.items.get('1')).toEqual({ serialNumber: { S: '1' } });
  });

  test('that is blocked, even while it asks', async () => {
    table.add('1', { blocked: { BOOL: true } });
    expect(await ask('c1')).toEqual(REFUSED);
    expect(reason()).toBe('the serial number is blocked');

    table.add('1', { blocked: { BOOL: false } });
    table.meanwhile = () => table.add('1', { blocked: { BOOL: true } });
    expect(await ask('c1')).toEqual(REFUSED);
    expect(reason()).toBe('the serial number is blocked');
  });

  test('with the claim certificate of another batch', async () => {
    table.add('1', { claimCertificateId: { S: 'batch-2' } });
    expect(await ask('c1')).toEqual(REFUSED);
    expect(reason()).toBe('the serial number goes with another claim certificate');
  });

  test('where a thing of that name belongs to somebody else', async () => {
    iot.addThing('sensor-1');
    expect(await ask('c1')).toEqual(REFUSED);
    expect(reason()).toBe('there is a thing "sensor-1" already; delete it, or remove the serial number from the list');
  });

  test('with one line that has no key and no certificate in it', async () => {
    await ask('c1', { parameters: { SerialNumber: '2'.repeat(999), Secret: 'hidden' } });
    expect(system.lines).toHaveLength(1);
    expect(system.lines[0]).not.toMatch(/hidden|BEGIN/);
    expect(JSON.parse(system.lines[0]!)).toEqual({
      level: 'WARN', message: 'device refused', reason: "the parameter 'SerialNumber' must be text of 1 to 256 characters",
      templateArn: TEMPLATE, serialNumber: '2'.repeat(256), certificateId: 'c1', claimCertificateId: 'claim', clientId: 'claim-1',
    });
  });
});

describe('a serial number', () => {
  test('counts once', async () => {
    await ask('c1');
    register('c1');

    expect(await ask('c2', { certificatePem: otherKey })).toEqual(REFUSED);
    expect(reason()).toBe('the serial number is in use by a device with another key; for a device with a new key, release the entry');
    expect(iot.active).toEqual(['c1']);
  });

  test('counts once where two devices ask at the same time', async () => {
    const answers = await Promise.all([ask('c1'), ask('c2', { certificatePem: otherKey })]);
    expect(answers.filter(({ allowProvisioning }) => allowProvisioning)).toHaveLength(1);
  });

  test('can be released for a device with a new key, which loses what it had', async () => {
    await ask('c1');
    register('c1');
    const { publicKey: _, ...released } = table.items.get('1')!;
    table.items.set('1', released);

    expect(await ask('c2', { certificatePem: otherKey })).toEqual(allowed());
    expect([...iot.certificates.keys()]).toEqual(['c2']);
  });
});

describe('the same device', () => {
  test('may ask twice for the same certificate', async () => {
    await ask('c1');
    expect(await ask('c1')).toEqual(allowed());
    expect([...iot.certificates.keys()]).toEqual(['c1']);
  });

  test.each([['before it was registered', false], ['after it was registered', true]])('comes again when it was killed %s, and has one certificate in the end', async (__, isRegistered) => {
    await ask('c1');
    if (isRegistered) {
      register('c1');
    }
    expect(await ask('c2')).toEqual(allowed());
    register('c2');

    expect([...iot.certificates.keys()]).toEqual(['c2']);
    expect(iot.active).toEqual(['c2']);
    expect([...iot.things.keys()]).toEqual(['sensor-1']);
    expect(table.items.get('1')).not.toHaveProperty('retiring');
  });

  test('comes again when AWS IoT or an operator has deleted its certificate', async () => {
    await ask('c1');
    register('c1');
    iot.certificates.delete('c1');
    expect(await ask('c2')).toEqual(allowed());
  });

  test.each(['INACTIVE', 'REVOKED'] as const)('does not get around a certificate that is %s', async (status) => {
    await ask('c1');
    register('c1');
    iot.certificates.get('c1')!.status = status;

    expect(await ask('c2')).toEqual(REFUSED);
    expect(reason()).toBe('the certificate c1 of this device was deactivated; to let the device in again, release the entry');
  });

  test('does not take a certificate from another thing', async () => {
    await ask('c1');
    register('c1');
    iot.certificates.get('c1')!.things.add('pump-1');

    expect(await ask('c2')).toEqual(REFUSED);
    expect(reason()).toBe('the earlier certificate c1 belongs to another thing, "pump-1"; correct the entry, or detach the certificate');
  });

  test('waits until it is detached', async () => {
    await ask('c1');
    register('c1');
    iot.lag('detached:c1', 2);

    expect(await ask('c2')).toEqual(allowed());
    expect([...iot.certificates.keys()]).toEqual(['c2']);
  });

  test('is refused within 5 seconds where that takes longer, and let in the next time', async () => {
    await ask('c1');
    register('c1');
    iot.lag('detached:c1', 20);

    expect(await ask('c2')).toEqual(REFUSED);
    expect(system.time).toBeLessThan(5000);
    expect(iot.active).toEqual([]);
    iot.lag('detached:c1', 0);
    expect(await ask('c3')).toEqual(allowed());
    expect([...iot.certificates.keys()]).toEqual(['c3']);
  });

  test('does not lose against its own registration that is still under way', async () => {
    await ask('c1');
    iot.before('DeleteCertificate', () => register('c1'));

    expect(await ask('c2')).toEqual(allowed());
    expect([...iot.certificates.keys()]).toEqual(['c2']);
  });
});

describe('with keys made in AWS', () => {
  test('a device comes again with another key while its certificate was never active', async () => {
    await ask('c1', { settings: IN_AWS });
    expect(await ask('c2', { settings: IN_AWS, certificatePem: otherKey })).toEqual(allowed());
    expect([...iot.certificates.keys()]).toEqual(['c2']);
  });

  test('a device comes again after AWS IoT has deleted what was never active', async () => {
    await ask('c1', { settings: IN_AWS });
    iot.certificates.delete('c1');
    expect(await ask('c2', { settings: IN_AWS, certificatePem: otherKey })).toEqual(allowed());
  });

  test.each([
    ['its certificate is active', () => register('c1')],
    ['its certificate is inactive', () => {
      iot.certificates.get('c1')!.status = 'INACTIVE';
    }],
    ['its certificate is gone and its thing is there', () => {
      register('c1');
      iot.certificates.delete('c1');
    }],
    ['its certificate becomes active meanwhile', () => iot.before('DeleteCertificate', () => {
      iot.certificates.get('c1')!.status = 'ACTIVE';
    })],
  ])('nobody comes with another key when %s', async (_, arrange) => {
    await ask('c1', { settings: IN_AWS });
    arrange();

    expect(await ask('c2', { settings: IN_AWS, certificatePem: otherKey })).toEqual(REFUSED);
    expect(reason()).toBe('the serial number is in use; for a device that lost its key, release the entry');
    expect(table.items.get('1')).toMatchObject({ certificateId: { S: 'c1' } });
  });
});

describe('a fault', () => {
  const FAULTS: readonly Fault[] = [
    { error: 'ThrottlingException' },
    { error: 'TimeoutError', isDone: true },
    { error: 'AccessDeniedException', count: Infinity },
    { error: 'InternalFailureException', count: Infinity },
    { error: 'InvalidRequestException', count: Infinity },
  ];

  test.each(FAULTS)('of any request, $error, keeps nobody out for good and lets nobody in twice', async (fault) => {
    for (const fake of ['iot', 'table'] as const) {
      for (let number = 0; number < 8; number++) {
        iot = new FakeCertificates();
        table = new FakeTable().add('1');
        await ask('c1');
        register('c1');
        const before = { iot: iot.requests.length, table: table.requests.length };
        ({ iot, table })[fake].failAt(before[fake] + number, fault);

        const answer = await ask('c2');
        if (answer.allowProvisioning) {
          register('c2');
        }
        ({ iot, table })[fake].failAt(before[fake] + number, { error: '', count: 0 });
        expect({ number, fake, answer: await ask('c3') }).toEqual({ number, fake, answer: allowed() });
        register('c3');
        expect({ number, fake, active: iot.active, all: [...iot.certificates.keys()].filter((id) => iot.certificates.get(id)!.things.size > 0) })
          .toEqual({ number, fake, active: ['c3'], all: ['c3'] });
      }
    }
  });
});
