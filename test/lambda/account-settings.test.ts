import { createHash } from 'node:crypto';
import type { Handle, Iot, System } from '../../lambda/custom-resource';
import * as configureEndpointTls from '../../lambda/configure-endpoint-tls';
import * as configureEvents from '../../lambda/configure-events';
import * as configureIndexing from '../../lambda/configure-indexing';
import * as configureLogging from '../../lambda/configure-logging';
import * as setDefaultAuthorizer from '../../lambda/set-default-authorizer';
import { FakeIot } from './fake-iot';
import { FakeStack } from './stack';

interface Options {
  readonly onRemoval?: 'retain' | 'restore';
  readonly overwrite?: boolean;
}

/** The two custom resources of one construct. */
class Declared {
  private readonly memory: FakeStack;
  public readonly setting: FakeStack;

  constructor(createHandler: (iot: Iot, system: System) => Handle, iot: FakeIot) {
    this.memory = new FakeStack(createHandler, iot.client, 'Before');
    this.setting = new FakeStack(createHandler, iot.client);
  }

  public async deploy(wanted: object, { onRemoval = 'restore', overwrite = false }: Options = {}) {
    await this.memory.deploy({ Step: 'remember' });
    return this.setting.deploy({
      Step: 'apply',
      Wanted: JSON.stringify(wanted),
      Before: this.memory.physicalResourceId,
      OnRemoval: onRemoval,
      Overwrite: String(overwrite),
    });
  }

  public async destroy(): Promise<void> {
    expect(await this.setting.destroy()).toMatchObject({ Status: 'SUCCESS' });
    expect(await this.memory.destroy()).toMatchObject({ Status: 'SUCCESS' });
  }

  public get notes(): unknown[] {
    return this.setting.system.lines.map((line) => JSON.parse(line) as { message: string; parts?: string[] })
      .filter(({ message }) => message.includes('left') || message.includes('stays'))
      .map(({ message, parts }) => ({ message, parts }));
  }
}

let iot: FakeIot;

beforeEach(() => {
  iot = new FakeIot();
});

const OWN = { roleArn: 'own', defaultLogLevel: 'WARN', disableAllLogs: false };
const OLD = { roleArn: 'old', defaultLogLevel: 'ERROR' as const, disableAllLogs: false };

describe('logging', () => {
  test('is put back as it was', async () => {
    iot.logging = OLD;
    const declared = new Declared(configureLogging.createHandler, iot);
    await declared.deploy(OWN);
    expect(iot.logging).toEqual(OWN);
    await declared.destroy();

    expect(iot.logging).toEqual(OLD);
  });

  test('is switched off where nobody had set it', async () => {
    const declared = new Declared(configureLogging.createHandler, iot);
    await declared.deploy(OWN);
    await declared.destroy();

    expect(iot.logging).toEqual({ disableAllLogs: true });
  });

  test('stays when it is to be retained', async () => {
    const declared = new Declared(configureLogging.createHandler, iot);
    await declared.deploy(OWN, { onRemoval: 'retain' });
    await declared.destroy();

    expect(iot.logging).toEqual(OWN);
    expect(declared.notes).toEqual([{ message: 'the logging of AWS IoT stays as it is' }]);
  });

  test('stays where somebody else has changed it', async () => {
    iot.logging = OLD;
    const declared = new Declared(configureLogging.createHandler, iot);
    await declared.deploy(OWN);
    iot.logging = { ...OWN, defaultLogLevel: 'DEBUG' };
    await declared.destroy();

    expect(iot.logging).toMatchObject({ defaultLogLevel: 'DEBUG' });
    expect(declared.notes).toEqual([{ message: 'the logging of AWS IoT is left as it is where somebody else has changed it', parts: ['defaultLogLevel'] }]);
  });

  test('remembers what was there before the first try, however often a create is repeated', async () => {
    iot.logging = OLD;
    const declared = new Declared(configureLogging.createHandler, iot);
    await declared.deploy(OWN);
    await declared.setting.send({ ...declared.setting.create({}), ResourceProperties: { ...(declared.setting as unknown as { current: { ServiceToken: string } }).current } });
    await declared.destroy();

    expect(iot.logging).toEqual(OLD);
  });

  test('waits for the role', async () => {
    iot.lag('assumed', 3);

    expect(await new Declared(configureLogging.createHandler, iot).deploy(OWN)).toMatchObject({ Status: 'SUCCESS' });
  });

  test('fails where what was there is too large to remember, unless it is not wanted back', async () => {
    const eventConfigurations = Array.from({ length: 80 }, (_, index) => ({ eventType: createHash('sha256').update(String(index)).digest('hex'), logLevel: 'INFO' as const }));
    iot.logging = { ...OLD, eventConfigurations };

    expect(await new Declared(configureLogging.createHandler, iot).deploy(OWN)).toMatchObject({
      Status: 'FAILED',
      Reason: 'the logging of AWS IoT is too large to be remembered and put back; let it stay as it is when the resource is removed',
    });
    expect(await new Declared(configureLogging.createHandler, iot).deploy(OWN, { onRemoval: 'retain' })).toMatchObject({ Status: 'SUCCESS' });
  });
});

describe('events', () => {
  test('of other stacks stay on', async () => {
    const [one, two] = [new Declared(configureEvents.createHandler, iot), new Declared(configureEvents.createHandler, iot)];
    await one.deploy({ THING: true });
    await two.deploy({ JOB: true });
    expect(iot.events).toEqual({ THING: true, THING_GROUP: false, JOB: true });
    await one.destroy();
    expect(iot.events).toEqual({ THING: false, THING_GROUP: false, JOB: true });
  });

  test('that are no longer declared are as they were', async () => {
    const declared = new Declared(configureEvents.createHandler, iot);
    await declared.deploy({ THING: true, JOB: true });
    await declared.deploy({ JOB: true });

    expect(iot.events).toEqual({ THING: false, THING_GROUP: false, JOB: true });
  });

  test('are not written when they are as they should be', async () => {
    iot.events.THING = true;
    await new Declared(configureEvents.createHandler, iot).deploy({ THING: true });

    expect(iot.requests).not.toContain('UpdateEventConfigurations');
  });
});

describe('fleet indexing', () => {
  test('is never reduced, and keeps the fields and shadows of others', async () => {
    iot.indexing = {
      thingIndexingConfiguration: {
        thingIndexingMode: 'REGISTRY_AND_SHADOW',
        thingConnectivityIndexingMode: 'STATUS',
        namedShadowIndexingMode: 'ON',
        managedFields: [{ name: 'thingId', type: 'String' }],
        customFields: [{ name: 'attributes.size', type: 'Number' }],
        filter: { namedShadowNames: ['other'], geoLocations: [{ name: 'shadow.reported.place', order: 'LatLon' }] },
      },
      thingGroupIndexingConfiguration: { thingGroupIndexingMode: 'ON', customFields: [{ name: 'attributes.floor', type: 'Number' }] },
    };
    const before = iot.indexing;
    const declared = new Declared(configureIndexing.createHandler, iot);
    await declared.deploy({ thingIndexingMode: 'REGISTRY', 'shadow/config': true, 'thingField/attributes.site': 'String' });

    expect(iot.indexing).toEqual({
      thingIndexingConfiguration: {
        thingIndexingMode: 'REGISTRY_AND_SHADOW',
        thingConnectivityIndexingMode: 'STATUS',
        deviceDefenderIndexingMode: 'OFF',
        namedShadowIndexingMode: 'ON',
        customFields: [{ name: 'attributes.site', type: 'String' }, { name: 'attributes.size', type: 'Number' }],
        filter: { namedShadowNames: ['config', 'other'], geoLocations: [{ name: 'shadow.reported.place', order: 'LatLon' }] },
      },
      thingGroupIndexingConfiguration: before.thingGroupIndexingConfiguration,
    });
    await declared.destroy();
    expect(iot.indexing.thingIndexingConfiguration).toEqual({
      ...before.thingIndexingConfiguration, managedFields: undefined, deviceDefenderIndexingMode: 'OFF',
    });
  });

  test('is off again where it was off', async () => {
    const declared = new Declared(configureIndexing.createHandler, iot);
    await declared.deploy({ thingIndexingMode: 'REGISTRY_AND_SHADOW', thingConnectivityIndexingMode: 'STATUS' });
    await declared.destroy();

    expect(iot.indexing.thingIndexingConfiguration).toEqual({ thingIndexingMode: 'OFF' });
  });
});

describe('the default authorizer', () => {
  beforeEach(() => {
    iot.authorizers.add('own').add('other');
  });

  test('is set, changed and cleared', async () => {
    const declared = new Declared(setDefaultAuthorizer.createHandler, iot);
    await declared.deploy({ authorizerName: 'own' });
    expect(iot.defaultAuthorizer).toBe('own');
    await declared.deploy({ authorizerName: 'other' });
    expect(iot.defaultAuthorizer).toBe('other');
    await declared.destroy();
    expect(iot.defaultAuthorizer).toBeUndefined();
  });

  test('of somebody else is not overwritten', async () => {
    iot.defaultAuthorizer = 'other';

    expect(await new Declared(setDefaultAuthorizer.createHandler, iot).deploy({ authorizerName: 'own' })).toMatchObject({
      Status: 'FAILED',
      Reason: 'the default authorizer is "other" already; remove that first, or ask for it to be overwritten',
    });
    expect(iot.defaultAuthorizer).toBe('other');
  });

  test('of somebody else is put back after it was overwritten', async () => {
    iot.defaultAuthorizer = 'other';
    const declared = new Declared(setDefaultAuthorizer.createHandler, iot);
    await declared.deploy({ authorizerName: 'own' }, { overwrite: true });
    expect(iot.defaultAuthorizer).toBe('own');
    await declared.destroy();
    expect(iot.defaultAuthorizer).toBe('other');
  });

  test('that somebody else has set since stays', async () => {
    const declared = new Declared(setDefaultAuthorizer.createHandler, iot);
    await declared.deploy({ authorizerName: 'own' });
    iot.defaultAuthorizer = 'other';
    await declared.destroy();

    expect(iot.defaultAuthorizer).toBe('other');
  });
});

describe('the TLS policies of the endpoints', () => {
  const [OLDER, NEWER] = ['IoTSecurityPolicy_TLS12_1_2_2022_10', 'IoTSecurityPolicy_TLS13_1_3_2022_10'];
  const updates = () => iot.requests.filter((name) => name === 'UpdateDomainConfiguration').length;

  test('are set where they are declared, and put back', async () => {
    const declared = new Declared(configureEndpointTls.createHandler, iot);
    await declared.deploy({ 'iot:Data-ATS': NEWER });
    expect(Object.fromEntries(iot.endpointTls)).toEqual({ 'iot:Data-ATS': NEWER, 'iot:CredentialProvider': OLDER, 'iot:Jobs': OLDER });
    await declared.deploy({ 'iot:Jobs': NEWER });
    expect(Object.fromEntries(iot.endpointTls)).toEqual({ 'iot:Data-ATS': OLDER, 'iot:CredentialProvider': OLDER, 'iot:Jobs': NEWER });
    await declared.destroy();
    expect(new Set(iot.endpointTls.values())).toEqual(new Set([OLDER]));
    expect(updates()).toBe(4);
  });

  test('that somebody else has set since stay', async () => {
    const declared = new Declared(configureEndpointTls.createHandler, iot);
    await declared.deploy({ 'iot:Data-ATS': NEWER });
    iot.endpointTls.set('iot:Data-ATS', 'another');
    await declared.destroy();

    expect(iot.endpointTls.get('iot:Data-ATS')).toBe('another');
    expect(declared.notes).toEqual([{ message: 'the TLS configuration of the endpoints is left as it is where somebody else has changed it', parts: ['iot:Data-ATS'] }]);
  });

  test('stay where they are to be retained', async () => {
    const declared = new Declared(configureEndpointTls.createHandler, iot);
    await declared.deploy({ 'iot:Data-ATS': NEWER }, { onRemoval: 'retain' });
    await declared.destroy();
    expect(iot.endpointTls.get('iot:Data-ATS')).toBe(NEWER);
  });

  test('of endpoints that the Region does not have do not matter, unless they are declared', async () => {
    iot.endpointTls.delete('iot:Jobs');
    expect(await new Declared(configureEndpointTls.createHandler, iot).deploy({ 'iot:Data-ATS': NEWER })).toMatchObject({ Status: 'SUCCESS' });
    expect(await new Declared(configureEndpointTls.createHandler, iot).deploy({ 'iot:Jobs': NEWER })).toMatchObject({
      Status: 'FAILED', Reason: expect.stringMatching(/^cannot change the TLS policy of iot:Jobs: ResourceNotFoundException: /),
    });
  });
});
