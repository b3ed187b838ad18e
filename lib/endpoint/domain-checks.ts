import { Annotations, RemovalPolicy, Token } from 'aws-cdk-lib';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import type { DomainAuthentication } from './domain-authentication';
import { DomainServiceType, type DomainConfigurationProps } from './domain-configuration-props';
import { isInGovCloud, regionOf } from './regions';
import { requireSameRegion, requireServerCertificate } from './server-certificate';
import { requireTlsPolicy } from './tls-security-policy';
import { requireActiveAuthorizer } from '../private/active-authorizer';
import { invalid, quote } from '../private/errors';
import { requireSameEnvironment } from '../private/same-environment';
import { requireText, type TextRule } from '../private/text';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateDomainConfiguration.html */
export const CONFIGURATION_NAME: TextRule = { pattern: /^[\w.-]+$/, characters: 'letters, digits and _.-', maxLength: 128 };
const RESERVED_NAME = /^iot:/i;

/** What a client can ask for in its TLS handshake. */
const DOMAIN_NAME: TextRule = {
  pattern: /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+$/,
  characters: 'two or more labels of a-z, 0-9 and -, with dots between them',
  maxLength: 253,
};

/** Fails for a name that a domain configuration cannot have. */
export function requireName(scope: Construct, name: string | undefined): void {
  if (name !== undefined && RESERVED_NAME.test(name)) {
    throw invalid(scope, `'domainConfigurationName' must not begin with "IoT:", which AWS keeps for itself, got ${quote(name)}; for the endpoints of the account, see EndpointTls`);
  }
  requireText(scope, 'domainConfigurationName', name, CONFIGURATION_NAME);
}

/** Fails for what contradicts itself or AWS IoT; adds errors for what the Region does not have, and warnings for what is risky. */
export function requireSound(scope: Construct, props: DomainConfigurationProps, authentication: DomainAuthentication | undefined): void {
  requireName(scope, props.domainConfigurationName);
  if (props.domainName === undefined) {
    requireNoDomain(scope, props);
  } else {
    requireDomain(scope, props.domainName, props);
  }
  requireAuthentication(scope, props, authentication);
  requireNear(scope, props, authentication);
  if (props.tlsSecurityPolicy !== undefined) {
    requireTlsPolicy(scope, 'tlsSecurityPolicy', props.tlsSecurityPolicy, props.allowLegacyTls ?? false);
  }
  checkRegion(scope, props, authentication);
  warn(scope, props);
}

function requireDomain(scope: Construct, domainName: string, { certificate, validationCertificate, hostedZone, serviceType = DomainServiceType.DATA }: DomainConfigurationProps): void {
  requireText(scope, 'domainName', domainName, DOMAIN_NAME);
  if (certificate === undefined) {
    throw invalid(scope, `'certificate' must be given with 'domainName': AWS IoT has no certificate for ${quote(domainName)}`);
  }
  if (serviceType !== DomainServiceType.DATA) {
    throw invalid(scope, `'serviceType' must be DATA with 'domainName', got ${serviceType}; leave out 'domainName'`);
  }
  requireServerCertificate(scope, certificate, domainName, validationCertificate !== undefined);
  if (validationCertificate) {
    requireSameRegion(scope, 'validationCertificate', validationCertificate);
  }
  requireZone(scope, domainName, hostedZone);
}

function requireNoDomain(scope: Construct, props: DomainConfigurationProps): void {
  const lost = (['certificate', 'validationCertificate', 'hostedZone', 'ocspStapling'] as const).find((prop) => props[prop] !== undefined);
  if (lost !== undefined) {
    throw invalid(scope, `'${lost}' is for a domain of your own, and must not be given without 'domainName'`);
  }
}

function requireAuthentication(scope: Construct, props: DomainConfigurationProps, authentication: DomainAuthentication | undefined): void {
  if (props.authentication && !authentication) {
    throw invalid(scope, `'authentication' must not be given with the 'serviceType' ${props.serviceType}, whose clients always have a certificate`);
  }
  authentication?._validate(scope, 'authentication');
  if (props.allowAuthorizerOverride !== undefined && authentication?._authorizer === undefined) {
    throw invalid(scope, "'allowAuthorizerOverride' must not be given where 'authentication' names no authorizer");
  }
  if (props.clientCertificateCallback && authentication?._needsCertificate !== true) {
    throw invalid(scope, "'clientCertificateCallback' needs clients with a certificate; use DomainAuthentication.x509 or DomainAuthentication.customAuthX509");
  }
}

/** What AWS IoT runs, or finds by its name. */
function requireNear(scope: Construct, { clientCertificateCallback, ocspStapling }: DomainConfigurationProps, authentication: DomainAuthentication | undefined): void {
  const near = { authentication: authentication?._authorizer, clientCertificateCallback, ocspStapling: ocspStapling?._responder };
  for (const [prop, resource] of Object.entries(near)) {
    if (resource !== undefined) {
      requireSameEnvironment(scope, prop, resource);
    }
  }
  if (near.authentication !== undefined) {
    requireActiveAuthorizer(scope, 'authentication', near.authentication);
  }
}

function requireZone(scope: Construct, domainName: string, zone?: route53.IHostedZone): void {
  if (zone === undefined || Token.isUnresolved(domainName) || Token.isUnresolved(zone.zoneName)) {
    return;
  }
  if (!domainName.endsWith(`.${zone.zoneName}`)) {
    throw invalid(scope, `'domainName' must be a name under the hosted zone, such as iot.${zone.zoneName}, got ${quote(domainName)}`);
  }
}

/** The environment is no reason to throw: the stacks of other Regions still deploy. */
function checkRegion(scope: Construct, props: DomainConfigurationProps, authentication: DomainAuthentication | undefined): void {
  if (!isInGovCloud(scope)) {
    return;
  }
  Annotations.of(scope).addWarningV2(
    'cdk-iot-warden:DomainConfiguration.govCloud',
    'AWS documents that AWS GovCloud (US) has no domain configurations; see if yours has them before you rely on this one',
  );
  const missing = {
    'DomainAuthentication.customAuthX509': authentication?._type === 'CUSTOM_AUTH_X509',
    "'clientCertificateCallback'": props.clientCertificateCallback !== undefined,
    "'ocspStapling'": props.ocspStapling !== undefined,
  };
  for (const [feature] of Object.entries(missing).filter(([, isUsed]) => isUsed)) {
    Annotations.of(scope).addError(`${feature} is not there in ${regionOf(scope)}: AWS IoT does not have it in AWS GovCloud (US)`);
  }
}

function warn(scope: Construct, props: DomainConfigurationProps): void {
  if (props.domainConfigurationName !== undefined) {
    Annotations.of(scope).addWarningV2(
      'cdk-iot-warden:DomainConfiguration.fixedName',
      "another 'domainName', 'certificate' or 'serviceType' cannot be deployed while 'domainConfigurationName' is taken; leave it out, and each gets a name of its own",
    );
  }
  if (props.domainName === undefined && props.removalPolicy === RemovalPolicy.DESTROY) {
    Annotations.of(scope).addWarningV2(
      'cdk-iot-warden:DomainConfiguration.slowRemoval',
      "AWS IoT deletes a name that it has made up seven days after it was disabled, so that the stack fails to delete; set 'enabled' to false that long before",
    );
  }
}
