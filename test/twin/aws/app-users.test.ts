import * as cognito from '@aws-sdk/client-cognito-identity';
import * as idp from '@aws-sdk/client-cognito-identity-provider';
import { IoTClient, ListAttachedPoliciesCommand } from '@aws-sdk/client-iot';
import { AwsClient } from 'aws4fetch';
import { fn, role } from '../support/resources';
import { ANYTHING, TestTwin } from '../support/test-twin';
import { IDENTITIES } from './app-template';

/** What attaches a policy to the identity of its caller, and to no other. */
const ATTACH = `
const { IoTClient, AttachPolicyCommand } = require('@aws-sdk/client-iot');
const { identityId } = event.requestContext.authorizer.iam.cognitoIdentity;
await new IoTClient({}).send(new AttachPolicyCommand({ policyName: 'policy-of-pump-1', target: identityId }));
return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ identityId }) };`;

let served: TestTwin;

beforeAll(async () => {
  served = await TestTwin.start({ 'pump-1': { may: ANYTHING } }, {}, {
    ...IDENTITIES,
    Attacher: role({ Effect: 'Allow', Action: 'iot:AttachPolicy', Resource: '*' }),
    Function: fn(ATTACH, { Role: { 'Fn::GetAtt': ['Attacher', 'Arn'] } }),
  });
});
afterAll(() => served.stop());

test('a user signs in, gets an identity, and has a policy attached to it', async () => {
  const { aws: { endpointUrl: endpoint, region, accessKeyId, secretAccessKey }, deployment } = served.twin;
  const ref = (id: string) => deployment.resources.find(({ logicalId }) => logicalId === id)!.physicalId as string;
  const credentials = { accessKeyId, secretAccessKey };
  const admin = new idp.CognitoIdentityProviderClient({ endpoint, region, credentials });
  const [UserPoolId, Username, Password] = [ref('Users'), 'ada', 'Correct-horse-1'];
  await admin.send(new idp.AdminCreateUserCommand({ UserPoolId, Username }));
  await admin.send(new idp.AdminSetUserPasswordCommand({ UserPoolId, Username, Password, Permanent: true }));

  const { AuthenticationResult } = await new idp.CognitoIdentityProviderClient({ endpoint, region }).send(new idp.InitiateAuthCommand({
    ClientId: ref('Web'), AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username, PASSWORD: Password },
  }));
  const app = new cognito.CognitoIdentityClient({ endpoint, region });
  const Logins = { [`cognito-idp.${region}.amazonaws.com/${UserPoolId}`]: AuthenticationResult!.IdToken! };
  const { IdentityId } = await app.send(new cognito.GetIdCommand({ IdentityPoolId: ref('Pool'), Logins }));
  const { Credentials } = await app.send(new cognito.GetCredentialsForIdentityCommand({ IdentityId, Logins }));
  const user = { accessKeyId: Credentials!.AccessKeyId!, secretAccessKey: Credentials!.SecretKey!, sessionToken: Credentials!.SessionToken! };

  const response = await new AwsClient({ ...user, service: 'execute-api', region, retries: 0 }).fetch(`${endpoint}/_api/${ref('Api')}/attachment`, { method: 'POST', body: '{"identityId":"us-east-1:of-another"}' });
  expect([response.status, await response.json()]).toEqual([200, { identityId: IdentityId }]);
  const iot = new IoTClient({ endpoint, region, credentials });
  await expect(iot.send(new ListAttachedPoliciesCommand({ target: IdentityId }))).resolves.toMatchObject({ policies: [{ policyName: 'policy-of-pump-1' }] });

  // What a page could do with the credentials of its user.
  await expect(new IoTClient({ endpoint, region, credentials: user }).send(new ListAttachedPoliciesCommand({ target: IdentityId }))).rejects.toMatchObject({ name: 'AccessDeniedException' });
});
