import { createHash, X509Certificate } from 'node:crypto';
import type { NameRule } from './resource-types';

/** 64 hexadecimal digits that stand for a stack or resource: what AWS would draw at random is taken from them. */
export function fingerprint(path: string): string {
  return createHash('sha256').update(path).digest('hex');
}

/**
 * A name as CloudFormation would shape it, with a suffix that is the same on every run.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
 */
export function generatedName(stackName: string, logicalId: string, hash: string, rule: NameRule = {}): string {
  const { maxLength = 128, separator = '-', lowerCase = false } = rule;
  const suffix = randomText(hash, 12).toUpperCase();
  const name = `${`${stackName}-${logicalId}`.slice(0, maxLength - suffix.length - 1)}-${suffix}`.replaceAll('-', separator);
  return lowerCase ? name.toLowerCase() : name;
}

/** Lower-case letters and digits. */
export function randomText(hash: string, length: number): string {
  return BigInt(`0x${hash}`).toString(36).padStart(length, '0').slice(-length);
}

export function uuid(hash: string): string {
  return hash.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
}

/**
 * The ID of a certificate: the SHA-256 of its DER, as AWS IoT computes it. Absent when the PEM is not a certificate.
 *
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_Certificate.html
 */
export function certificateId(pem: string): string | undefined {
  try {
    return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch {
    return undefined;
  }
}
