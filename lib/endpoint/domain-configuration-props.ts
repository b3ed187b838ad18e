import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type { DomainAuthentication } from './domain-authentication';
import type { OcspStapling } from './ocsp-stapling';
import type { TlsSecurityPolicy } from './tls-security-policy';

/** What the clients of a domain come for. */
export enum DomainServiceType {
  /** MQTT, HTTPS publishing, shadows and jobs. */
  DATA = 'DATA',
  /** AWS credentials in exchange for a certificate. */
  CREDENTIAL_PROVIDER = 'CREDENTIAL_PROVIDER',
  /** Jobs alone. */
  JOBS = 'JOBS',
}

/** Properties for defining a domain configuration. */
export interface DomainConfigurationProps {
  /**
   * The domain that clients connect to, such as `iot.example.com`, in lower case.
   *
   * Another domain replaces the configuration. Devices must be able to go on using the old one.
   *
   * @default - AWS IoT makes up a name, for which it has the certificate
   */
  readonly domainName?: string;

  /**
   * The certificate of the domain: in AWS Certificate Manager and in this Region, with a key of RSA 2048 or P-256 and at most
   * four names. Give one with `domainName`, and always.
   *
   * Let ACM renew it, or import the next one into the same ARN: AWS IoT serves it within the hour. Another certificate
   * resource replaces the configuration, which AWS IoT refuses while there is one for the domain.
   *
   * @default - AWS IoT has one for the name that it makes up
   */
  readonly certificate?: acm.ICertificate;

  /**
   * A certificate of a public CA for the domain, which proves that it is yours, where `certificate` is private or
   * self-signed. Devices never see it.
   *
   * @default - `certificate` is of a public CA
   */
  readonly validationCertificate?: acm.ICertificate;

  /**
   * Where the domain gets a CNAME record that leads to AWS IoT. The domain cannot be the name of the zone itself.
   *
   * @default - no record: lead the domain to `IotEndpoint.of(scope).dataAddress` yourself
   */
  readonly hostedZone?: route53.IHostedZone;

  /**
   * How clients prove who they are, and what they speak.
   *
   * @default DomainAuthentication.x509(ApplicationProtocol.SECURE_MQTT)
   */
  readonly authentication?: DomainAuthentication;

  /**
   * Whether clients may name any other authorizer of the account instead of the one in `authentication`.
   *
   * @default false
   */
  readonly allowAuthorizerOverride?: boolean;

  /**
   * Which versions of TLS, and which ciphers, AWS IoT agrees to. China has none to choose from.
   *
   * @default TlsSecurityPolicy.TLS13_1_2_2022_10; what AWS IoT has there in China and AWS GovCloud (US)
   */
  readonly tlsSecurityPolicy?: TlsSecurityPolicy;

  /**
   * Whether `tlsSecurityPolicy` may be one that keeps all devices from TLS 1.3.
   *
   * @default false
   */
  readonly allowLegacyTls?: boolean;

  /**
   * Where AWS IoT asks if `certificate` has been revoked, to tell clients. Not for self-signed certificates, and not in AWS
   * GovCloud (US).
   *
   * @default - clients learn nothing about that
   */
  readonly ocspStapling?: OcspStapling;

  /**
   * A function that decides about the certificate of every client that connects, after TLS: AWS IoT itself looks at no
   * revocation list. It gets `{ clientCertificateChain, principalId, serverName, … }` and returns `{ isAuthenticated }`.
   *
   * Give it enough concurrency for the day when all devices come back at once. Not in AWS GovCloud (US).
   *
   * @default - the certificate must be active in AWS IoT, and that is all
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/customize-client-auth.html
   */
  readonly clientCertificateCallback?: lambda.IFunction;

  /**
   * What clients come for. Own domains are for data.
   *
   * @default DomainServiceType.DATA
   */
  readonly serviceType?: DomainServiceType;

  /**
   * Whether clients may connect.
   *
   * @default true
   */
  readonly enabled?: boolean;

  /**
   * The name of the configuration: 1 to 128 letters, digits and `_.-`. With a name of your own, what replaces the
   * configuration fails, as the name is taken.
   *
   * @default - a name made of the construct's path and of what replaces the configuration when it changes
   */
  readonly domainConfigurationName?: string;

  /**
   * What becomes of the configuration, with its record and the permissions of its functions, when it leaves the stack or is
   * replaced. Devices cannot connect to a domain that is gone.
   *
   * @default - RETAIN for a name that AWS IoT makes up, which it keeps for seven days; DESTROY for a domain of your own
   */
  readonly removalPolicy?: RemovalPolicy;
}
