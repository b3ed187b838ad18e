import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { KmsSigningKey, SIGNING_ALGORITHMS, type SigningKey } from './signing-key';
import { requireValidity } from './validity';
import { HandlerFunction, HandlerResource } from '../private/custom-resource';
import { invalid, quote } from '../private/errors';
import { HandlerMemory, REMEMBERS } from '../private/handler-memory';
import { requireText, type TextRule } from '../private/text';

const KIND = { name: 'issue-ca-certificate', description: 'Issues certificates of CAs whose key is in AWS KMS' };

/** The upper bounds of https://www.rfc-editor.org/rfc/rfc5280#appendix-A.1 */
const FIELD: TextRule = { pattern: /^[^\p{Cc}]+$/u, characters: 'one or more printable characters', maxLength: 64 };
const STATE: TextRule = { ...FIELD, maxLength: 128 };
const COUNTRY: TextRule = { pattern: /^[A-Z]{2}$/, characters: 'two capital letters', maxLength: 2 };

const DEFAULT_VALIDITY = Duration.days(3650);

/** What the key's administrators may do: everything but sign, or let others sign without a change of the key's policy. */
const ADMINISTRATION = [
  'CancelKeyDeletion', 'CreateAlias', 'DeleteAlias', 'DescribeKey', 'DisableKey', 'EnableKey', 'GetKeyPolicy', 'GetPublicKey', 'ListGrants',
  'ListKeyPolicies', 'ListResourceTags', 'ListRetirableGrants', 'PutKeyPolicy', 'RevokeGrant', 'ScheduleKeyDeletion', 'TagResource', 'UntagResource',
  'UpdateAlias', 'UpdateKeyDescription',
].map((action) => `kms:${action}`);

/** The subject of a CA: its name, which every certificate that it signs repeats. */
export interface CertificateAuthoritySubject {
  /** CN, the name of the CA: up to 64 characters. */
  readonly commonName: string;

  /**
   * O, the organization: up to 64 characters.
   *
   * @default - none
   */
  readonly organization?: string;

  /**
   * OU, the unit of the organization: up to 64 characters.
   *
   * @default - none
   */
  readonly organizationalUnit?: string;

  /**
   * C, the country, as two capital letters.
   *
   * @default - none
   */
  readonly country?: string;

  /**
   * ST, the state or province: up to 128 characters.
   *
   * @default - none
   */
  readonly stateName?: string;
}

/** What a root in AWS KMS is made of. */
export interface KmsRootOptions {
  readonly subject: CertificateAuthoritySubject;
  readonly keySpec?: kms.KeySpec;
  readonly validity?: Duration;
  readonly keyRemovalPolicy?: RemovalPolicy;
}

/** A key and the certificate that it has signed for itself. */
export interface KmsRoot {
  readonly certificatePem: string;
  readonly signingKey: SigningKey;
}

/** Creates a key in AWS KMS that nobody but our functions can sign with, and its certificate. */
export function createKmsRoot(scope: Construct, options: KmsRootOptions): KmsRoot {
  const { subject, keySpec = kms.KeySpec.ECC_NIST_P256, validity = DEFAULT_VALIDITY } = options;
  requireSubject(scope, subject);
  const algorithm = SIGNING_ALGORITHMS[keySpec];
  if (algorithm === undefined) {
    throw invalid(scope, `'keySpec' must be one of ${Object.keys(SIGNING_ALGORITHMS).join(', ')}, got ${quote(keySpec)}`);
  }
  const days = requireValidity(scope, 'validity', validity);

  const key = new kms.Key(scope, 'Key', {
    description: `The private key of the CA at ${scope.node.path}`,
    keySpec,
    keyUsage: kms.KeyUsage.SIGN_VERIFY,
    policy: new iam.PolicyDocument({
      statements: [new iam.PolicyStatement({ principals: [new iam.AccountRootPrincipal()], actions: ADMINISTRATION, resources: ['*'] })],
    }),
    removalPolicy: options.keyRemovalPolicy ?? RemovalPolicy.RETAIN,
  });
  const signingKey = new KmsSigningKey(key, [algorithm]);
  signingKey._permit(HandlerFunction.of(scope, KIND).role, { readsPublicKey: true });
  const memory = new HandlerMemory(scope, 'Certificate');
  const certificate = new HandlerResource(scope, 'Certificate', {
    kind: KIND,
    resourceType: 'IotCaCertificate',
    properties: {
      KeyId: key.keyArn,
      Subject: Stack.of(scope).toJsonString(subject),
      ValidityDays: String(days),
      Memory: memory.path,
    },
    permissions: () => [...signingKey._statements({ readsPublicKey: true }), ...memory.statements()],
    wildcards: REMEMBERS,
  });
  return { certificatePem: certificate.attribute('CertificatePem'), signingKey };
}

function requireSubject(scope: Construct, { commonName, organization, organizationalUnit, country, stateName }: CertificateAuthoritySubject): void {
  requireText(scope, 'subject.commonName', commonName, FIELD);
  requireText(scope, 'subject.organization', organization, FIELD);
  requireText(scope, 'subject.organizationalUnit', organizationalUnit, FIELD);
  requireText(scope, 'subject.country', country, COUNTRY);
  requireText(scope, 'subject.stateName', stateName, STATE);
}
