import type { Server } from 'node:net';
import type * as api from '@aws-sdk/client-iot';
import type { Deployment } from '../../deployment';
import { IotError } from '../account';
import type { Admission } from '../admission';
import type { AccessKeys } from '../aws';
import { CustomAuth, SAID_NO, readAuthorizers } from '../custom-auth';
import type { CustomAuthorizer } from '../custom-auth';
import type { CredentialProvider } from '../credentials';
import { RoleSessions } from '../iam';
import type { Functions } from '../lambda';
import type { Surroundings } from '../mqtt/surroundings';
import type { KeyPair } from '../pki/authority';
import type { Registry } from '../registry';
import { Callers } from './callers';
import { DataPlane } from './data-plane';
import type { DataRoute } from './data-plane';
import { DATA_ENDPOINT, readDomains } from './domains';
import { FrontDoor } from './front-door';
import type { Arrival, Names } from './front-door';
import { HttpCallers } from './http-callers';
import { HttpEntrance } from './http-entrance';
import { MqttEntrance } from './mqtt-entrance';
import type { Port } from './route';

export interface FrontProps {
  readonly around: Surroundings;
  readonly admission: Admission;
  readonly registry: Registry;
  readonly functions: Functions;
  readonly keys: AccessKeys;

  /** What is served until there is another. */
  readonly deployment: Deployment;
  readonly credentials?: CredentialProvider;

  /** What the data API has beside messages. */
  readonly routes: readonly DataRoute[];

  /** The certificate of the account's endpoint. */
  readonly certificate: KeyPair;
  readonly certificateFor: (serverName: string) => Promise<KeyPair>;

  readonly newId: () => string;

  /** The default authorizer of the account's endpoint, and the name of its TLS security policy. */
  readonly endpointTlsPolicy: () => string;
  readonly defaultAuthorizer: () => string | undefined;

  /** The names of the policies that are attached to an identity of Cognito. */
  readonly policiesOfIdentity: (identityId: string) => readonly string[];
}

/** Where clients of all kinds come in: two ports, and the names that lead there. */
export class Front {
  public readonly mqtt: MqttEntrance;
  public readonly sessions: RoleSessions;
  public readonly data: DataPlane;
  private readonly http: HttpEntrance;
  private readonly customAuth: CustomAuth;
  private readonly doors: { readonly [port in Port]: FrontDoor };
  private deployment: Deployment;
  private authorizers: ReadonlyMap<string, CustomAuthorizer> = new Map();
  private names: Names;

  constructor(private readonly props: FrontProps) {
    this.deployment = props.deployment;
    const { around, admission, registry, functions, keys, newId, certificate, credentials, routes } = props;
    const { clock, journal, guard, broker } = around;
    this.names = { endpoint: { domain: DATA_ENDPOINT, certificate }, others: new Map() };
    const customAuth = this.customAuth = new CustomAuth({
      account: registry.scope, functions, journal, clock, find: (name) => this.authorizers.get(name), defaultName: props.defaultAuthorizer,
    });
    const sessions = this.sessions = new RoleSessions({ registry, deployment: () => this.deployment, policiesOfIdentity: props.policiesOfIdentity });
    const callers = new Callers({ admission, registry, sessions, customAuth, functions, clock, journal, newConnectionId: newId });
    this.mqtt = new MqttEntrance(callers, around);
    this.data = new DataPlane({ guard, broker, journal, routes });
    this.http = new HttpEntrance({
      callers: new HttpCallers({ callers, customAuth, keys, clock, journal }), mqtt: this.mqtt, data: this.data, journal, newTraceId: newId, isKept: () => around.outbox.isKept(), ...(credentials && { credentials }),
    });
    const door = (port: Port): FrontDoor => new FrontDoor(port, () => this.namesNow(), journal, (arrival) => this.arrive(arrival));
    this.doors = { mqtt: door('mqtt'), https: door('https') };
    this.server('https').once('close', () => this.http.stop());
  }

  public server(port: Port): Server {
    return this.doors[port].server;
  }

  /**
   * Serve the authorizers, domain configurations and roles of a deployment from now on.
   *
   * @returns what of it the twin does not serve, for a person
   */
  public async follow(deployment: Deployment): Promise<readonly string[]> {
    const { domains, notServed } = readDomains(deployment);
    const { authorizers, notServed: others } = readAuthorizers(deployment);
    const certified = await Promise.all(domains.map(async (domain) => [domain.serverName!, { domain, certificate: await this.props.certificateFor(domain.serverName!) }] as const));
    this.names = { ...this.names, others: new Map(certified) };
    this.authorizers = new Map(authorizers.map((authorizer) => [authorizer.name, authorizer]));
    this.deployment = deployment;
    this.props.registry.touch();
    return [...notServed, ...others, ...authorizers.flatMap(({ name, notAllowed }) => (notAllowed === undefined ? [] : [`authorizer '${name}' lets nobody in: ${notAllowed}`]))];
  }

  /** The names of the moment: the TLS policy of the account's endpoint is a setting of the account. */
  private namesNow(): Names {
    const tlsPolicy = this.props.endpointTlsPolicy();
    const { endpoint, others } = this.names;
    return tlsPolicy === endpoint.domain.tlsPolicy ? this.names : { endpoint: { ...endpoint, domain: { ...endpoint.domain, tlsPolicy } }, others };
  }

  /**
   * Ask an authorizer as a client with these credentials would have it asked.
   *
   * @throws IotError where AWS IoT would not ask it, or would not take its answer
   * @see https://docs.aws.amazon.com/iot/latest/apireference/API_TestInvokeAuthorizer.html
   */
  public async testInvokeAuthorizer({ authorizerName = '', token, tokenSignature, httpContext, mqttContext, tlsContext }: api.TestInvokeAuthorizerRequest): Promise<api.TestInvokeAuthorizerResponse> {
    const question = this.customAuth.question(DATA_ENDPOINT, {
      connectionId: this.props.newId(),
      told: { name: authorizerName, ...(token === undefined ? {} : { token }), ...(tokenSignature === undefined ? {} : { signature: tokenSignature }) },
      ...(tlsContext && { tls: { ...(tlsContext.serverName === undefined ? {} : { serverName: tlsContext.serverName }) } }),
      ...(httpContext && { http: { headers: httpContext.headers ?? {}, queryString: httpContext.queryString?.replace(/^\?/, '') ?? '' } }),
      ...(mqttContext && {
        mqtt: {
          ...(mqttContext.username === undefined ? {} : { username: mqttContext.username }),
          // JSON carries bytes as base64.
          ...(mqttContext.password === undefined ? {} : { password: Buffer.from(mqttContext.password as unknown as string, 'base64') }),
          ...(mqttContext.clientId === undefined ? {} : { clientId: mqttContext.clientId }),
        },
      }),
    });
    if (typeof question === 'string') {
      throw new IotError('UnauthorizedException', question);
    }
    const verdict = await question.ask({ principal: authorizerName });
    if (typeof verdict !== 'string') {
      const { principalId, texts: policyDocuments, refreshAfterSec, disconnectAfterSec } = verdict;
      return { isAuthenticated: true, principalId, policyDocuments: [...policyDocuments], refreshAfterInSeconds: refreshAfterSec, disconnectAfterInSeconds: disconnectAfterSec };
    }
    if (verdict.endsWith(SAID_NO)) {
      return { isAuthenticated: false };
    }
    throw new IotError('InvalidResponseException', verdict);
  }

  private arrive(arrival: Arrival): void {
    (arrival.route.transport === 'mqtt' ? this.mqtt : this.http).arrive(arrival);
  }
}
