import { AwsClient } from 'aws4fetch';
import { fn, role } from '../support/resources';
import { ANYTHING, TestTwin } from '../support/test-twin';

const ASKS = `
const { IoTClient, ListThingsCommand } = require('@aws-sdk/client-iot');
return new IoTClient({ maxAttempts: 1 }).send(new ListThingsCommand({})).then(() => 'listed', ({ name }) => name);`;

const as = (roleId: string): object => fn(ASKS, { Role: { 'Fn::GetAtt': [roleId, 'Arn'] } });

let served: TestTwin;

beforeAll(async () => {
  served = await TestTwin.start({ 'pump-1': { may: ANYTHING } }, {}, {
    Reader: role({ Effect: 'Allow', Action: 'iot:ListThings', Resource: '*' }),
    Stranger: role({ Effect: 'Allow', Action: 'iot:DescribeThing', Resource: '*' }),
    Managed: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {}, ManagedPolicyArns: ['arn:aws:iam::aws:policy/AWSIoTFullAccess'] } },
    May: as('Reader'),
    MayNot: as('Stranger'),
    CannotTell: as('Managed'),
    OfNobody: fn(ASKS),
    OfAnotherApp: fn(ASKS, { Role: 'arn:aws:iam::123456789012:role/elsewhere' }),
  });
});
afterAll(() => served.stop());

async function outcome(logicalId: string): Promise<unknown> {
  const { aws: { endpointUrl, region, ...credentials }, deployment } = served.twin;
  const name = deployment.resources.find((resource) => resource.logicalId === logicalId)!.physicalId as string;
  const lambda = new AwsClient({ ...credentials, region, service: 'lambda', retries: 0 });
  return (await lambda.fetch(`${endpointUrl}/2015-03-31/functions/${name}/invocations`, { method: 'POST', body: '{}' })).json();
}

test('a function does what its role allows', async () => {
  expect(await outcome('May')).toBe('listed');
});

test.each([
  ['does not allow it', 'MayNot', /^IAM: .*is not authorized to perform: iot:ListThings on resource: \* because no identity-based policy allows the iot:ListThings action$/],
  ['has a policy that AWS alone knows', 'CannotTell', /^IAM: .*as far as the twin can tell offline: what arn:aws:iam::aws:policy\/AWSIoTFullAccess says is known to AWS alone/],
  ['is not known', 'OfNobody', /^IAM: .*because the assembly does not declare its role$/],
  ['is not of the assembly', 'OfAnotherApp', /^IAM: .*because the assembly does not declare its role$/],
])('a function whose role %s is refused, and the journal says why', async (_, logicalId, reason) => {
  const journal = served.journal();
  expect(await outcome(logicalId)).toBe('AccessDeniedException');
  await journal.next('the refusal', (entry) => entry.event === 'refused' && reason.test(entry.reason));
});
