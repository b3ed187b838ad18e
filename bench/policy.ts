import { createAuthorizer } from '../lib/policy';
import type { AuthorizationRequest, Decision } from '../lib/policy';
import { NaiveAuthorizer } from './naive-authorizer';
import { cpuMilliseconds } from './node-process';
import { count, median, ratio } from './report';
import type { Bench } from './report';

const MUST_PER_SECOND = 1_000_000;
const ACCOUNT = { partition: 'aws', region: 'us-east-1', accountId: '123456789012' };
const ARN = (resource: string): string => `arn:aws:iot:us-east-1:123456789012:${resource}`;
const THING = '${iot:Connection.Thing.ThingName}';
const SITE = '${iot:Connection.Thing.Attributes[site]}';

const DOCUMENT = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: ARN(`client/${THING}`), Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } },
    { Effect: 'Allow', Action: 'iot:Publish', Resource: [ARN(`topic/dt/plant/${THING}/*`), ARN(`topic/$aws/things/${THING}/shadow/*`), ARN(`topic/sites/${SITE}/status`)] },
    {
      Effect: 'Allow', Action: 'iot:Subscribe', Resource: [
        ARN(`topicfilter/cmd/plant/${THING}/+`), ARN(`topicfilter/$aws/things/${THING}/shadow/*`), ARN(`topicfilter/alerts/${SITE}/+`),
      ],
    },
    {
      Effect: 'Allow', Action: 'iot:Receive', Resource: [
        ARN(`topic/cmd/plant/${THING}/*`), ARN(`topic/$aws/things/${THING}/shadow/*`), ARN(`topic/alerts/${SITE}/*`),
      ],
    },
    { Effect: 'Deny', Action: ['iot:Publish', 'iot:Receive'], Resource: ARN('topic/*/admin/*') },
  ],
};
const PRINCIPAL = {
  kind: 'certificate', clientId: 'pump-17', thingName: 'pump-17', attached: true, thingAttributes: { site: 'hall-3' },
  certificateId: 'c0ffee'.padEnd(64, '0'), sourceIp: '127.0.0.1',
} as const;
const VARIABLES = { 'iot:Connection.Thing.ThingName': 'pump-17', 'iot:Connection.Thing.Attributes[site]': 'hall-3', 'iot:Connection.Thing.IsAttached': 'true' };

/** What a device does, and what it or another must not. */
const REQUESTS: readonly AuthorizationRequest[] = ['pump-17', 'pump-18'].flatMap((thing) => [
  { action: 'iot:Connect', resource: thing },
  { action: 'iot:Publish', resource: `dt/plant/${thing}/telemetry` },
  { action: 'iot:Publish', resource: `dt/plant/${thing}/admin/reset` },
  { action: 'iot:Publish', resource: `$aws/things/${thing}/shadow/update` },
  { action: 'iot:Subscribe', resource: `cmd/plant/${thing}/+` },
  { action: 'iot:Subscribe', resource: 'alerts/hall-3/+' },
  { action: 'iot:Receive', resource: `cmd/plant/${thing}/run` },
  { action: 'iot:Receive', resource: 'alerts/hall-3/fire' },
]);

interface Decides {
  decide(request: AuthorizationRequest): Pick<Decision, 'decision'>;
}

export const policyBench: Bench = {
  name: 'policy',
  about: 'decisions per CPU second, on a policy with variables',
  run({ quick, say }) {
    const own = createAuthorizer({ account: ACCOUNT, principal: PRINCIPAL, policies: [DOCUMENT] });
    const peers: readonly { readonly name: string; readonly decides: Decides }[] = [
      { name: 'lib/policy', decides: own },
      { name: 'regular expressions, compiled once', decides: new NaiveAuthorizer(DOCUMENT, ACCOUNT, VARIABLES, true) },
      { name: 'regular expressions', decides: new NaiveAuthorizer(DOCUMENT, ACCOUNT, VARIABLES, false) },
    ];
    requireSameDecisions(peers.map(({ decides }) => decides));
    const rounds = quick ? 3 : 9;
    const speeds = peers.map((): number[] => []);
    for (let round = 0; round < rounds; round++) {
      say(`round ${round + 1} of ${rounds}`);
      peers.forEach(({ decides }, index) => speeds[index]!.push(decisionsPerSecond(decides, quick ? 200 : 500)));
    }
    const medians = speeds.map(median);
    return Promise.resolve({
      table: {
        head: ['evaluator', 'decisions/s', 'lib/policy is faster by'],
        rows: peers.map(({ name }, index) => [name, count(medians[index]!), ratio(medians[0]! / medians[index]!)]),
      },
      verdicts: [{
        must: `at least ${count(MUST_PER_SECOND)} decisions per second of one core`,
        holds: medians[0]! >= MUST_PER_SECOND,
        measured: count(medians[0]!),
      }],
      notes: ['All three decide alike. The peers answer yes or no only; lib/policy also names the statements that decided, and says when it cannot tell.'],
    });
  },
};

function decisionsPerSecond(decides: Decides, milliseconds: number): number {
  const CHUNK = 1000;
  let decided = 0;
  let allowed = 0;
  const start = process.cpuUsage();
  let elapsed = 0;
  while (elapsed < milliseconds) {
    for (let i = 0; i < CHUNK; i++) {
      allowed += decides.decide(REQUESTS[i % REQUESTS.length]!).decision === 'allow' ? 1 : 0;
    }
    decided += CHUNK;
    elapsed = cpuMilliseconds(start);
  }
  if (allowed === 0) {
    throw new Error('nothing was allowed');
  }
  return decided / elapsed * 1000;
}

function requireSameDecisions([own, ...others]: readonly Decides[]): void {
  for (const request of REQUESTS) {
    const expected = own!.decide(request).decision;
    if (others.some((other) => other.decide(request).decision !== expected)) {
      throw new Error(`the evaluators disagree on ${request.action} ${request.resource}`);
    }
  }
}
