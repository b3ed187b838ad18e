import type { IncomingMessage } from 'node:http';
import type { Account, RoleAliasRecord } from '../account';
import type { Admitted } from '../admission';
import type { Credentials, RoleSession } from '../aws';
import type { Clock } from '../clock';
import type { Guard } from '../guard';
import type { Asker } from '../journal';
import type { Registry } from '../registry';

export interface CredentialProviderProps {
  readonly account: Account;
  readonly registry: Registry;
  readonly guard: Guard;
  readonly clock: Clock;

  /** Hand out credentials of a role that are accepted until they expire, in milliseconds since the epoch. */
  readonly issue: (expiration: number, session: RoleSession) => Credentials;
}

/** What is answered over HTTPS. */
export interface CredentialAnswer {
  readonly status: number;
  readonly body: object;
}

const PATH = /^\/role-aliases\/([^/?]+)\/credentials$/;

/** https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html */
const THING_NAME = 'x-amzn-iot-thingname';

/**
 * Gives devices credentials for AWS in exchange for their certificate.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
 */
export class CredentialProvider {
  constructor(private readonly props: CredentialProviderProps) {}

  /** Whether a request is for credentials. */
  public serves({ method, url = '' }: IncomingMessage): boolean {
    return method === 'GET' && PATH.test(url.split('?', 1)[0]!);
  }

  /** @param refuse notes why there are no credentials */
  public answer({ url = '', headers }: IncomingMessage, admitted: Admitted, refuse: (asker: Asker, reason: string) => void): CredentialAnswer {
    const { registered } = admitted;
    const thingName = headers[THING_NAME];
    const asker: Asker = { certificateId: registered.id, ...(typeof thingName === 'string' ? { thingName } : {}) };
    const no = (status: number, message: string, reason: string): CredentialAnswer => {
      refuse(asker, `credentials: ${reason}`);
      return { status, body: { message } };
    };
    const alias = this.findAlias(url);
    if (alias === undefined) {
      return no(404, 'Role alias does not exist', `there is no role alias in ${url.slice(0, 200)}`);
    }
    if (thingName !== undefined && !registered.things.some(({ name }) => name === thingName)) {
      return no(403, 'Access Denied', `the certificate is not attached to the thing of ${THING_NAME}`);
    }
    if (!this.mayAssume(alias, admitted, asker)) {
      return { status: 403, body: { message: 'Access Denied' } };
    }
    const expiration = this.props.clock.now() + alias.credentialDurationSeconds * 1000;
    return { status: 200, body: { credentials: { ...this.props.issue(expiration, sessionOf(alias, admitted, asker)), expiration: new Date(expiration).toISOString().replace(/\.\d+Z$/, 'Z') } } };
  }

  private findAlias(url: string): RoleAliasRecord | undefined {
    const [, name = ''] = PATH.exec(url.split('?', 1)[0]!) ?? [];
    try {
      return this.props.account.store.get('roleAliases', decodeURIComponent(name));
    } catch {
      return undefined;
    }
  }

  private mayAssume({ roleAlias }: RoleAliasRecord, { registered, certificate, sourceIp, domainName }: Admitted, asker: Asker): boolean {
    const { registry, guard } = this.props;
    // The thing of the header stands where a client id stands over MQTT; without it, the policy variables of things have no value.
    const { authorizer } = registry.principal(registered, certificate, {
      ...(asker.thingName === undefined ? {} : { clientId: asker.thingName }),
      ...(sourceIp === undefined ? {} : { sourceIp }),
      ...(domainName === undefined ? {} : { domainName }),
    });
    return guard.allowsOperation(asker, authorizer, { protocol: asker.thingName === undefined ? 'https' : 'mqtt', action: 'iot:AssumeRoleWithCertificate', resource: roleAlias });
  }
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html for the keys */
function sessionOf({ roleArn }: RoleAliasRecord, { registered }: Admitted, { thingName }: Asker): RoleSession {
  return {
    kind: 'role',
    roleArn,
    sessionName: registered.id,
    keys: { 'credentials-iot:AwsCertificateId': registered.id, ...(thingName === undefined ? {} : { 'credentials-iot:ThingName': thingName }) },
  };
}
