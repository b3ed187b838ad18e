import { RequestError } from '../custom-resource/errors';
import { readIssuer, type Issuer } from '../x509';
import { readPolicy, type CsrPolicy } from './csr-policy';

/** What the function is told when it is deployed. */
export interface Settings {
  readonly issuer: Issuer;
  /** The key in AWS KMS. */
  readonly keyId: string;
  readonly validityMs: number;
  readonly policy: CsrPolicy;
}

const SECOND_MS = 1000;

export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const variable = (name: string): string => {
    const value = environment[name];
    if (value === undefined || value === '') {
      throw new RequestError(`the environment variable ${name} is missing`);
    }
    return value;
  };
  return {
    issuer: readIssuer(variable('CA_CERTIFICATE')),
    keyId: variable('KEY_ID'),
    validityMs: Number(variable('VALIDITY_SECONDS')) * SECOND_MS,
    policy: readPolicy(variable('CSR_POLICY')),
  };
}
