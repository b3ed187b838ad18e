import { DescribeIdentityCommand, type CognitoIdentityClient } from '@aws-sdk/client-cognito-identity';
import { MISSING, unless, type Call } from '../custom-resource';

export type Identities = Pick<CognitoIdentityClient, 'send'>;

/** Whether an identity pool knows an identity. */
export async function hasIdentity(identities: Identities, call: Call, identityId: string): Promise<boolean> {
  let isThere = false;
  await unless(MISSING, () => call(async () => {
    await identities.send(new DescribeIdentityCommand({ IdentityId: identityId }));
    isThere = true;
  }));
  return isThere;
}
