import fc from 'fast-check';
import { PolicyError, createAuthorizer } from '../../lib/policy';
import type { AuthorizationRequest, Authorizer, Decision, Principal, Text } from '../../lib/policy';
import { holedDocuments, principals, requests } from './arbitraries';
import { ACCOUNT, ARN } from './vectors';

const U = { unknown: 'Stack/Parameter' };
const PUBLISH: AuthorizationRequest = { action: 'iot:Publish', resource: 'dt/dev' };

function authorizer(policies: readonly unknown[], principal: Principal = { kind: 'certificate', clientId: 'dev' }): Authorizer {
  return createAuthorizer({ account: ACCOUNT, principal, policies });
}

function decideStatements(statements: readonly object[], request: Partial<AuthorizationRequest> = {}): Decision['decision'] {
  const filled = statements.map((statement) => ({ Effect: 'Allow', Action: 'iot:Publish', Resource: '*', ...statement }));
  return authorizer([{ Version: '2012-10-17', Statement: filled }]).decide({ ...PUBLISH, ...request }).decision;
}

describe('a decision under a document with unknown parts', () => {
  test('holds for whatever the parts turn out to be', () => {
    const outcomes = { valid: 0, allow: 0, deny: 0, unknown: 0 };
    fc.assert(fc.property(fc.array(holedDocuments, { minLength: 1, maxLength: 2 }), principals, fc.array(requests, { minLength: 1, maxLength: 4 }), (documents, principal, list) => {
      const concrete = unlessRefused(() => authorizer(documents.map((document) => document.concrete), principal));
      const partial = unlessRefused(() => authorizer(documents.map((document) => document.partial), principal));
      if (concrete === undefined) {
        return;
      }
      outcomes.valid += 1;
      // A document is never refused for what is not known about it.
      expect(partial).toBeDefined();
      for (const request of list) {
        const { decision } = partial!.decide(request);
        outcomes[decision] += 1;
        if (decision !== 'unknown') {
          expect(concrete.decide(request).decision).toBe(decision);
        }
      }
    }), { numRuns: 1500 });
    // None of the answers is an exception, or this would show little.
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(20);
  });

  test.each<[string, Decision['decision'], object[]]>([
    ['an unknown statement', 'unknown', [U]],
    ['an unknown statement beside an Allow', 'unknown', [{}, U]],
    ['an unknown statement beside a Deny', 'deny', [{ Effect: 'Deny' }, U]],
    ['an unknown effect', 'unknown', [{ Effect: U }]],
    ['an unknown effect beside an Allow', 'unknown', [{}, { Effect: U }]],
    ['an unknown effect of a statement about something else', 'allow', [{}, { Effect: U, Resource: `${ARN}topic/other` }]],
    ['an unknown action', 'unknown', [{ Action: U }]],
    ['an action of which only the end is unknown', 'unknown', [{ Action: ['iot:Connect', { parts: ['iot:Pub', U] }] }]],
    ['an action that begins otherwise', 'deny', [{ Action: { parts: ['iot:Sub', U] } }]],
    ['an unknown NotAction', 'unknown', [{ Action: undefined, NotAction: U }]],
    ['an unknown resource', 'unknown', [{ Resource: U }]],
    ['an unknown resource of a Deny', 'unknown', [{}, { Effect: 'Deny', Resource: U }]],
    ['an unknown resource of a Deny without an Allow', 'deny', [{ Effect: 'Deny', Resource: U }]],
    ['a resource that begins otherwise', 'deny', [{ Resource: { parts: [`${ARN}topic/cmd/`, U] } }]],
    ['an unknown Region', 'unknown', [{ Resource: { parts: ['arn:aws:iot:', U, ':123456789012:topic/dt/dev'] } }]],
    ['an unknown Region and another topic', 'deny', [{ Resource: { parts: ['arn:aws:iot:', U, ':123456789012:topic/dt/other'] } }]],
    ['an ARN of which all but the end is unknown', 'unknown', [{ Resource: { parts: [U, '/dev'] } }]],
    ['an ARN of which all but another end is unknown', 'deny', [{ Resource: { parts: [U, '/other'] } }]],
    ['an unknown Region and account in one', 'unknown', [{ Resource: { parts: ['arn:aws:iot:', U, ':topic/dt/dev'] } }]],
    ['an unknown NotResource', 'unknown', [{ Resource: undefined, NotResource: U }]],
    ['an unknown variable name', 'unknown', [{ Resource: { parts: [`${ARN}topic/dt/\${iot:`, U, '}'] } }]],
    ['an unknown condition', 'unknown', [{ Condition: U }]],
    ['an unknown condition of a statement about something else', 'deny', [{ Condition: U, Resource: `${ARN}topic/other` }]],
    ['unknown keys of a condition', 'unknown', [{ Condition: { StringEquals: U } }]],
    ['an unknown value', 'unknown', [{ Condition: { StringEquals: { 'iot:ClientId': U } } }]],
    ['an unknown value beside one that holds', 'allow', [{ Condition: { StringEquals: { 'iot:ClientId': ['dev', U] } } }]],
    ['an unknown value beside one that does not', 'deny', [{ Condition: { StringNotEquals: { 'iot:ClientId': ['dev', U] } } }]],
    ['an unknown value for a key without a value', 'deny', [{ Condition: { StringEquals: { 'iot:DomainName': U } } }]],
    ['an unknown value of Null', 'unknown', [{ Condition: { Null: { 'iot:ClientId': U } } }]],
    ['an unknown value of Null beside one that holds', 'allow', [{ Condition: { Null: { 'iot:ClientId': [U, 'false'] } } }]],
    ['an unknown value of Bool', 'unknown', [{ Condition: { Bool: { 'iot:Connection.Thing.IsAttached': U } } }]],
    ['an unknown ARN in a condition on a key without a value', 'deny', [{ Condition: { ArnEquals: { 'iot:LastWillTopic': U } } }]],
    ['an unknown condition and one that fails', 'deny', [{ Condition: { StringEquals: { 'iot:ClientId': 'other' }, StringLike: U } }]],
  ])('with %s is %s', (_, expected, statements) => {
    expect(decideStatements(statements)).toBe(expected);
  });

  test('is "cannot tell" when nothing of it is known', () => {
    expect(authorizer([U]).decide(PUBLISH)).toMatchObject({ decision: 'unknown', reason: 'cannot-tell' });
    expect(authorizer([{ Version: '2012-10-17', Statement: U }]).decide(PUBLISH).decision).toBe('unknown');
  });

  test('of an unknown version is open where it has variables, and only there', () => {
    const decideVersion = (Resource: Text, resource: string): string => (
      authorizer([{ Version: U, Statement: { Effect: 'Allow', Action: 'iot:Publish', Resource } }]).decide({ action: 'iot:Publish', resource }).decision
    );
    expect(decideVersion(`${ARN}topic/dt/\${iot:ClientId}`, 'dt/dev')).toBe('unknown');
    expect(decideVersion(`${ARN}topic/dt/\${iot:ClientId}`, 'cmd/dev')).toBe('deny');
    expect(decideVersion(`${ARN}topic/dt/dev`, 'dt/dev')).toBe('allow');
  });

  test('names the statements it hangs on', () => {
    const policies = [
      { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }, { Sid: 'Ban', Effect: 'Deny', Action: '*', Resource: U }, { Effect: 'Allow', Action: '*', Resource: U }] },
    ];
    expect(authorizer(policies).decide(PUBLISH)).toEqual({
      decision: 'unknown', by: [{ policy: 'policies[0]', statement: 1, effect: 'Deny', sid: 'Ban' }], reason: 'cannot-tell',
    });
  });

  test('of an action without a resource is open only where the entry may be *', () => {
    const request = { action: 'iot:ListRetainedMessages', resource: '*' };
    expect(decideStatements([{ Action: '*', Resource: U }], request)).toBe('unknown');
    expect(decideStatements([{ Action: '*', Resource: { parts: [ARN, U] } }], request)).toBe('deny');
  });
});

function unlessRefused(make: () => Authorizer): Authorizer | undefined {
  try {
    return make();
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyError);
    return undefined;
  }
}
