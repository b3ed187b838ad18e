import type { X509Certificate } from 'node:crypto';
import { Authorizer, CompiledPolicy, UNKNOWN_VALUE, parsePolicy, withDoubt } from '../policy';
import type { AccountScope, GroupPolicies, Policy, Principal } from '../policy';
import { defaultVersion } from './account';
import type { Account, CertificateRecord, CertificateStatus, PolicyRecord, Table, ThingGroupRecord, ThingRecord } from './account';
import { LiveIdentity } from './live-identity';
import type { Identity, Reading } from './live-identity';
import { certificateFacts, certificateId } from './pki/certificate-facts';
import type { StandsFor } from './pki/issued-certificates';

export type { Identity } from './live-identity';

/** A certificate that the twin knows: that of a device, or one issued here in the place of one. */
export interface RegisteredCertificate {
  readonly id: string;

  /** The logical id of the template's certificate; absent for one made while the twin ran. */
  readonly logicalId?: string;
  readonly status: CertificateStatus;

  /** Known without a CA: the client must send the name of the server. */
  readonly sniOnly: boolean;
  readonly things: readonly { readonly name: string; readonly exclusive: boolean }[];
}

/** What the client of a connection tells, besides its certificate. */
export interface ConnectionFacts {
  readonly clientId?: string;
  readonly sourceIp?: string;
  readonly domainName?: string;
}

/** The tables whose records decide about a client. */
const DECISIVE: ReadonlySet<Table> = new Set<Table>(['certificates', 'policies', 'things', 'thingGroups', 'identities']);

/**
 * The view of an account that authorizes. A certificate is known by its registration, not by its issuer, as on AWS. What
 * is uncertain about a deployment is taken the closed way.
 */
export class Registry {
  public readonly scope: AccountScope;

  /** Grows with every change that may matter to a client. */
  private generation = 0;

  /** Records are replaced when they change, so what is compiled of one is good for as long as there is that one. */
  private readonly compiled = new WeakMap<PolicyRecord, CompiledPolicy>();

  constructor(private readonly account: Account) {
    this.scope = account.scope;
    account.store.onChange((table) => {
      if (DECISIVE.has(table)) {
        this.generation++;
      }
    });
  }

  /** A certificate by its id; in the place of the template's, one has that one's policies, things and status. */
  public find(id: string): RegisteredCertificate | undefined {
    const record = this.account.findCertificate(id);
    const source = this.sourceOf(record);
    if (record === undefined || source === undefined) {
      return undefined;
    }
    const own = record.status === 'ACTIVE' ? source.status : record.status;
    return {
      id: record.certificateId,
      ...(source.logicalId === undefined ? {} : { logicalId: source.logicalId }),
      // What is not known to be active is not let in.
      status: own === 'ACTIVE' && this.isDoubtful(source) ? 'INACTIVE' : own,
      sniOnly: source.mode === 'SNI_ONLY',
      things: source.things.map(({ thingName, exclusive }) => ({ name: thingName, exclusive })),
    };
  }

  /** The certificates that are attached to a thing; not those that stand in their place. */
  public certificatesOf(thingName: string): readonly RegisteredCertificate[] {
    return this.account.certificatesOf(thingName).map(({ certificateId: id }) => this.find(id)!);
  }

  /**
   * Register a certificate issued here in the place of the template's. Two stacks may have the same logical id, so the
   * thing counts too.
   */
  public registerInPlaceOf({ logicalId, thingName, certificatePem }: StandsFor & { readonly certificatePem: string }): void {
    for (const original of thingName === undefined ? this.account.store.all('certificates') : this.account.certificatesOf(thingName)) {
      if (original.logicalId === logicalId && (thingName !== undefined || original.things.length === 0)) {
        this.account.addIssuedCertificate({ certificatePem, status: 'ACTIVE', standsFor: original.certificateId });
        return;
      }
    }
  }

  /** A client id that the policies of a certificate name as allowed, perhaps with `*` in it. */
  public clientIdOf(id: string): string {
    const prefix = this.account.arn('client/');
    const resources = (this.account.findCertificate(id)?.policies ?? []).flatMap((name) => this.policy(name).policy.statements)
      .filter(({ effect, resources: { negated } }) => effect === 'Allow' && !negated)
      .flatMap(({ resources: { patterns } }) => patterns.map(({ source }) => source))
      .filter((source): source is string => typeof source === 'string' && source.startsWith(prefix) && !source.includes('${'));
    return resources[0]?.slice(prefix.length) ?? '*';
  }

  /** Learn of certificates that may no longer connect. */
  public onCut(cut: (certificateId: string, reason: string) => void): void {
    this.account.store.onChange((table, id, before, after) => {
      if (table === 'certificates' && (before as CertificateRecord | undefined)?.status === 'ACTIVE') {
        const status = (after as CertificateRecord | undefined)?.status;
        if (status !== 'ACTIVE') {
          const reason = status === undefined ? 'the certificate is deleted' : `the certificate is ${status}`;
          [id, ...this.account.standInsOf(id).map((record) => record.certificateId)].forEach((one) => cut(one, reason));
        }
      }
    });
  }

  /**
   * Who a certificate is under a client id.
   *
   * @param documents what a custom authorizer has answered besides; it counts together with the policies of the certificate
   */
  public principal(
    { id }: Pick<RegisteredCertificate, 'id'>, certificate: X509Certificate, connection: ConnectionFacts, documents: () => readonly CompiledPolicy[] = () => NO_DOCUMENTS,
  ): Identity {
    const facts = { ...connection, certificateId: certificateId(certificate), certificate: certificateFacts(certificate) };
    const first = this.sources(id, connection.clientId);
    const live = this.live(() => {
      const sources = this.sources(id, connection.clientId);
      const answered = documents();
      return { records: [...sources.records, answered], make: () => this.authorizer(sources, facts, answered) };
    });
    return first.associated ? Object.assign(live, { thingName: first.attached!.name }) : live;
  }

  /** An identity that follows what the account holds. */
  public live(read: () => Reading): Identity {
    return new LiveIdentity(() => this.generation, read);
  }

  /** Something beside the account has changed that decides about clients. */
  public touch(): void {
    this.generation++;
  }

  /** A policy by its name, to tell whether it has changed. */
  public policyRecord(name: string): object | undefined {
    return this.account.store.get('policies', name);
  }

  private sources(id: string, clientId: string | undefined): Sources {
    const certificate = this.sourceOf(this.account.findCertificate(id));
    const attached = certificate?.things.find(({ thingName }) => thingName === clientId) ?? certificate?.things[0];
    const thing = attached === undefined ? undefined : this.account.store.get('things', attached.thingName);
    const groups = (thing?.groups ?? []).flatMap((name) => this.ancestry(name)).filter(({ queryString }) => queryString === undefined);
    const names = [...certificate?.policies ?? [], ...certificate?.perhaps?.policies ?? [], ...groups.flatMap(({ policies }) => policies)];
    return {
      ...(attached === undefined ? {} : { attached: { name: attached.thingName, exclusive: attached.exclusive } }),
      associated: attached !== undefined && (attached.exclusive || attached.thingName === clientId),
      certificate,
      thing,
      groups,
      records: [certificate, thing, ...groups, ...names.map((name) => this.account.store.get('policies', name))],
    };
  }

  private authorizer({ certificate, attached, thing, groups }: Sources, facts: Partial<Principal>, documents: readonly CompiledPolicy[]): Authorizer {
    const principal: Principal = {
      kind: 'certificate',
      ...facts,
      ...(attached === undefined ? {} : {
        thingName: attached.name,
        attached: true,
        thingPrincipalType: attached.exclusive ? 'EXCLUSIVE_THING' : 'NON_EXCLUSIVE_THING',
        ...(thing?.thingTypeName === undefined ? {} : { thingType: thing.thingTypeName }),
        thingAttributes: knownAttributes(thing),
      }),
    };
    const thingGroups: GroupPolicies<CompiledPolicy>[] = groups.map(({ thingGroupName, policies }) => ({
      name: thingGroupName, policies: policies.map((name) => this.policy(name)),
    }));
    return new Authorizer(this.scope, {
      principal,
      policies: [
        ...(certificate?.policies ?? []).map((name) => this.policy(name)),
        ...(certificate?.perhaps?.policies ?? []).map((name) => perhapsInForce(this.policy(name).policy, this.scope)),
        ...(certificate?.claim === undefined ? [] : [this.claimPolicy(certificate.claim.templateName)]),
        ...documents,
      ],
      thingGroups,
    });
  }

  /** The certificate whose policies and things count. */
  private sourceOf(record: CertificateRecord | undefined): CertificateRecord | undefined {
    return record?.standsFor === undefined ? record : this.account.findCertificate(record.standsFor);
  }

  /** Whether it cannot be told who the holder of a certificate is. */
  private isDoubtful({ isUncertain, perhaps, things }: CertificateRecord): boolean {
    return isUncertain === true || (perhaps?.things.length ?? 0) > 0
      || things.some(({ thingName }) => this.account.store.get('things', thingName)?.isUncertain === true);
  }

  /** A group and those above it, whose policies hold for it too. */
  private ancestry(name: string): readonly ThingGroupRecord[] {
    const groups = new Set<ThingGroupRecord>();
    for (let group = this.account.store.get('thingGroups', name); group !== undefined && !groups.has(group);) {
      groups.add(group);
      group = group.parentGroupName === undefined ? undefined : this.account.store.get('thingGroups', group.parentGroupName);
    }
    return [...groups];
  }

  /** What a claim of CreateProvisioningClaim may do: get a certificate, and provision with its template. */
  private claimPolicy(templateName: string): CompiledPolicy {
    const topics = ['$aws/certificates/create/*', '$aws/certificates/create-from-csr/*', `$aws/provisioning-templates/${templateName}/provision/*`];
    const allow = (action: readonly string[], resource: readonly string[]): object => ({ Effect: 'Allow', Action: action, Resource: resource.map((name) => this.account.arn(name)) });
    return new CompiledPolicy(parsePolicy({
      Version: '2012-10-17',
      Statement: [
        allow(['iot:Connect'], ['client/*']),
        allow(['iot:Publish', 'iot:Receive'], topics.map((topic) => `topic/${topic}`)),
        allow(['iot:Subscribe'], topics.map((topic) => `topicfilter/${topic}`)),
      ],
    }, { name: `claim for ${templateName}` }), this.scope);
  }

  /** A policy by its name, as it counts now. */
  public policy(name: string): CompiledPolicy {
    const record = this.account.store.get('policies', name);
    if (record === undefined) {
      // A policy that is attached and cannot be read may allow and deny anything: nothing is certain beside it.
      return new CompiledPolicy(parsePolicy({ unknown: name }, { name }), this.scope);
    }
    let compiled = this.compiled.get(record);
    if (compiled === undefined) {
      const policy = parsePolicy(defaultVersion(record).document, { name });
      compiled = record.isUncertain === true ? perhapsInForce(policy, this.scope) : new CompiledPolicy(policy, this.scope);
      this.compiled.set(record, compiled);
    }
    return compiled;
  }
}

/** What decides about a client. */
interface Sources {
  readonly attached?: { readonly name: string; readonly exclusive: boolean };

  /** The connection counts as the thing's. */
  readonly associated: boolean;
  readonly certificate: CertificateRecord | undefined;
  readonly thing: ThingRecord | undefined;
  readonly groups: readonly ThingGroupRecord[];

  /** All of it, to tell whether anything changed. */
  readonly records: readonly (object | undefined)[];
}

const NO_DOCUMENTS: readonly CompiledPolicy[] = [];

/** A policy that may not count: whatever it matches is "cannot tell". */
function perhapsInForce(policy: Policy, scope: AccountScope): CompiledPolicy {
  return new CompiledPolicy(withDoubt(policy), scope);
}

function knownAttributes(thing: ThingRecord | undefined): NonNullable<Principal['thingAttributes']> {
  return Object.fromEntries(Object.entries(thing?.attributes ?? {}).map(([name, value]) => [name, typeof value === 'string' ? value : UNKNOWN_VALUE]));
}
