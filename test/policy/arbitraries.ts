import fc from 'fast-check';
import { joinText } from '../../lib/policy';
import type { AuthorizationRequest, Principal, Text } from '../../lib/policy';

/** A part of a document with holes where something could not be resolved, and the same with the holes filled. */
export interface Holed {
  readonly partial: unknown;
  readonly concrete: unknown;
}

type HoledArbitrary = fc.Arbitrary<Holed>;

function known(values: fc.Arbitrary<unknown>): HoledArbitrary {
  return values.map((value) => ({ partial: value, concrete: value }));
}

function hole(values: HoledArbitrary): HoledArbitrary {
  return values.map(({ concrete }) => ({ partial: { unknown: 'Hole' }, concrete }));
}

/** Sometimes a hole, and mostly not. */
function mayBeHole(values: HoledArbitrary): HoledArbitrary {
  return fc.oneof({ weight: 15, arbitrary: values }, { weight: 1, arbitrary: hole(values) });
}

function listOf(items: HoledArbitrary, minLength: number, maxLength: number): HoledArbitrary {
  return fc.array(items, { minLength, maxLength }).map((list) => ({ partial: list.map(({ partial }) => partial), concrete: list.map(({ concrete }) => concrete) }));
}

function objectOf(entries: { readonly [key: string]: HoledArbitrary }): HoledArbitrary {
  return fc.record(entries).map((object) => ({
    partial: Object.fromEntries(Object.entries(object).map(([key, { partial }]) => [key, partial])),
    concrete: Object.fromEntries(Object.entries(object).map(([key, { concrete }]) => [key, concrete])),
  }));
}

/** Things that an unresolved part of a name might turn out to be, chosen to mislead. */
const NAMES = [
  '', 'a', 'b', '/', ':', '*', '?', '$', '{', '}', '${', '${*}', '${iot:ClientId}', 'iot:ClientId', '${iot:', 'ClientId}', '}/a', 'a}', ', \'a\'}', '${iot:ClientId, \'',
  'arn:aws:iot:us-east-1:123456789012:topic/', 'us-east-1:123456789012:topic/a', '*:topic/a', ':topic/', 'topic/', 'dev', 'site',
];

/** A text in pieces, some of which are holes, filled with the piece or something else. */
function textOf(pieces: fc.Arbitrary<readonly string[]>, fillings: readonly string[] = NAMES): HoledArbitrary {
  const filled = (piece: string): fc.Arbitrary<{ readonly part: string | { readonly unknown: string }; readonly text: string }> => fc.oneof(
    { weight: 10, arbitrary: fc.constant({ part: piece, text: piece }) },
    { weight: 1, arbitrary: fc.constant({ part: { unknown: 'Hole' }, text: piece }) },
    { weight: 2, arbitrary: fc.constantFrom(...fillings).map((text) => ({ part: { unknown: 'Hole' }, text })) },
  );
  return pieces.chain((list) => fc.tuple(...list.map(filled))).map((parts) => {
    const concrete = parts.map(({ text }) => text).join('');
    return { partial: parts.every(({ part }) => typeof part === 'string') ? concrete : { parts: parts.map(({ part }) => part) }, concrete };
  });
}

function joined(...texts: readonly HoledArbitrary[]): HoledArbitrary {
  return fc.tuple(...texts).map((list) => ({
    partial: joinText(list.map(({ partial }) => partial as Text)), concrete: list.map(({ concrete }) => concrete).join(''),
  }));
}

const REGIONS = ['us-east-1', 'us-*', '*', ':', 'us-east-1:123456789012', '123456789012:topic/a', 'eu-west-1'];
const NAME_PIECES = ['a', 'b', 'dev', '/', '*', '?', '${iot:ClientId}', '${', '}', 'iot:ClientId', '$', '${*}', '${iot:Connection.Thing.Attributes[', 'site', ']}', '${iot:NoSuchKey}', ':topic/a'];
const names = fc.array(fc.constantFrom(...NAME_PIECES), { maxLength: 4 });
const heads = fc.oneof(
  { weight: 3, arbitrary: known(fc.constantFrom('arn:aws:iot:us-east-1:123456789012:', 'arn:aws:iot:*:*:', 'arn:aws:iot:eu-west-1:123456789012:')) },
  { weight: 2, arbitrary: joined(known(fc.constant('arn:aws:iot:')), textOf(fc.constant(['us-east-1', ':', '123456789012']), REGIONS), known(fc.constant(':'))) },
  { weight: 1, arbitrary: textOf(fc.constant(['arn:', 'aws:', 'iot:', 'us-east-1:123456789012', ':']), REGIONS) },
);
const types = fc.constantFrom('topic/', 'topicfilter/', 'client/', '*');
const arns = joined(
  heads,
  textOf(fc.tuple(types, names).map(([type, name]) => [type, ...name])),
);
const resources = fc.oneof({ weight: 8, arbitrary: arns }, { weight: 1, arbitrary: known(fc.constant('*')) }, { weight: 1, arbitrary: hole(fc.oneof(arns, known(fc.constant('*')))) });
const actions = fc.oneof(
  joined(textOf(fc.constantFrom(['iot:'], ['IOT:']), ['iot:Sub', 'i*:']), textOf(fc.constantFrom(['Publish'], ['Publish'], ['*'], ['Sub', 'scribe'], ['Connect'], ['pub', '*'], ['ListRetainedMessages']), ['*', 'Publish', 'scribe'])),
  mayBeHole(known(fc.constantFrom('*', 'iot:Publish'))),
);

function oneOrList(items: HoledArbitrary): HoledArbitrary {
  const list = listOf(items, 1, 3);
  return fc.oneof(items, list, hole(list));
}

const operators = fc.oneof(
  fc.tuple(
    fc.constantFrom('', '', 'ForAllValues:', 'ForAnyValue:'),
    fc.constantFrom('StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike', 'StringEqualsIgnoreCase'),
    fc.constantFrom('', '', 'IfExists'),
  ).map((parts) => ({ operator: parts.join(''), values: textOf(names) })),
  fc.constantFrom('ArnEquals', 'ArnNotLike', 'ArnLikeIfExists').map((operator) => ({ operator, values: arns })),
  fc.constantFrom('IpAddress', 'NotIpAddress').map((operator) => ({ operator, values: textOf(fc.constantFrom(['10.0.0.0/8'], ['10.', '1.2.3']), ['10.0.0.0/8', '10.1.2.3', '1.2.3', '0.0.0.0/0']) })),
  fc.constantFrom('Null', 'Bool').map((operator) => ({ operator, values: textOf(fc.constantFrom(['true'], ['false']), ['true', 'false', 'fal']) })),
  fc.constant({ operator: 'NumericEquals', values: textOf(fc.constant(['1']), ['2']) }),
);
const keys = fc.constantFrom(
  'iot:ClientId', 'iot:DomainName', 'aws:SourceIp', 'iot:Connection.Thing.IsAttached', 'iot:Connection.Thing.Attributes[site]', 'iot:ConnectAttributes', 'iot:LastWillTopic',
  'iot:Certificate.Subject.CommonName.List', 'aws:SourceVpce',
);
const conditions = fc.tuple(operators, keys).chain(([{ operator, values }, key]) => (
  mayBeHole(objectOf({ [operator]: mayBeHole(objectOf({ [key]: oneOrList(mayBeHole(values)) })) }))
));

const statements = fc.tuple(fc.boolean(), fc.boolean(), fc.integer({ min: 0, max: 3 })).chain(([notAction, notResource, condition]) => mayBeHole(objectOf({
  Effect: mayBeHole(known(fc.constantFrom('Allow', 'Allow', 'Deny'))),
  [notAction && notResource ? 'NotAction' : 'Action']: oneOrList(actions),
  [notResource ? 'NotResource' : 'Resource']: oneOrList(resources),
  ...(condition === 0 ? { Condition: conditions } : {}),
})));

/** Policy documents with holes. Not every way to fill them makes a valid document. */
export const holedDocuments = objectOf({
  Version: mayBeHole(known(fc.constantFrom('2012-10-17', '2012-10-17', '2012-10-17', '2008-10-17'))),
  Statement: mayBeHole(listOf(statements, 1, 3)),
});

/** Policy documents without holes. */
export const documents = holedDocuments.map(({ concrete }) => concrete);

/** Statements without holes. */
export const effects = (effect: 'Allow' | 'Deny'): fc.Arbitrary<object> => statements.map(({ concrete }) => ({ ...(concrete as object), Effect: effect }));

const thing = { thingName: 'dev', attached: true, thingAttributes: { site: 'a' } } as const;

export const principals = fc.constantFrom<Principal>(
  { kind: 'certificate', clientId: 'dev', ...thing, sourceIp: '10.1.2.3', certificate: { subject: { CommonName: ['a', 'b'] } } },
  { kind: 'certificate', clientId: 'a', ...thing, thingPrincipalType: 'EXCLUSIVE_THING', domainName: 'a' },
  { kind: 'certificate', clientId: '*' },
  { kind: 'custom', clientId: 'dev', isAuthenticated: true, ...thing },
);

const requestedNames = fc.array(fc.constantFrom('a', 'b', 'dev', '/', '*', ':topic/a', '${', '}', '${iot:ClientId}', 'iot:ClientId', '$'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));

export const requests: fc.Arbitrary<AuthorizationRequest> = fc.record({
  action: fc.constantFrom('iot:Publish', 'iot:Publish', 'iot:Subscribe', 'iot:Connect', 'iot:ListRetainedMessages'),
  resource: requestedNames,
  protocol: fc.constantFrom('mqtt', 'mqtt', 'https'),
  connectAttributes: fc.constantFrom([], ['PersistentConnect']),
  lastWill: fc.constantFrom(undefined, { topic: 'a' }),
}, { requiredKeys: ['action', 'resource'] });
