import { IotError } from '../account';
import type { Account } from '../account';
import type { KeyPair } from '../pki/authority';
import { applyPlan } from './apply';
import type { Provisioned } from './apply';
import { ProvisioningError } from './errors';
import { planOf, readParameters } from './plan';
import type { Plan } from './plan';
import { parseTemplate } from './template';
import type { Template } from './template';

/** Signs certificates of devices, as the authority of AWS IoT does. */
export interface CertificateIssuer {
  /** @throws Error that says what is wrong with the request */
  issueForCsr(csrPem: string): Promise<string>;
  deviceCertificate(commonName: string): Promise<KeyPair>;
}

/** Provisions things by templates. */
export class Provisioner {
  constructor(private readonly account: Account, private readonly authority: Pick<CertificateIssuer, 'issueForCsr'>) {}

  /** Provision with a certificate that the registry has. */
  public provision(template: Template, parameters: ReadonlyMap<string, string>): Provisioned {
    return applyPlan(this.account, planOf(template, parameters));
  }

  /** Provision with any certificate: one is issued where the template has a signing request. */
  public async register(template: Template, parameters: ReadonlyMap<string, string>): Promise<Provisioned> {
    const plan = planOf(template, parameters);
    return applyPlan(this.account, plan, await this.issue(plan));
  }

  /**
   * The RegisterThing call of the API.
   *
   * @throws IotError
   */
  public async registerThing(input: { readonly templateBody?: string; readonly parameters?: Readonly<Record<string, string>> }): Promise<{
    readonly certificatePem?: string;
    readonly resourceArns: Readonly<Record<string, string>>;
  }> {
    try {
      const template = parseTemplate(input.templateBody ?? '', 'register-thing');
      const { certificatePem, resourceArns } = await this.register(template, readParameters(input.parameters ?? {}));
      return { resourceArns, ...(certificatePem === undefined ? {} : { certificatePem }) };
    } catch (error) {
      throw error instanceof ProvisioningError ? asIotError(error) : error;
    }
  }

  private async issue({ certificate }: Plan): Promise<string | undefined> {
    if (certificate === undefined || !('signingRequest' in certificate.source)) {
      return undefined;
    }
    return issueForCsr(this.authority, certificate.source.signingRequest);
  }
}

/** @throws ProvisioningError `InvalidCSR` */
export async function issueForCsr(authority: Pick<CertificateIssuer, 'issueForCsr'>, csrPem: string): Promise<string> {
  try {
    return await authority.issueForCsr(csrPem);
  } catch (error) {
    throw new ProvisioningError('InvalidCSR', (error as Error).message);
  }
}

/** https://docs.aws.amazon.com/iot/latest/apireference/API_RegisterThing.html#API_RegisterThing_Errors */
function asIotError({ code, message }: ProvisioningError): IotError {
  switch (code) {
    case 'InvalidTemplate':
    case 'InvalidParameters':
      return new IotError('InvalidRequestException', message);
    case 'ResourceConflict':
      return new IotError('ConflictingResourceUpdateException', message);
    default:
      return new IotError('ResourceRegistrationFailureException', message);
  }
}
