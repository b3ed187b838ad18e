import type { X509Certificate } from 'node:crypto';
import type { Certificate, Deployment, IotPolicy, Thing } from '../deployment/model';
import { Authorizer, CompiledPolicy, PolicyError, UNKNOWN_VALUE, isUnknownPart, parsePolicy, showText } from '../policy';
import type { AccountScope, Policy, Principal, Text } from '../policy';
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

  /** Known without a CA: the client must send the name of the server. */
  readonly sniOnly: boolean;
  readonly policies: readonly CompiledPolicy[];
  readonly things: readonly { readonly name: string; readonly exclusive: boolean }[];
}

/** What the registry knows of a thing. */
export interface RegisteredThing {
  readonly name: string;
  readonly type?: string;
  readonly attributes: NonNullable<Principal['thingAttributes']>;
  readonly groups: readonly { readonly name: string; readonly policies: readonly CompiledPolicy[] }[];

  /** Whether it exists and what it is can be told offline. */
  readonly isCertain: boolean;
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

  /** By name; the unknown parts of a name are the same in the policy and in what is attached. */
  private readonly policies: ReadonlyMap<string, CompiledPolicy>;

  /** @throws TwinError when a policy is one that AWS would refuse. */
  constructor(deployment: Deployment, scope: AccountScope) {
    const warnings: string[] = deployment.external.map(({ path, what }) => `${path}: ${what} is not part of the deployment`);
    this.scope = scope;
    this.policies = new Map(deployment.policies.map((policy) => {
      const open = unknownsIn(policy.document);
      if (open.length > 0) {
        warnings.push(`${policy.path}: not known offline: ${open.join(', ')}; what hangs on it is refused`);
      }
      return [showText(policy.name), compile(policy, scope)];
    }));
    this.things = new Map(deployment.things.flatMap((thing) => {
      if (typeof thing.name !== 'string') {
        warnings.push(`${thing.path}: its name ${showText(thing.name)} is not known offline, so it is left out`);
        return [];
      }
      return [[thing.name, {
        name: thing.name,
        ...(typeof thing.thingType === 'string' ? { type: thing.thingType } : {}),
        attributes: knownAttributes(thing, warnings),
        groups: groupsOf(thing.groups ?? [], deployment, this.policies),
        isCertain: thing.condition === undefined && thing.attributes !== undefined,
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
    const { id, path, logicalId, status, mode, policies, things, perhaps } = certificate;
    const doubt = this.doubtAbout(certificate);
    if (doubt !== undefined) {
      warnings.push(`${path}: ${doubt}, so it is taken as INACTIVE`);
    }
    return {
      id,
      logicalId,
      sniOnly: mode === 'SNI_ONLY',
      // What is not known to be active is not let in.
      status: doubt === undefined && typeof status === 'string' ? status as CertificateStatus : 'INACTIVE',
      policies: [
        ...policies.map((name) => this.policies.get(showText(name)) ?? this.unreadable(name, path, warnings)),
        ...perhaps.policies.map((name) => {
          const policy = this.policies.get(showText(name));
          return policy === undefined ? this.unreadable(name, path, warnings) : perhapsInForce(policy.policy, this.scope);
        }),
      ],
      things: things.flatMap(({ name, exclusive }) => (typeof name === 'string' ? [{ name, exclusive }] : [])),
    };
  }

  /** Why it cannot be told who the holder of a certificate is. */
  private doubtAbout({ condition, things, perhaps }: Certificate): string | undefined {
    if (condition !== undefined) {
      return 'cannot tell whether it exists';
    }
    if (perhaps.things.length > 0 || things.some(({ name }) => typeof name !== 'string' || this.things.get(name)?.isCertain === false)) {
      return 'cannot tell which thing it is attached to, or what that thing is';
    }
    return undefined;
  }

  /** A policy that is attached and cannot be read may allow and deny anything: nothing is certain beside it. */
  private unreadable(name: Text, path: string, warnings: string[]): CompiledPolicy {
    warnings.push(`${path}: the policy ${showText(name)} is attached, but not part of the deployment; it may deny anything, so everything is refused`);
    return new CompiledPolicy(parsePolicy({ unknown: showText(name) }, { name: showText(name) }), this.scope);
  }
}

function compile({ path, name, document, condition }: IotPolicy, scope: AccountScope): CompiledPolicy {
  try {
    const policy = parsePolicy(document, { name: showText(name) });
    return condition === undefined ? new CompiledPolicy(policy, scope) : perhapsInForce(policy, scope);
  } catch (error) {
    throw error instanceof PolicyError ? new TwinError(`${path}: AWS would refuse this policy: ${error.message}`) : error;
  }
}

/** A policy that may not count: whatever it matches is "cannot tell". */
function perhapsInForce(policy: Policy, scope: AccountScope): CompiledPolicy {
  return new CompiledPolicy({ ...policy, statements: policy.statements.map((statement) => ({ ...statement, uncertain: true })) }, scope);
}

/** The paths of everything in a document that could not be resolved. */
function unknownsIn(value: unknown): readonly string[] {
  if (isUnknownPart(value)) {
    return [value.unknown];
  }
  return typeof value === 'object' && value !== null ? [...new Set(Object.values(value).flatMap(unknownsIn))] : [];
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
      policies: group.policies.flatMap((policy) => policies.get(showText(policy)) ?? []),
    }];
  });
}

function knownAttributes({ path, attributes = {} }: Thing, warnings: string[]): RegisteredThing['attributes'] {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => {
    if (typeof value !== 'string') {
      warnings.push(`${path}: its attribute '${name}' is not known offline; what hangs on it is refused`);
    }
    return [name, typeof value === 'string' ? value : UNKNOWN_VALUE];
  }));
}
