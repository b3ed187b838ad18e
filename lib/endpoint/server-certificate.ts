import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type { IConstruct } from 'constructs';
import { invalid, quote } from '../private/errors';

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_NAMES = 4;

/** https://docs.aws.amazon.com/iot/latest/developerguide/iot-custom-endpoints-configurable-custom.html */
const KEY_ALGORITHMS = ['RSA_2048', 'EC_prime256v1'];

/** Fails for a certificate in another Region; AWS IoT looks for it in its own. */
export function requireSameRegion(scope: IConstruct, prop: string, certificate: acm.ICertificate): void {
  const { region } = Stack.of(scope);
  const { certificateArn, env } = certificate;
  const got = Token.isUnresolved(certificateArn) ? env.region : certificateArn.split(':')[3] ?? '';
  if (Token.compareStrings(got, region) === TokenComparison.DIFFERENT) {
    throw invalid(scope, `'${prop}' must be in the Region of the stack, ${region}, got one in ${got}`);
  }
}

/** Fails for a certificate that AWS IoT would not serve for the domain, as far as this app defines it. */
export function requireServerCertificate(scope: IConstruct, certificate: acm.ICertificate, domainName: string, isValidated: boolean): void {
  requireSameRegion(scope, 'certificate', certificate);
  const resource = certificate.node.defaultChild;
  if (!acm.CfnCertificate.isCfnCertificate(resource)) {
    return;
  }
  const { keyAlgorithm, certificateAuthorityArn, subjectAlternativeNames = [] } = resource;
  if (keyAlgorithm !== undefined && !Token.isUnresolved(keyAlgorithm) && !KEY_ALGORITHMS.includes(keyAlgorithm)) {
    throw invalid(scope, `'certificate' must have a key of ${KEY_ALGORITHMS.join(' or ')}, got ${keyAlgorithm}`);
  }
  if (certificateAuthorityArn !== undefined && !isValidated) {
    throw invalid(scope, "'validationCertificate' must be given, as a private CA has issued 'certificate': a public certificate for the domain, which proves that it is yours");
  }
  const names = [...new Set([resource.domainName, ...subjectAlternativeNames])];
  if (names.some((name) => Token.isUnresolved(name))) {
    return;
  }
  if (names.length > MAX_NAMES) {
    throw invalid(scope, `'certificate' must be for at most ${MAX_NAMES} names, got ${names.length}`);
  }
  if (!Token.isUnresolved(domainName) && !names.some((name) => isFor(name, domainName))) {
    throw invalid(scope, `'certificate' must be for ${quote(domainName)}, got one for ${names.join(', ')}`);
  }
}

/** Whether a name of a certificate, which may begin with `*.` for one level, is for a domain. */
function isFor(name: string, domainName: string): boolean {
  return name.toLowerCase() === domainName || (name.startsWith('*.') && name.slice(1).toLowerCase() === domainName.slice(domainName.indexOf('.')));
}
