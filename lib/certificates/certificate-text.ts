import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IDeviceCertificate } from './device-certificate';
import { HandlerResource } from '../private/custom-resource';
import { invalid } from '../private/errors';

const KIND = { name: 'describe-certificate', description: 'Looks up the text of device certificates' };

/** A role takes policies of 10,240 characters together, of which an update needs two generations. */
const MAX_LOOK_UPS = 20;

/** How many texts each stack looks up. */
const COUNTS = new WeakMap<Stack, number>();

/** Looks up the text of a certificate when the stack is deployed. */
export function lookUpText(certificate: IDeviceCertificate): string {
  const stack = Stack.of(certificate);
  for (const part of ['account', 'region'] as const) {
    if (Token.compareStrings(stack[part], certificate.env[part]) === TokenComparison.DIFFERENT) {
      throw invalid(certificate, `'certificatePem' can be looked up in the ${part} of the stack only, ${stack[part]}, got a certificate of ${certificate.env[part]}`);
    }
  }
  const count = (COUNTS.get(stack) ?? 0) + 1;
  if (count > MAX_LOOK_UPS) {
    throw invalid(certificate, `'certificatePem' can be looked up for ${MAX_LOOK_UPS} certificates of a stack, got one more; read it with 'aws iot describe-certificate', or divide the stack`);
  }
  COUNTS.set(stack, count);
  return new HandlerResource(certificate, 'Text', {
    kind: KIND,
    resourceType: 'IotCertificateText',
    properties: { CertificateId: certificate.certificateId },
    permissions: () => [new iam.PolicyStatement({ actions: ['iot:DescribeCertificate'], resources: [certificate.certificateArn] })],
  }).attribute('CertificatePem');
}
