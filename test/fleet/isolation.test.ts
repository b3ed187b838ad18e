import * as fc from 'fast-check';
import type { TopicSpace } from '../../lib';
import { deviceStatements } from '../../lib/access/device-statements';
import { renderDocument } from '../../lib/access/document';
import { packStatements } from '../../lib/access/packing';
import { ACCOUNT, Device } from '../access/device';
import { NAMES, SITES, concreteTopic, filterOf, spaces, thing } from '../topics/arbitraries';

function device(space: TopicSpace, { thingName, thingType, site }: { thingName: string; thingType: string; site: string }): Device {
  const writer = {
    arn: (type: string, name: string) => `arn:${ACCOUNT.partition}:iot:${ACCOUNT.region}:${ACCOUNT.accountId}:${type}/${name}`,
    text: (text: string) => text,
  };
  const documents = packStatements(deviceStatements(space)).map((statements) => renderDocument(statements, writer));
  return new Device(documents, { thingName, thingType, thingAttributes: { site } });
}

const ACTIONS = ['iot:Publish', 'iot:RetainPublish', 'iot:Subscribe', 'iot:Receive'];
const GRANTED: Record<string, { topic: string[]; filter: string[] }> = {
  'from-device': { topic: ['iot:Publish'], filter: [] },
  'to-device': { topic: ['iot:Receive'], filter: ['iot:Subscribe'] },
  broadcast: { topic: ['iot:Receive'], filter: ['iot:Subscribe'] },
  bidirectional: { topic: ['iot:Publish', 'iot:Receive'], filter: ['iot:Subscribe'] },
};

const pairs = fc.tuple(
  spaces,
  thing(fc.constantFrom(...NAMES), fc.constantFrom(...SITES)),
  // What belongs to another thing is only well defined where its own attributes are.
  thing(fc.constantFrom(...NAMES), fc.constantFrom(...SITES.filter((site) => !/[/#]/.test(site)))),
  fc.array(fc.constantFrom(...NAMES, 'x'), { minLength: 1, maxLength: 2 }),
).filter(([, a, b]) => a.thingName !== b.thingName);

test('no device of any fleet can use a topic of another, or connect as it', () => {
  fc.assert(fc.property(pairs, ([{ channels, space }, a, b, free]) => {
    const intruder = device(space, a);
    expect(intruder.decide('iot:Connect', b.thingName)).toBe('deny');
    for (const made of channels.filter(({ direction }) => direction !== 'broadcast')) {
      expect(intruder.allowed(ACTIONS, concreteTopic(made, b, free))).toEqual([]);
      expect(intruder.allowed(ACTIONS, filterOf(made, b.thingName, b.thingType, b.site))).toEqual([]);
    }
    for (const made of channels.filter(({ direction }) => direction === 'broadcast')) {
      expect(intruder.allowed(['iot:Publish', 'iot:RetainPublish'], concreteTopic(made, b, free))).toEqual([]);
    }
  }), { numRuns: 200 });
});

test('every device of any fleet can use its own topics', () => {
  fc.assert(fc.property(pairs, ([{ channels, space }, , own, free]) => {
    const self = device(space, own);
    expect(self.decide('iot:Connect', own.thingName)).toBe('allow');
    for (const made of channels) {
      const { topic, filter } = GRANTED[made.direction]!;
      const retained = made.retain ? ['iot:RetainPublish'] : [];
      for (const action of [...topic, ...retained]) {
        expect(self.decide(action, concreteTopic(made, own, free))).toBe('allow');
      }
      for (const action of filter) {
        expect(self.decide(action, filterOf(made, own.thingName, own.thingType, own.site))).toBe('allow');
      }
    }
  }), { numRuns: 200 });
});
