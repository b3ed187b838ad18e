import type { X509Certificate } from 'node:crypto';
import type { Certificate, Deployment } from '../deployment/model';
import { Authorizer, CompiledPolicy, PolicyError, parsePolicy, showText } from '../policy';
import type { AccountScope, Principal, Text } from '../policy';
import { TwinError } from './errors';
import { certificateFacts, certificateId } from './pki/certificate-facts';
import type { StandsFor } from './pki/issued-certificates';

/** The status of a certificate. Only an ACTIVE one may connect. */
export type CertificateStatus = 'ACTIVE' | 'INACTIVE' | 'REVOKED' | 'PENDING_TRANSFER' | 'PENDING_ACTIVATION';

/** A certificate that the twin knows: declared by the deployment, or issued here in the place of one. */
export interface RegisteredCertificate {
  readonly id: string;

  /** The logical id of the template's certificate. */
  readonly logicalId: string;
  status: CertificateStatus;
  readonly policies: readonly CompiledPolicy[];
  readonly things: readonly { readonly name: string; readonly exclusive: boolean }[];
}

/** What the registry knows of a thing. */
export interface RegisteredThing {
  readonly name: string;
  readonly type?: string;
  readonly attributes: { readonly [name: string]: string };
  readonly groups: readonly { readonly name: string; readonly policies: readonly CompiledPolicy[] }[];
}

/**
 * Things, certificates and policies of a deployment. A certificate is known by its registration, not by its issuer,
 * as on AWS.
 */
export class Registry {
  public readonly scope: AccountScope;
  public readonly things: ReadonlyMap<string, RegisteredThing>;

  /** What the deployment says that could not be followed, for a person. */
  public readonly warnings: readonly string[];

  private readonly certificates = new Map<string, RegisteredCertificate>();
  private readonly policies: ReadonlyMap<string, CompiledPolicy>;

  /** @throws TwinError when a policy is one that AWS would refuse. */
  constructor(deployment: Deployment, scope: AccountScope) {
    const warnings: string[] = deployment.external.map(({ path, what }) => `${path}: ${what}`);
    this.scope = scope;
    this.policies = new Map(deployment.policies.flatMap(({ path, name, document }) => {
      const known = knownName(name, path, warnings);
      return known === undefined ? [] : [[known, compile(known, document, path, scope)]];
    }));
    this.things = new Map(deployment.things.flatMap((thing) => {
      const name = knownName(thing.name, thing.path, warnings);
      return name === undefined ? [] : [[name, {
        name,
        ...(typeof thing.thingType === 'string' ? { type: thing.thingType } : {}),
        attributes: knownAttributes(thing.attributes ?? {}, thing.path, warnings),
        groups: groupsOf(thing.groups ?? [], deployment, this.policies),
      }]];
    }));
    for (const certificate of deployment.certificates) {
      this.certificates.set(certificate.id, this.register(certificate, warnings));
    }
    this.warnings = warnings;
  }

  /** The certificates of the deployment that are attached to a thing, and what stands in their place. */
  public certificatesOf(thingName: string): readonly RegisteredCertificate[] {
    return [...this.certificates.values()].filter(({ things }) => things.some(({ name }) => name === thingName));
  }

  public all(): readonly RegisteredCertificate[] {
    return [...this.certificates.values()];
  }

  public find(id: string): RegisteredCertificate | undefined {
    return this.certificates.get(id);
  }

  /**
   * Register a certificate issued here, with the policies and things of the template's certificate that it stands for.
   * Its status starts as that one's. Two stacks may have the same logical id, so the thing counts too.
   */
  public registerInPlaceOf({ logicalId, thingName }: StandsFor, id: string): RegisteredCertificate | undefined {
    const original = this.certificatesOf(thingName).find((certificate) => certificate.logicalId === logicalId);
    if (original === undefined) {
      return undefined;
    }
    const registered = { ...original, id };
    this.certificates.set(id, registered);
    return registered;
  }

  /** Who a certificate is under a client id. */
  public principal(registered: RegisteredCertificate, certificate: X509Certificate, connection: {
    readonly clientId?: string; readonly sourceIp?: string; readonly domainName?: string;
  }): { readonly authorizer: Authorizer; readonly thingName?: string } {
    const attached = registered.things.find(({ name }) => name === connection.clientId) ?? registered.things[0];
    const thing = attached === undefined ? undefined : this.things.get(attached.name);
    const principal: Principal = {
      kind: 'certificate',
      ...connection,
      certificateId: certificateId(certificate),
      certificate: certificateFacts(certificate),
      ...(attached === undefined ? {} : {
        thingName: attached.name,
        attached: true,
        thingPrincipalType: attached.exclusive ? 'EXCLUSIVE_THING' : 'NON_EXCLUSIVE_THING',
        ...(thing?.type === undefined ? {} : { thingType: thing.type }),
        thingAttributes: thing?.attributes ?? {},
      }),
    };
    const associated = attached !== undefined && (attached.exclusive || attached.name === connection.clientId);
    return {
      authorizer: new Authorizer(this.scope, { principal, policies: registered.policies, thingGroups: thing?.groups ?? [] }),
      ...(associated ? { thingName: attached.name } : {}),
    };
  }

  private register(certificate: Certificate, warnings: string[]): RegisteredCertificate {
    const { id, path, logicalId, status, policies, things } = certificate;
    if (certificate.condition === 'unknown') {
      warnings.push(`${path}: cannot tell whether it exists; it is taken as INACTIVE`);
    }
    return {
      id,
      logicalId,
      // What is not known to be active is not let in.
      status: certificate.condition === undefined && typeof status === 'string' ? status as CertificateStatus : 'INACTIVE',
      policies: policies.flatMap((name) => {
        const policy = typeof name === 'string' ? this.policies.get(name) : undefined;
        if (policy === undefined) {
          warnings.push(`${path}: the policy ${showText(name)} is attached, but not part of the deployment; it grants nothing here`);
        }
        return policy ?? [];
      }),
      things: things.flatMap(({ name, exclusive }) => {
        const known = knownName(name, path, warnings);
        return known === undefined ? [] : [{ name: known, exclusive }];
      }),
    };
  }
}

function compile(name: string, document: unknown, path: string, scope: AccountScope): CompiledPolicy {
  try {
    return new CompiledPolicy(parsePolicy(document, { name }), scope);
  } catch (error) {
    throw error instanceof PolicyError ? new TwinError(`${path}: AWS would refuse this policy: ${error.message}`) : error;
  }
}

function groupsOf(names: readonly Text[], deployment: Deployment, policies: ReadonlyMap<string, CompiledPolicy>): RegisteredThing['groups'] {
  // Policies of a group hold for its child groups too; the names seen stop a loop of parents.
  const seen = new Set<Text>();
  const ancestry = (name: Text | undefined): readonly Text[] => {
    if (name === undefined || seen.has(name)) {
      return [];
    }
    seen.add(name);
    return [name, ...ancestry(deployment.thingGroups.find((group) => group.name === name)?.parent)];
  };
  return names.flatMap(ancestry).flatMap((name) => {
    const group = deployment.thingGroups.find((one) => one.name === name && one.query === undefined);
    return group === undefined ? [] : [{
      name: showText(name),
      policies: group.policies.flatMap((policy) => (typeof policy === 'string' ? policies.get(policy) ?? [] : [])),
    }];
  });
}

function knownName(name: Text, path: string, warnings: string[]): string | undefined {
  if (typeof name === 'string') {
    return name;
  }
  warnings.push(`${path}: its name ${showText(name)} is not known offline, so it is left out`);
  return undefined;
}

function knownAttributes(attributes: { readonly [name: string]: Text }, path: string, warnings: string[]): { [name: string]: string } {
  return Object.fromEntries(Object.entries(attributes).flatMap(([name, value]) => (
    knownName(value, `${path} attribute ${name}`, warnings) === undefined ? [] : [[name, value as string]]
  )));
}
