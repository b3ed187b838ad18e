import fc from 'fast-check';
import { ACTIONS, CompiledPolicy, PolicyError, associationOf, createAuthorizer, explain, findAction, parsePolicy, requirementsOf } from '../../lib/policy';
import type { AuthorizationRequest, Authorizer, AuthorizerOptions, Decision, Principal } from '../../lib/policy';
import { documents, effects, holedDocuments, principals, requests } from './arbitraries';
import { ACCOUNT, ARN } from './vectors';

const DEVICE: Principal = { kind: 'certificate', clientId: 'dev' };
const ALLOW = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'iot:*', Resource: '*' } };
const DENY = { Version: '2012-10-17', Statement: { Effect: 'Deny', Action: 'iot:*', Resource: '*' } };
const PUBLISH: AuthorizationRequest = { action: 'iot:Publish', resource: 'a' };

function authorizer(options: Partial<AuthorizerOptions>): Authorizer {
  return createAuthorizer({ account: ACCOUNT, principal: DEVICE, policies: [], ...options });
}

describe('policies', () => {
  test.each<[string, unknown]>([
    ['an object', ALLOW], ['JSON text', JSON.stringify(ALLOW)], ['a parsed policy', parsePolicy(ALLOW)],
  ])('may be given as %s', (_, policy) => {
    expect(authorizer({ policies: [policy] }).decide(PUBLISH).decision).toBe('allow');
  });

  test('are named by their place, or as they were parsed', () => {
    const policies = [DENY, parsePolicy(DENY, { name: 'Ban' })];
    expect(authorizer({ policies }).decide(PUBLISH)).toEqual({
      decision: 'deny', reason: 'explicit-deny', by: [{ policy: 'policies[0]', statement: 0, effect: 'Deny' }, { policy: 'Ban', statement: 0, effect: 'Deny' }],
    });
  });

  test.each<[string, Partial<AuthorizerOptions>, string]>([
    ['policy', { policies: [ALLOW, {}] }, 'policies[1]: Statement: the document has no statement; add at least one'],
    ['role policy', { iamPolicies: ['[]'] }, 'iamPolicies[0]: a policy document must be an object; write { "Version": "2012-10-17", "Statement": [ … ] }'],
    ['group policy', { thingGroups: [{ name: 'Doors', policies: [{}] }] }, 'Doors.policies[0]: Statement: the document has no statement; add at least one'],
    ['document that only resembles a parsed policy', { policies: [{ statements: [] }] }, 'policies[0]: statements: \'statements\' is not an element of an AWS IoT policy; write "Statement"'],
  ])('fail by name for a malformed %s', (_, options, message) => {
    expect(() => authorizer(options)).toThrow(PolicyError);
    expect(() => authorizer(options)).toThrow(message);
  });

  test('decide the same in any order of policies and statements', () => {
    fc.assert(fc.property(fc.array(documents, { minLength: 1, maxLength: 3 }), principals, requests, fc.nat(), (list, principal, request, turn) => {
      // Every other order of up to three is a rotation, or one of the list turned round.
      const shuffle = <T>(items: readonly T[]): T[] => {
        const start = turn % items.length;
        const rotated = [...items.slice(start), ...items.slice(0, start)];
        return turn % 2 === 0 ? rotated : rotated.reverse();
      };
      const shuffled = shuffle(list).map((document) => {
        const { Statement, ...rest } = document as { Statement: unknown[] };
        return { ...rest, Statement: shuffle(Statement) };
      });
      const given = decideUnlessRefused(list, principal, request);
      expect(decideUnlessRefused(shuffled, principal, request)).toBe(given);
    }), { numRuns: 500 });
  });

  test('never allow more with one more Deny, nor less with one more Allow', () => {
    const openness = { deny: 0, unknown: 1, allow: 2 };
    const judged = { deny: 0, unknown: 0, allow: 0 };
    fc.assert(fc.property(documents, effects('Deny'), effects('Allow'), principals, requests, (document, denial, permission, principal, request) => {
      const [before, denied, permitted] = [[], [denial], [permission]].map((more) => (
        decideUnlessRefused([document, ...more.map((Statement) => ({ Version: '2012-10-17', Statement }))], principal, request)
      ));
      if (before !== undefined && denied !== undefined) {
        judged[before] += 1;
        expect(openness[denied]).toBeLessThanOrEqual(openness[before]);
      }
      if (before !== undefined && permitted !== undefined) {
        expect(openness[permitted]).toBeGreaterThanOrEqual(openness[before]);
      }
    }), { numRuns: 2000 });
    // Some 30 of the least common.
    expect(Math.min(...Object.values(judged))).toBeGreaterThan(0);
  });
});

function decideUnlessRefused(policies: readonly unknown[], principal: Principal, request: AuthorizationRequest): Decision['decision'] | undefined {
  try {
    return authorizer({ policies, principal }).decide(request).decision;
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyError);
    return undefined;
  }
}

describe('a decision', () => {
  test('names every Allow that matches, and nothing else', () => {
    const policies = [{ Version: '2012-10-17', Statement: [
      { Effect: 'Allow', Action: 'iot:Publish', Resource: `${ARN}topic/a` },
      { Effect: 'Allow', Action: 'iot:Publish', Resource: `${ARN}topic/b` },
      { Sid: 'All', Effect: 'Allow', Action: 'iot:*', Resource: '*' },
    ] }];
    expect(authorizer({ policies }).decide(PUBLISH)).toEqual({
      decision: 'allow', reason: 'explicit-allow', by: [{ policy: 'policies[0]', statement: 0, effect: 'Allow' }, { policy: 'policies[0]', statement: 2, effect: 'Allow', sid: 'All' }],
    });
  });

  test('without a matching statement names none', () => {
    expect(authorizer({}).decide(PUBLISH)).toEqual({ decision: 'deny', by: [], reason: 'implicit-deny' });
  });

  test('for a caller whom the authorizer refused names none', () => {
    const principal = { kind: 'custom', isAuthenticated: false } as const;
    expect(authorizer({ principal, policies: [ALLOW] }).decide(PUBLISH)).toEqual({ decision: 'deny', by: [], reason: 'not-authenticated' });
  });

  test('for an authenticated identity names the statements of both sides', () => {
    const decision = authorizer({ principal: { kind: 'cognito-auth' }, policies: [ALLOW], iamPolicies: [ALLOW] }).decide(PUBLISH);
    expect(decision.by.map(({ policy }) => policy)).toEqual(['iamPolicies[0]', 'policies[0]']);
  });

  test('for an authenticated identity names the side that refuses', () => {
    const decision = authorizer({ principal: { kind: 'cognito-auth' }, policies: [DENY], iamPolicies: [ALLOW] }).decide(PUBLISH);
    expect(decision).toMatchObject({ decision: 'deny', by: [{ policy: 'policies[0]' }] });
  });

  test('follows from its explanation', () => {
    fc.assert(fc.property(fc.array(holedDocuments, { minLength: 1, maxLength: 2 }), principals, requests, (list, principal, request) => {
      const policies = list.map(({ partial }) => partial);
      const decision = decideUnlessRefused(policies, principal, request);
      if (decision === undefined) {
        return;
      }
      const explained = explain(authorizer({ principal, policies }), request);
      const some = (effect: string, matches: string): boolean => explained.some((one) => one.effect === effect && one.matches === matches);
      const allowed = some('Allow', 'yes') ? 'yes' : some('Allow', 'perhaps') ? 'perhaps' : 'no';
      const settled = some('Deny', 'yes') || allowed === 'no' ? 'deny' : allowed === 'yes' && !some('Deny', 'perhaps') ? 'allow' : 'unknown';
      expect(decision).toBe(settled);
      expect(explained.filter(({ matches, reason }) => (matches === 'no') !== (reason !== undefined))).toEqual([]);
    }), { numRuns: 400 });
  });

  test('does not depend on what was asked before', () => {
    fc.assert(fc.property(documents, principals, fc.array(requests, { minLength: 2, maxLength: 5 }), (document, principal, list) => {
      const fresh = list.map((request) => decideUnlessRefused([document], principal, request));
      if (fresh[0] !== undefined) {
        const kept = authorizer({ principal, policies: [document] });
        expect(list.map((request) => kept.decide(request).decision)).toEqual(fresh);
      }
    }), { numRuns: 400 });
  });

  test('on an action outside the table hangs on the resource type, unless the resource is *', () => {
    const decide = (Resource: string): string => (
      authorizer({ policies: [{ Statement: { Effect: 'Allow', Action: 'iot:*', Resource } }] }).decide({ action: 'iot:CreateThing', resource: 'a' }).decision
    );
    expect(decide(`${ARN}thing/a`)).toBe('unknown');
    expect(decide('*')).toBe('allow');
  });

  test('takes an unknown protocol for MQTT', () => {
    const request = { ...PUBLISH, protocol: JSON.parse('"__proto__"') as 'mqtt' };
    expect(authorizer({ policies: [ALLOW] }).decide(request).decision).toBe('allow');
  });
});

describe('an operation', () => {
  const will = { topic: 'w', retain: true };

  test.each<[string, AuthorizationRequest, readonly (readonly [string, string])[]]>([
    ['publish', PUBLISH, [['iot:Publish', 'a']]],
    ['retained publish', { ...PUBLISH, retain: true }, [['iot:Publish', 'a'], ['iot:RetainPublish', 'a']]],
    ['retained publish in other case', { action: 'IOT:publish', resource: 'a', retain: true }, [['IOT:publish', 'a'], ['iot:RetainPublish', 'a']]],
    ['connect', { action: 'iot:Connect', resource: 'dev' }, [['iot:Connect', 'dev']]],
    ['connect with a last will', { action: 'iot:Connect', resource: 'dev', lastWill: { topic: 'w' } }, [['iot:Connect', 'dev'], ['iot:Publish', 'w']]],
    ['connect with a retained last will', { action: 'iot:Connect', resource: 'dev', lastWill: will }, [['iot:Connect', 'dev'], ['iot:Publish', 'w'], ['iot:RetainPublish', 'w']]],
    ['receive of a retained message', { action: 'iot:Receive', resource: 'a', retain: true }, [['iot:Receive', 'a']]],
  ])('of %s needs these permissions', (_, request, needed) => {
    expect(requirementsOf(request).map(({ action, resource }) => [action, resource])).toEqual(needed);
  });

  test('keeps its protocol', () => {
    expect(requirementsOf({ ...PUBLISH, protocol: 'https', retain: true })[1]).toEqual({ action: 'iot:RetainPublish', resource: 'a', protocol: 'https' });
  });

  test('is refused by its first refusal', () => {
    const policies = [{ Statement: [ALLOW.Statement, { Effect: 'Deny', Action: 'iot:RetainPublish', Resource: '*' }, { Effect: 'Deny', Action: 'iot:Publish', Resource: '*' }] }];
    expect(authorizer({ policies }).decideOperation({ action: 'iot:Connect', resource: 'dev', lastWill: will }).by).toEqual([{ policy: 'policies[0]', statement: 2, effect: 'Deny' }]);
  });

  test('names what allows each of its parts', () => {
    const policies = [{ Statement: ['iot:Publish', 'iot:RetainPublish'].map((Action) => ({ Effect: 'Allow', Action, Resource: '*' })) }];
    expect(authorizer({ policies }).decideOperation({ ...PUBLISH, retain: true }).by.map(({ statement }) => statement)).toEqual([0, 1]);
  });
});

describe('the policies that are asked', () => {
  const counted = (options: Partial<AuthorizerOptions>, request: Partial<AuthorizationRequest> = {}): readonly number[] => (
    authorizer({ policies: [ALLOW], iamPolicies: [ALLOW, ALLOW], ...options }).sides({ ...PUBLISH, ...request }).map((side) => side!.length)
  );

  test.each<[string, Principal, Partial<AuthorizationRequest>, readonly number[]]>([
    ['a certificate has those on it', DEVICE, {}, [1]],
    ['a guest has those of its role', { kind: 'cognito-unauth' }, {}, [2]],
    ['a user or role of IAM has its own', { kind: 'iam' }, {}, [2]],
    ['an identity has both', { kind: 'cognito-auth' }, {}, [2, 1]],
    ['an identity has both over HTTPS', { kind: 'cognito-auth' }, { protocol: 'https' }, [2, 1]],
    ['an identity has those of its role for other actions', { kind: 'cognito-auth' }, { action: 'iot:RetainPublish' }, [2]],
    ['a client of an authorizer has the documents', { kind: 'custom', isAuthenticated: true }, {}, [1]],
  ])('%s', (_, principal, request, counts) => {
    expect(counted({ principal }, request)).toEqual(counts);
  });

  test('include those of thing groups, which count for sure, perhaps, or not', () => {
    const doubts = (principal: Partial<Principal>, protocol: 'mqtt' | 'https' = 'mqtt'): readonly boolean[] => (
      authorizer({ principal: { ...DEVICE, thingName: 'dev', attached: true, ...principal }, thingGroups: [{ name: 'Doors', policies: [ALLOW] }] })
        .sides({ ...PUBLISH, protocol })[0].map(({ doubtful }) => doubtful)
    );
    expect(doubts({})).toEqual([false]);
    expect(doubts({ clientId: 'gw', thingPrincipalType: 'EXCLUSIVE_THING' })).toEqual([true]);
    expect(doubts({ clientId: 'gw' })).toEqual([]);
    expect(doubts({}, 'https')).toEqual([]);
  });
});

describe('a connection is associated', () => {
  const thing: Principal = { ...DEVICE, thingName: 'dev', attached: true };

  test.each<[string, Principal, ReturnType<typeof associationOf>]>([
    ['with the thing of that name', thing, 'associated'],
    ['not when there is no thing', DEVICE, 'none'],
    ['not when the certificate is not attached', { ...thing, attached: false }, 'none'],
    ['not when nobody says that it is attached', { ...thing, attached: undefined }, 'none'],
    ['not with another client id', { ...thing, clientId: 'Dev' }, 'none'],
    ['with an exclusive thing in a way that is not documented', { ...thing, clientId: 'gw', thingPrincipalType: 'EXCLUSIVE_THING' }, 'exclusive-other-client-id'],
    ['with an exclusive thing of that name', { ...thing, thingPrincipalType: 'EXCLUSIVE_THING' }, 'associated'],
    ['behind a custom authorizer in a way that is not documented', { ...thing, kind: 'custom' }, 'custom-authorizer'],
  ])('%s', (_, principal, association) => {
    expect(associationOf(principal, {})).toBe(association);
    expect(associationOf(principal, { protocol: 'https' })).toBe('none');
  });
});

describe('actions', () => {
  test.each(ACTIONS)('$name is found in any case, and decided alike', ({ name }) => {
    expect(findAction(name.toUpperCase())).toMatchObject({ name });
    const one = authorizer({ policies: [ALLOW, { Statement: { Effect: 'Allow', Action: 'iotjobsdata:*', Resource: '*' } }] });
    expect(one.decide({ action: name.toLowerCase(), resource: 'a' })).toEqual(one.decide({ action: name, resource: 'a' }));
  });

  test('that do not exist are not found', () => {
    expect(findAction('iot:Pubish')).toBeUndefined();
    expect(findAction('__proto__')).toBeUndefined();
  });

  test('of a compiled policy are matched once, with the resources that fit', () => {
    const policy = new CompiledPolicy(parsePolicy(ALLOW), ACCOUNT);
    expect(policy.candidates('iot:Publish')).toBe(policy.candidates('iot:Publish'));
    expect(policy.candidates('s3:GetObject')).toEqual([]);
  });
});

describe('tags of the principal', () => {
  const OWN = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'iot:Publish', Resource: `${ARN}topic/cmd/\${aws:PrincipalTag/thing}/x` } };
  const publish = (principalTags: Principal['principalTags'], topic: string): string => (
    authorizer({ principal: { kind: 'iam', ...(principalTags && { principalTags }) }, iamPolicies: [OWN] }).decide({ action: 'iot:Publish', resource: topic }).decision
  );

  test('are variables of IAM policies', () => {
    expect(publish({ Thing: 'lamp' }, 'cmd/lamp/x')).toBe('allow');
    expect(publish({ Thing: 'lamp' }, 'cmd/door/x')).toBe('deny');
  });

  test('have no value where the principal lacks them, so that the statement does not match', () => {
    expect(publish({ other: 'lamp' }, 'cmd/lamp/x')).toBe('deny');
    expect(publish({}, 'cmd//x')).toBe('deny');
  });

  test('cannot be told where nobody says which there are', () => {
    expect(publish(undefined, 'cmd/lamp/x')).toBe('unknown');
  });
});
