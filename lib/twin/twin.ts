import type { Deployment } from '../deployment';
import type { CertificateStatus } from './account/records';
import type { Credentials, TokenOptions } from './aws';
import type { OidcIssuer, OidcIssuerOptions } from './issuer';
import type { Journal } from './journal';
import type { AwsAccess, ConnectionKit } from './kit';
import type { RuleDeliveries } from './rules';

/** Where clients reach a running twin. */
export interface Endpoints {
  readonly mqtt: string;
  readonly https: string;
  readonly console: string;

  /** The file of the certificate that clients trust. */
  readonly rootCa: string;
}

/** What came of reading the assembly again. */
export interface Reloaded {
  /** What has changed, a line each. */
  readonly changes: readonly string[];

  /** As `warnings` of the twin, from now on. */
  readonly warnings: readonly string[];
}

/** Options for assuming a role. */
export interface AssumeRoleOptions {
  /** @default 'test' */
  readonly sessionName?: string;

  /** @default - no tags */
  readonly tags?: Readonly<Record<string, string>>;
}

/** A running local AWS IoT Core. */
export interface Twin {
  readonly endpoints: Endpoints;
  readonly mqttPort: number;
  readonly httpsPort: number;
  readonly deployment: Deployment;

  /** The outputs of the deployment's stacks, with the URLs of HTTP APIs as they are served here. */
  readonly outputs: Deployment['outputs'];

  /** For clients of the AWS SDK: AWS IoT, and stand-ins for the services that Lambda functions of the assembly call. */
  readonly aws: AwsAccess;

  /** What the deployment says that the twin could not follow. */
  readonly warnings: readonly string[];

  /** Every decision and refusal, as it happens. */
  readonly journal: Journal;

  /** What the actions of rules did, or would have done on AWS: the newest of them, and those to come. */
  readonly deliveries: Pick<RuleDeliveries, 'all' | 'listen'>;

  /**
   * A key and certificate with which a client connects as a thing of the deployment, or, without a thing, with a certificate
   * that is attached to none, such as a claim.
   */
  issueKit(thingName: string | undefined, certificateLogicalId?: string): Promise<ConnectionKit>;

  /**
   * Set the status of a certificate, by its id or its logical id in the template, or of all certificates of a thing, by
   * its name. One that is no longer ACTIVE loses its connections at once; on AWS that takes minutes.
   */
  updateCertificateStatus(certificateOrThing: string, status: CertificateStatus): void;

  /**
   * Credentials of a role of the deployment, by its ARN, name or logical id, for an hour. Tags are those of the session, for
   * `aws:PrincipalTag/NAME` in its policies.
   *
   * @throws TwinError for a role that is not there.
   */
  assumeRole(role: string, options?: AssumeRoleOptions): Credentials;

  /**
   * A token of a user pool of the deployment, signed as those of users who sign in are.
   *
   * @throws TwinError for a user pool or app client that is not there, or where there are several to choose from.
   */
  issueToken(options: TokenOptions): Promise<string>;

  /** An issuer of OpenID Connect for tests, with whatever `iss` a provider or an authorizer is to believe. */
  openIssuer(options: OidcIssuerOptions): OidcIssuer;

  /** Publish from the cloud's side, as an administrator would; who receives it is still for the policies to decide. */
  publish(topic: string, payload: string | Buffer): void;

  /**
   * The shadow of a thing as a client that gets it sees it; undefined where there is none.
   *
   * @param shadowName without it, the classic shadow
   */
  shadow(thingName: string, shadowName?: string): object | undefined;

  /**
   * Read the assembly again and follow what has changed in it, with the handlers of its custom resources. Connections stay.
   *
   * @throws TwinError or DeploymentError in one line when it cannot be served; what was served goes on then.
   */
  reload(): Promise<Reloaded>;

  /** Close every connection and port. */
  stop(): Promise<void>;
}
