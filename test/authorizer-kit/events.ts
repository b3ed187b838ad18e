import { createAuthorizer } from '../../lib/policy';
import type { RequestDetails } from '../../lib/policy';
import type { AuthorizerAnswer, AuthorizerEvent } from '../../lib/authorizer-kit';

const ACCOUNT = { partition: 'aws', region: 'eu-west-1', accountId: '111122223333' };
export const CONTEXT = { invokedFunctionArn: `arn:aws:lambda:${ACCOUNT.region}:${ACCOUNT.accountId}:function:authorizer` };
export const ARN = (resource: string): string => `arn:aws:iot:${ACCOUNT.region}:${ACCOUNT.accountId}:${resource}`;

/** What AWS IoT asks about an MQTT connection. */
export function mqttEvent({ username, password, clientId, ...rest }: { username?: string; password?: string; clientId?: string } & AuthorizerEvent = {}): AuthorizerEvent {
  return {
    protocols: ['tls', 'mqtt'],
    protocolData: {
      tls: { serverName: 'example-ats.iot.eu-west-1.amazonaws.com' },
      mqtt: { username, password: password === undefined ? undefined : Buffer.from(password).toString('base64'), clientId },
    },
    connectionMetadata: { id: 'b2a4c7d0-0000-4000-8000-000000000000' },
    ...rest,
  };
}

/** What a caller may do with an answer. */
export class Caller {
  private readonly authorizer;

  constructor(public readonly answer: AuthorizerAnswer, clientId?: string) {
    this.authorizer = createAuthorizer({ account: ACCOUNT, principal: { kind: 'custom', isAuthenticated: answer.isAuthenticated, clientId }, policies: answer.policyDocuments });
  }

  /** `allow`, `deny` or `unknown`. */
  public decide(action: string, resource: string, details: RequestDetails = {}): string {
    return this.authorizer.decideOperation({ action, resource, ...details }).decision;
  }
}
