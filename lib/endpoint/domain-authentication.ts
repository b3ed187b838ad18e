import type * as iot from 'aws-cdk-lib/aws-iot';
import type { IConstruct } from 'constructs';
import { invalid } from '../private/errors';

/** What clients speak with a domain. */
export enum ApplicationProtocol {
  /** MQTT over TLS. */
  SECURE_MQTT = 'SECURE_MQTT',
  /** MQTT in a WebSocket over TLS. */
  MQTT_WSS = 'MQTT_WSS',
  /** HTTPS: publishing, shadows and jobs, one request after another. */
  HTTPS = 'HTTPS',
}

const { SECURE_MQTT, MQTT_WSS, HTTPS } = ApplicationProtocol;

/**
 * What AWS IoT takes; it refuses other pairs when they are deployed.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/apis-auth-config.html
 */
const PROTOCOLS = {
  AWS_X509: [SECURE_MQTT, HTTPS],
  CUSTOM_AUTH_X509: [SECURE_MQTT, HTTPS],
  CUSTOM_AUTH: [SECURE_MQTT, MQTT_WSS, HTTPS],
  AWS_SIGV4: [MQTT_WSS, HTTPS],
} as const satisfies Readonly<Record<string, readonly ApplicationProtocol[]>>;

const BY_PORT = 'DEFAULT';

/**
 * How clients of a domain prove who they are, and what they speak: one of the pairs that AWS IoT takes.
 *
 * A domain with one pair refuses every other way in, and its clients need no ALPN.
 */
export class DomainAuthentication {
  /** With a device certificate. Over MQTT or HTTPS; MQTT unless told otherwise. */
  public static x509(protocol: ApplicationProtocol = SECURE_MQTT): DomainAuthentication {
    return new DomainAuthentication('AWS_X509', protocol);
  }

  /** With a token that an authorizer decides about. Over any protocol; MQTT unless told otherwise. */
  public static customAuth(authorizer: iot.IAuthorizerRef, protocol: ApplicationProtocol = SECURE_MQTT): DomainAuthentication {
    return new DomainAuthentication('CUSTOM_AUTH', protocol, authorizer);
  }

  /**
   * With a device certificate and with an authorizer, which sees the certificate; both must agree. Over MQTT or HTTPS; MQTT
   * unless told otherwise. Not in AWS GovCloud (US).
   */
  public static customAuthX509(authorizer: iot.IAuthorizerRef, protocol: ApplicationProtocol = SECURE_MQTT): DomainAuthentication {
    return new DomainAuthentication('CUSTOM_AUTH_X509', protocol, authorizer);
  }

  /** With AWS credentials, as apps have. Over WebSockets or HTTPS; WebSockets unless told otherwise. */
  public static sigV4(protocol: ApplicationProtocol = MQTT_WSS): DomainAuthentication {
    return new DomainAuthentication('AWS_SIGV4', protocol);
  }

  /**
   * In any of these ways, as port and ALPN say: what the endpoint of the account does.
   *
   * @param authorizer Who decides about tokens. Clients with a certificate or with AWS credentials get in without it.
   */
  public static byPort(authorizer?: iot.IAuthorizerRef): DomainAuthentication {
    return new DomainAuthentication(BY_PORT, BY_PORT, authorizer);
  }

  private constructor(
    /** @internal */
    public readonly _type: keyof typeof PROTOCOLS | typeof BY_PORT,
    /** @internal */
    public readonly _protocol: ApplicationProtocol | typeof BY_PORT,
    /** @internal */
    public readonly _authorizer?: iot.IAuthorizerRef,
  ) {}

  /**
   * Whether clients have a certificate, and nobody gets in without one.
   *
   * @internal
   */
  public get _needsCertificate(): boolean {
    return this._type === 'AWS_X509' || this._type === 'CUSTOM_AUTH_X509';
  }

  /**
   * Fails for a pair that AWS IoT does not take.
   *
   * @internal
   */
  public _validate(scope: IConstruct, prop: string): void {
    const protocols: readonly string[] = this._type === BY_PORT ? [BY_PORT] : PROTOCOLS[this._type];
    if (!protocols.includes(this._protocol)) {
      throw invalid(scope, `'${prop}' must have one of the protocols ${protocols.join(', ')} with ${this._type}, got ${this._protocol}`);
    }
  }
}
