import { X509Certificate } from 'node:crypto';
import type { Handle, ResourceEvent, System } from '../../lambda/custom-resource';
import * as issueCa from '../../lambda/issue-ca-certificate';
import * as verifyCa from '../../lambda/verify-ca-certificate';
import { FakeAuthority, isSignedBy, KEY_ARN, makeKeys, PRIVATE_CA_ARN, privatePem, REGISTRATION_CODE, SECRET_ARN, selfSigned, type Keys } from './fake-authority';
import type { Fault } from './faulty-client';
import { serialize } from './serialize';
import { FakeStack } from './stack';

type Values = { readonly [name: string]: unknown };

const MEMORY = '/cdk-iot-warden/Fleet/Ca';
const TODAY = new Date('2026-03-01T12:00:00Z');

interface Scenario {
  readonly name: string;
  readonly createHandler: (authority: FakeAuthority, system: System) => Handle;
  readonly arrange: (authority: FakeAuthority) => void;
  readonly first: () => Values;
  readonly second: () => Values;
}

let keys: Keys;
let others: Keys;
let caPem: string;
let otherPem: string;

beforeAll(async () => {
  [keys, others] = [makeKeys('RSA_2048'), makeKeys('RSA_2048')];
  [caPem, otherPem] = [await selfSigned(keys), await selfSigned(others)];
});

const OTHER_KEY_ARN = `${KEY_ARN}0`;
const OTHER_SECRET_ARN = `${SECRET_ARN}x`;
const OTHER_PRIVATE_CA_ARN = `${PRIVATE_CA_ARN}0`;

function arrange(authority: FakeAuthority): void {
  authority.keys.set(KEY_ARN, { spec: 'RSA_2048', keys }).set(OTHER_KEY_ARN, { spec: 'RSA_2048', keys: others });
  authority.secrets.set(SECRET_ARN, privatePem(keys)).set(OTHER_SECRET_ARN, JSON.stringify({ key: privatePem(others) }));
  authority.privateCas.set(PRIVATE_CA_ARN, { keys, certificatePem: caPem }).set(OTHER_PRIVATE_CA_ARN, { keys: others, certificatePem: otherPem });
}

const verify = (authority: FakeAuthority, system: System): Handle => verifyCa.createHandler(authority.clients, system, () => TODAY);
const issue = (authority: FakeAuthority, system: System): Handle => issueCa.createHandler(authority.clients, system, () => TODAY);

const verification = (pem: string, kind: string, id: string, field?: string): Values => ({
  CaCertificatePem: pem, SigningKeyKind: kind, SigningKeyId: id, ...field !== undefined && { SigningKeyField: field }, Memory: MEMORY,
});
const root = (KeyId: string, commonName: string): Values => ({
  KeyId, Subject: JSON.stringify({ commonName, organization: 'Wörks', country: 'DE' }), ValidityDays: '3650', Memory: MEMORY,
});

const SCENARIOS: readonly Scenario[] = [
  { name: 'issue-ca-certificate', createHandler: issue, arrange, first: () => root(KEY_ARN, 'One'), second: () => root(OTHER_KEY_ARN, 'Two') },
  { name: 'verify-ca-certificate with AWS KMS', createHandler: verify, arrange, first: () => verification(caPem, 'kms', KEY_ARN), second: () => verification(otherPem, 'kms', OTHER_KEY_ARN) },
  { name: 'verify-ca-certificate with a secret', createHandler: verify, arrange, first: () => verification(caPem, 'secret', SECRET_ARN), second: () => verification(otherPem, 'secret', OTHER_SECRET_ARN, 'key') },
  { name: 'verify-ca-certificate with AWS Private CA', createHandler: verify, arrange, first: () => verification(caPem, 'private-ca', PRIVATE_CA_ARN), second: () => verification(otherPem, 'private-ca', OTHER_PRIVATE_CA_ARN) },
];

/** What can happen once to a request. */
const PASSING: readonly Fault[] = [
  { error: 'ThrottlingException' },
  { error: 'AccessDeniedException' },
  { error: 'TimeoutError' },
  { error: 'TimeoutError', isDone: true },
];

/** What can stop the work for good, wherever it is. */
const LASTING: readonly Fault[] = [
  { error: 'AccessDeniedException', count: Infinity },
  { error: 'ThrottlingException', count: Infinity },
  { error: 'ValidationException' },
  { error: 'ResourceNotFoundException' },
  { error: 'ResourceAlreadyExistsException', isDone: true },
];

type Phase = 'Create' | 'Update' | 'Delete';

interface Run {
  readonly authority: FakeAuthority;
  readonly stack: FakeStack;
  readonly event: ResourceEvent;
}

function start({ createHandler, arrange: prepare }: Pick<Scenario, 'createHandler' | 'arrange'>): Pick<Run, 'authority' | 'stack'> {
  const authority = new FakeAuthority();
  prepare(authority);
  return { authority, stack: new FakeStack((_, system) => createHandler(authority, system), authority.clients.iot) };
}

/** A stack that is ready for the phase, and the event of it. */
async function reach(scenario: Scenario, phase: Phase): Promise<Run> {
  const { authority, stack } = start(scenario);
  const [first, second] = [scenario.first(), scenario.second()];
  if (phase === 'Create') {
    return { authority, stack, event: stack.create(first) };
  }
  expect(await stack.deploy(first)).toMatchObject({ Status: 'SUCCESS' });
  return { authority, stack, event: phase === 'Update' ? stack.update(second, first) : stack.remove(first, stack.physicalResourceId) };
}

const pemOf = (answer: { Data?: Record<string, string> }): string => Object.values(answer.Data ?? {})[0] ?? '';

describe.each(SCENARIOS.flatMap((scenario) => (['Create', 'Update', 'Delete'] as const).map((phase) => ({ scenario, phase, title: `${scenario.name} ${phase}` }))))('$title', ({ scenario, phase }) => {
  const remembered = { Create: 1, Update: 2, Delete: 0 }[phase];
  const requests: string[] = [];
  let offset = 0;

  beforeAll(async () => {
    const { authority, stack, event } = await reach(scenario, phase);
    offset = authority.requests.length;
    expect(await stack.send(event)).toMatchObject({ Status: 'SUCCESS' });
    requests.push(...authority.requests.slice(offset));
  });

  /** What must hold once all is well again. */
  async function expectGood({ authority, stack, event }: Run): Promise<void> {
    const [one, two] = [await stack.send(event), await stack.send(event)];
    expect(one).toMatchObject({ Status: 'SUCCESS' });
    expect(two).toEqual(one);
    expect(authority.parameters.size).toBe(remembered);
  }

  test('survives every passing fault of every request', async () => {
    for (const fault of PASSING) {
      for (const index of requests.keys()) {
        const run = await reach(scenario, phase);
        run.authority.failAt(offset + index, fault);

        const answer = await run.stack.send(run.event);
        expect({ fault, index, ...answer }).toMatchObject({ Status: 'SUCCESS' });
        await expectGood(run);
        expect(pemOf(await run.stack.send(run.event))).toBe(pemOf(answer));
      }
    }
  });

  test('leaves nothing behind when it cannot be done, and is done when it is tried again', async () => {
    for (const fault of LASTING) {
      for (const index of requests.keys()) {
        const run = await reach(scenario, phase);
        run.authority.failAt(offset + index, fault);

        const answer = await run.stack.send(run.event);
        run.authority.heal();
        if (answer.Status === 'FAILED') {
          expect(answer.Reason).toMatch(/^cannot (issue|sign|remember|forget) [^:]+.*: |^ran out of time/);
          if (phase === 'Create') {
            expect(await run.stack.send(run.stack.remove(scenario.first(), answer.PhysicalResourceId))).toMatchObject({ Status: 'SUCCESS' });
            expect(run.authority.parameters.size).toBe(0);
          }
        }
        await expectGood(run);
      }
    }
  });

  test('sends requests that the SDK can write', async () => {
    const { authority, stack, event } = await reach(scenario, phase);
    await stack.send(event);

    const lines = await serialize(authority.commands.slice(offset));
    expect(lines).toHaveLength(requests.length);
  });

  test('neither logs nor answers a private key', async () => {
    const { authority, stack, event } = await reach(scenario, phase);
    await stack.send(event);

    const secrets = [...authority.secrets.values()].flatMap((secret) => secret.split(/\\n|\n/).filter((line) => line.length > 40));
    const said = [...stack.system.lines, ...stack.answers.map((answer) => JSON.stringify(answer)), ...authority.parameters.values()].join('\n');
    expect(secrets.filter((line) => said.includes(line))).toEqual([]);
    expect(said).not.toContain('PRIVATE KEY');
    expect(stack.system.lines.join()).not.toContain('BEGIN');
  });
});

describe('the certificate of a CA in AWS KMS', () => {
  test.each(['ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521', 'RSA_2048', 'RSA_4096'])('is signed by its own key %s, and fits into an answer', async (spec) => {
    const { authority, stack } = start({ createHandler: issue, arrange: (fake) => fake.keys.set(KEY_ARN, { spec, keys: makeKeys(spec) }) });
    const answer = await stack.deploy(root(KEY_ARN, 'Root'));

    expect(answer).toMatchObject({ Status: 'SUCCESS' });
    const certificate = new X509Certificate(pemOf(answer as never));
    expect(isSignedBy(pemOf(answer as never), pemOf(answer as never))).toBe(true);
    expect([certificate.ca, certificate.subject, certificate.validFrom, certificate.validTo]).toEqual([
      true, 'C=DE\nO=Wörks\nCN=Root', 'Mar  1 11:55:00 2026 GMT', 'Feb 27 12:00:00 2036 GMT',
    ]);
    expect(certificate.publicKey.equals(authority.keys.get(KEY_ARN)!.keys.publicKey)).toBe(true);
  });

  test('is the same again after a rollback', async () => {
    const { stack } = start({ createHandler: issue, arrange });
    const first = await stack.deploy(root(KEY_ARN, 'One'));
    const second = await stack.deploy(root(KEY_ARN, 'Two'));

    expect(pemOf(second as never)).not.toBe(pemOf(first as never));
    expect(await stack.deploy(root(KEY_ARN, 'One'))).toMatchObject({ Status: 'SUCCESS', Data: first.Status === 'SUCCESS' ? first.Data : {} });
  });

  test('fails where AWS KMS signs with another key', async () => {
    const { authority, stack } = start({ createHandler: issue, arrange });
    const send = authority.clients.kms.send.bind(authority.clients.kms);
    authority.clients.kms.send = ((command: { constructor: { name: string } }) => {
      const answer = send(command as never) as Promise<object>;
      return command.constructor.name === 'SignCommand' ? answer.then(() => ({ Signature: new Uint8Array(70) })) : answer;
    }) as never;

    expect(await stack.deploy(root(KEY_ARN, 'One'))).toMatchObject({
      Status: 'FAILED', Reason: 'AWS KMS answered with a signature that is not by the key',
    });
  });
});

describe('a verification certificate', () => {
  test.each([
    ['AWS KMS', () => verification(caPem, 'kms', KEY_ARN)],
    ['a secret', () => verification(caPem, 'secret', SECRET_ARN)],
    ['a field of a secret', () => verification(otherPem, 'secret', OTHER_SECRET_ARN, 'key')],
    ['AWS Private CA', () => verification(caPem, 'private-ca', PRIVATE_CA_ARN)],
  ])('has the registration code as its name and is signed by the CA, with its key in %s', async (_, values) => {
    const { stack } = start({ createHandler: verify, arrange });
    const answer = await stack.deploy(values());

    expect(answer).toMatchObject({ Status: 'SUCCESS' });
    const certificate = new X509Certificate(pemOf(answer as never));
    expect(isSignedBy(pemOf(answer as never), String(values().CaCertificatePem))).toBe(true);
    expect([certificate.subject, certificate.ca, certificate.validTo]).toEqual([`CN=${REGISTRATION_CODE}`, false, 'Mar  7 12:00:00 2026 GMT']);
  });

  test('stays the same when it has expired, as another one would replace the CA', async () => {
    let today = TODAY;
    const { stack } = start({ createHandler: (authority, system) => verifyCa.createHandler(authority.clients, system, () => today), arrange });
    const first = await stack.deploy(verification(caPem, 'kms', KEY_ARN));
    today = new Date('2030-01-01');

    expect(pemOf(await stack.deploy({ ...verification(caPem, 'kms', KEY_ARN), Again: '1' }) as never)).toBe(pemOf(first as never));
  });

  test.each<[string, () => Values, string]>([
    ['another key in AWS KMS', () => verification(caPem, 'kms', OTHER_KEY_ARN), `key ${OTHER_KEY_ARN} is not the private key of the CA certificate; pass the two that belong together`],
    ['another key in a secret', () => verification(otherPem, 'secret', SECRET_ARN), `secret ${SECRET_ARN} is not the private key of the CA certificate; pass the two that belong together`],
    ['another Private CA', () => verification(caPem, 'private-ca', OTHER_PRIVATE_CA_ARN), `AWS Private CA ${OTHER_PRIVATE_CA_ARN} is not the private key of the CA certificate; pass the two that belong together`],
    ['a secret without a key', () => verification(caPem, 'secret', 'empty'), 'secret empty must hold a private key that is not encrypted, as PEM text'],
    ['a field that the secret lacks', () => verification(caPem, 'secret', OTHER_SECRET_ARN, 'no'), `secret ${OTHER_SECRET_ARN} must hold a private key that is not encrypted, as PEM text in its field "no"`],
    ['a key that does not exist', () => verification(caPem, 'kms', 'none'), 'cannot sign the verification certificate of the CA: NotFoundException: a message of NotFoundException'],
    ['no CA', () => verification('hello', 'kms', KEY_ARN), 'expected one PEM block that begins with "-----BEGIN CERTIFICATE-----", and nothing else'],
  ])('fails for %s, before it signs', async (_, values, reason) => {
    const { authority, stack } = start({ createHandler: verify, arrange });
    authority.secrets.set('empty', 'not a key, but secret');

    const answer = await stack.deploy(values());
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: reason });
    expect(authority.requests).not.toContain('Sign');
    expect(authority.requests).not.toContain('IssueCertificate');
    expect(authority.parameters.size).toBe(0);
  });
});
