import { asText, flagAt, propertyOf, textAt } from '../../deployment';
import type { Deployment, Resource } from '../../deployment';
import { showText } from '../../policy';
import { mayInvoke } from '../lambda';
import { DEFAULT_TLS_POLICY, TLS_POLICIES } from './tls-policies';

/** How clients show who they are. */
export type AuthenticationType = 'AWS_X509' | 'CUSTOM_AUTH_X509' | 'CUSTOM_AUTH' | 'AWS_SIGV4' | 'DEFAULT';

/** What clients speak. */
export type ApplicationProtocol = 'SECURE_MQTT' | 'MQTT_WSS' | 'HTTPS' | 'DEFAULT';

/** A name that clients connect to, and what holds for it. */
export interface Domain {
  /** The name of the domain configuration; `iot:Data-ATS` is the endpoint of the account. */
  readonly name: string;

  /** What clients send as server name (SNI); absent for the endpoint of the account. */
  readonly serverName?: string;
  readonly enabled: boolean;
  readonly authentication: AuthenticationType;
  readonly protocol: ApplicationProtocol;

  /** The name of a TLS security policy. */
  readonly tlsPolicy: string;
  readonly defaultAuthorizer?: string;

  /** Whether clients may name another authorizer than the default. */
  readonly allowsOverride: boolean;

  /** The function that is asked about each client certificate, and why AWS IoT could not ask it. */
  readonly certificateCallback?: { readonly functionArn: string; readonly notAllowed?: string };
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/apis-auth-config.html */
const PROTOCOLS: { readonly [authentication in AuthenticationType]: readonly ApplicationProtocol[] } = {
  AWS_X509: ['SECURE_MQTT', 'HTTPS'],
  CUSTOM_AUTH_X509: ['SECURE_MQTT', 'HTTPS'],
  CUSTOM_AUTH: ['SECURE_MQTT', 'MQTT_WSS', 'HTTPS'],
  AWS_SIGV4: ['MQTT_WSS', 'HTTPS'],
  DEFAULT: ['DEFAULT'],
};

/** The endpoint that every account has. */
export const DATA_ENDPOINT: Domain = {
  name: 'iot:Data-ATS', enabled: true, authentication: 'DEFAULT', protocol: 'DEFAULT', tlsPolicy: DEFAULT_TLS_POLICY, allowsOverride: true,
};

/** The domain configurations of a deployment, and what the twin does not serve of them, one line each. */
export function readDomains(deployment: Deployment): { readonly domains: readonly Domain[]; readonly notServed: readonly string[] } {
  const read = deployment.resources.filter(({ type }) => type === 'AWS::IoT::DomainConfiguration').map((resource) => readDomain(resource, deployment));
  return { domains: read.flatMap(({ domain }) => domain ?? []), notServed: read.flatMap(({ notServed }) => notServed ?? []) };
}

function readDomain({ path, physicalId, arn = '', properties, condition }: Resource, deployment: Deployment): { readonly domain?: Domain; readonly notServed?: string } {
  const not = (reason: string): { readonly notServed: string } => ({ notServed: `${path}: not served by the twin: ${reason}` });
  const domainName = asText(propertyOf(properties, 'DomainName'));
  if (condition !== undefined || typeof physicalId !== 'string' || (domainName !== undefined && typeof domainName !== 'string')) {
    return not('its name is not known offline');
  }
  const service = textAt(properties, 'ServiceType') ?? 'DATA';
  if (service !== 'DATA') {
    return not(`it is for ${service}`);
  }
  const authentication = textAt(properties, 'AuthenticationType') ?? 'DEFAULT';
  const protocol = textAt(properties, 'ApplicationProtocol') ?? 'DEFAULT';
  const tlsPolicy = textAt(properties, 'TlsConfig', 'SecurityPolicy') ?? DEFAULT_TLS_POLICY;
  if (!isOneOf(authentication, Object.keys(PROTOCOLS) as AuthenticationType[]) || !isOneOf(protocol, PROTOCOLS[authentication])) {
    return not(`AWS IoT has no ${authentication} with ${protocol}`);
  }
  if (!Object.hasOwn(TLS_POLICIES, tlsPolicy)) {
    return not(`AWS IoT has no TLS security policy '${tlsPolicy}'`);
  }
  const defaultAuthorizer = textAt(properties, 'AuthorizerConfig', 'DefaultAuthorizerName');
  const certificateCallback = textAt(properties, 'ClientCertificateConfig', 'ClientCertificateCallbackArn');
  return {
    domain: {
      name: physicalId,
      // AWS makes up the name of one that has none; on this computer, its own name with `.localhost` leads here.
      serverName: (domainName ?? `${physicalId}.localhost`).toLowerCase(),
      enabled: textAt(properties, 'DomainConfigurationStatus') !== 'DISABLED',
      authentication,
      protocol,
      tlsPolicy,
      ...(defaultAuthorizer === undefined ? {} : { defaultAuthorizer }),
      allowsOverride: flagAt(properties, 'AuthorizerConfig', 'AllowAuthorizerOverride'),
      ...(certificateCallback === undefined ? {} : {
        certificateCallback: {
          functionArn: certificateCallback,
          ...(mayInvoke(deployment, certificateCallback, showText(arn)) ? {} : { notAllowed: `cannot be asked: no AWS::Lambda::Permission lets iot.amazonaws.com invoke ${certificateCallback} for ${showText(arn)}` }),
        },
      }),
    },
  };
}

function isOneOf<T extends string>(value: string, allowed: readonly T[]): value is T {
  return (allowed as readonly string[]).includes(value);
}
