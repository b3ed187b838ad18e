import type * as api from '@aws-sdk/client-iot';
import type { Iot } from '../../lambda/custom-resource';
import { certificateArn } from './fake-iot';
import { awsError, FaultyClient } from './faulty-client';

export interface FakeCertificate {
  status: api.CertificateStatus;
  readonly pem: string;
  readonly caCertificateId?: string;
  readonly things: Set<string>;
  readonly policies: Set<string>;
}

export interface FakeThing {
  readonly attributes: Readonly<Record<string, string>>;
  readonly thingTypeName?: string | undefined;
  readonly groups: Set<string>;
}

/** Certificates and things of AWS IoT in memory, with what it refuses about them. */
export class FakeCertificates extends FaultyClient {
  public readonly certificates = new Map<string, FakeCertificate>();
  public readonly things = new Map<string, FakeThing>();
  public readonly authorities = new Map<string, string>();
  private readonly lags = new Map<string, number>();
  private readonly actions = new Map<string, () => void>();

  public readonly client: Iot = this.sender;

  public add(id: string, certificate: Partial<FakeCertificate> = {}): FakeCertificate {
    const added = { status: 'PENDING_ACTIVATION' as const, pem: '', things: new Set<string>(), policies: new Set<string>(), ...certificate };
    this.certificates.set(id, added);
    return added;
  }

  public addThing(name: string): void {
    this.things.set(name, { attributes: {}, groups: new Set() });
  }

  /** Shows a change only after some more requests: `detached:ID`. */
  public lag(what: string, requests: number): void {
    this.lags.set(what, requests);
  }

  /** Runs once, before a request of this name. */
  public before(request: string, action: () => void): void {
    this.actions.set(request, action);
  }

  protected override onRequest(name: string): void {
    const action = this.actions.get(name);
    this.actions.delete(name);
    action?.();
  }

  public get active(): string[] {
    return [...this.certificates].filter(([, { status }]) => status === 'ACTIVE').map(([id]) => id);
  }

  private certificate(id: string | undefined): FakeCertificate {
    return found(this.certificates.get(id ?? ''), `Certificate ${id}`);
  }

  private principal(arn: string | undefined): FakeCertificate {
    return this.certificate(arn?.split('/').at(-1));
  }

  private isBehind(what: string): boolean {
    const left = this.lags.get(what) ?? 0;
    this.lags.set(what, left - 1);
    return left > 0;
  }

  protected readonly operations = {
    DescribeCertificate: ({ certificateId = '' }: api.DescribeCertificateRequest) => {
      const { status, pem, caCertificateId } = this.certificate(certificateId);
      return { certificateDescription: { certificateId, certificateArn: certificateArn(certificateId), status, certificatePem: pem, caCertificateId } };
    },

    DescribeCACertificate: ({ certificateId = '' }: api.DescribeCACertificateRequest) => ({
      certificateDescription: { certificateId, certificatePem: found(this.authorities.get(certificateId), 'The CA') },
    }),

    UpdateCertificate: ({ certificateId, newStatus }: api.UpdateCertificateRequest) => {
      const certificate = this.certificate(certificateId);
      if (certificate.status === 'REVOKED') {
        throw awsError('CertificateStateException', 'The certificate is revoked');
      }
      certificate.status = newStatus!;
      return {};
    },

    DeleteCertificate: ({ certificateId = '', forceDelete }: api.DeleteCertificateRequest) => {
      const certificate = this.certificate(certificateId);
      if (certificate.status === 'ACTIVE') {
        throw awsError('CertificateStateException', 'The certificate is active');
      }
      if (certificate.things.size > 0 || (certificate.policies.size > 0 && forceDelete !== true) || this.isBehind(`detached:${certificateId}`)) {
        throw awsError('DeleteConflictException', 'Something is attached');
      }
      this.certificates.delete(certificateId);
      return {};
    },

    ListPrincipalThings: ({ principal }: api.ListPrincipalThingsRequest) => ({ things: [...this.principal(principal).things] }),

    ListThingPrincipals: ({ thingName = '' }: api.ListThingPrincipalsRequest) => {
      found(this.things.get(thingName), `Thing ${thingName}`);
      return { principals: [...this.certificates].filter(([, { things }]) => things.has(thingName)).map(([id]) => certificateArn(id)) };
    },

    DetachThingPrincipal: ({ thingName = '', principal }: api.DetachThingPrincipalRequest) => {
      this.principal(principal).things.delete(thingName);
      return {};
    },

    AttachThingPrincipal: ({ thingName = '', principal }: api.AttachThingPrincipalRequest) => {
      found(this.things.get(thingName), `Thing ${thingName}`);
      this.principal(principal).things.add(thingName);
      return {};
    },

    AttachPolicy: ({ policyName = '', target }: api.AttachPolicyRequest) => {
      this.principal(target).policies.add(policyName);
      return {};
    },

    DescribeThing: ({ thingName = '' }: api.DescribeThingRequest) => {
      const { thingTypeName, attributes } = found(this.things.get(thingName), `Thing ${thingName}`);
      return { thingName, thingTypeName, attributes };
    },

    CreateThing: ({ thingName = '', thingTypeName, attributePayload }: api.CreateThingRequest) => {
      const attributes = attributePayload?.attributes ?? {};
      const before = this.things.get(thingName);
      if (before && JSON.stringify([before.thingTypeName, before.attributes]) !== JSON.stringify([thingTypeName, attributes])) {
        throw awsError('ResourceAlreadyExistsException', `Thing ${thingName} exists`);
      }
      this.things.set(thingName, before ?? { attributes, thingTypeName, groups: new Set() });
      return { thingName };
    },

    AddThingToThingGroup: ({ thingName = '', thingGroupName = '' }: api.AddThingToThingGroupRequest) => {
      found(this.things.get(thingName), `Thing ${thingName}`).groups.add(thingGroupName);
      return {};
    },
  };
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) {
    throw awsError('ResourceNotFoundException', `${what} not found`);
  }
  return value;
}
