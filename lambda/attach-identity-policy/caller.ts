/** What counts of a request with IAM authorization, in payload format 2.0. API Gateway has verified the signature. */
export interface SignedRequest {
  readonly requestContext: {
    readonly http: { readonly method: string };
    readonly authorizer?: {
      readonly iam?: { readonly cognitoIdentity?: CognitoIdentity | null };
    };
  };
}

/** None of it is there where the credentials are not of an identity pool. */
interface CognitoIdentity {
  readonly amr?: readonly string[] | null;
  readonly identityId?: string | null;
  readonly identityPoolId?: string | null;
}

/** Whose credentials a request is signed with. */
export interface Caller {
  readonly identityId: string;
  readonly userPool?: string;
  readonly userSub?: string;
  readonly detaches: boolean;
}

/** A request that is not answered. The caller is told the message. */
export class Refusal extends Error {
  public override readonly name = 'Refusal';

  constructor(public readonly statusCode: number, message: string) {
    super(message);
  }
}

const IDENTITY_ID = /^[\w-]{1,32}:[0-9a-f-]{36}$/;

/** How an identity pool says which user of which user pool has signed in. */
const USER = /^(cognito-idp\.[^:]+):CognitoSignIn:([\w-]{1,128})$/;

export function identify({ requestContext: { http, authorizer } }: SignedRequest, identityPoolId: string): Caller {
  const identity = authorizer?.iam?.cognitoIdentity;
  const identityId = identity?.identityId ?? '';
  if (identity?.identityPoolId !== identityPoolId || !IDENTITY_ID.test(identityId)) {
    throw new Refusal(403, 'sign the request with the credentials of an identity of the identity pool');
  }
  const methods = identity.amr ?? [];
  if (!methods.includes('authenticated') || methods.includes('unauthenticated')) {
    throw new Refusal(403, 'sign in first: guests have no policies');
  }
  if (http.method !== 'POST' && http.method !== 'DELETE') {
    throw new Refusal(405, 'POST attaches the policies, DELETE takes them off');
  }
  const [, userPool, userSub] = methods.map((method) => USER.exec(method)).find((match) => match !== null) ?? [];
  return { identityId, ...userPool !== undefined && { userPool }, ...userSub !== undefined && { userSub }, detaches: http.method === 'DELETE' };
}
