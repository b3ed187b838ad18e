import { parsePolicy, PolicyError } from '../../policy';
import type { Policy } from '../../policy';

/** A policy of IAM. A document that IAM would refuse may say anything. */
export function readDocument(name: string, document: unknown): Policy {
  try {
    return parsePolicy(document, { name, language: 'iam' });
  } catch (error) {
    if (error instanceof PolicyError) {
      return unknownDocument(name);
    }
    throw error;
  }
}

/** A policy of which nothing is known. */
export function unknownDocument(name: string): Policy {
  return parsePolicy({ unknown: name }, { name, language: 'iam' });
}
