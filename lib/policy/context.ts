import { arnPrefix } from './arn';
import type { AccountScope } from './arn';
import { UNKNOWN_VALUE } from './pattern';
import type { Substitution } from './pattern';
import {
  ALTERNATIVE_NAME_ATTRIBUTES, DISTINGUISHED_NAME_ATTRIBUTES, MAX_CERTIFICATE_VALUES, canonicalKey, isCertificateKey,
  isModelledKey,
} from './variables';

/** Values of one side of a certificate, attribute name to values in certificate order; alternative names nested. */
export interface CertificateName {
  readonly [attribute: string]: readonly string[] | { readonly [attribute: string]: readonly string[] } | undefined;
  readonly alternativeName?: { readonly [attribute: string]: readonly string[] };
}

/** Who calls. An absent property means that the request has no such value. */
export interface Principal {
  /** `certificate`, `cognito-auth`, `cognito-unauth`, `custom`, or `iam` for an IAM user or role. */
  readonly kind: 'certificate' | 'cognito-auth' | 'cognito-unauth' | 'custom' | 'iam';
  readonly clientId?: string;

  /** The registry thing, whether or not this principal is attached to it. */
  readonly thingName?: string;
  readonly thingType?: string;
  /** An attribute whose value is not known is `UNKNOWN_VALUE`. */
  readonly thingAttributes?: { readonly [name: string]: string | typeof UNKNOWN_VALUE };

  /** Whether this principal is attached to the thing. */
  readonly attached?: boolean;

  /** `NON_EXCLUSIVE_THING` unless told otherwise. */
  readonly thingPrincipalType?: 'EXCLUSIVE_THING' | 'NON_EXCLUSIVE_THING';

  readonly certificateId?: string;
  readonly certificate?: {
    readonly subject?: CertificateName;
    readonly issuer?: CertificateName;
    /** Decimal, not hexadecimal. */
    readonly serialNumber?: string;
  };
  readonly sourceIp?: string;
  readonly domainName?: string;
  readonly cognitoIdentityId?: string;

  /** All tags of the principal, for `aws:PrincipalTag/NAME` in IAM policies; absent when it is not known which there are. */
  readonly principalTags?: { readonly [name: string]: string };

  /** Other keys that the principal brings along, such as `credentials-iot:ThingName` with a role alias. */
  readonly keys?: { readonly [name: string]: string };

  /** The verdict of a custom authorizer. */
  readonly isAuthenticated?: boolean;
}

/** What is done besides the action and the resource. */
export interface RequestDetails {
  /** `mqtt` unless told otherwise. */
  readonly protocol?: 'mqtt' | 'https';

  /** The RETAIN flag of a publish. */
  readonly retain?: boolean;

  /** `PersistentConnect`, `LastWill`; a last will implies the latter. */
  readonly connectAttributes?: readonly string[];
  readonly lastWill?: { readonly topic: string; readonly retain?: boolean };

  /** The topic of a direct message. */
  readonly topic?: string;
}

/** What a key holds: one value, several, or a value that nobody documents. Absent keys have no value. */
export type ContextValue = string | readonly string[] | typeof UNKNOWN_VALUE;

/** The values of one request, by canonical key. */
export interface Context {
  /** For a condition. */
  value(key: string): ContextValue | undefined;

  /** For a variable inside a pattern. */
  readonly substitute: (key: string) => Substitution;
}

/** How a principal relates to its thing on this connection. */
export type Association = 'associated' | 'exclusive-other-client-id' | 'custom-authorizer' | 'none';

/**
 * Whether the connection counts as the thing's.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/exclusive-thing.html
 */
export function associationOf(principal: Principal, details: RequestDetails): Association {
  const { thingName, attached, clientId } = principal;
  if (thingName === undefined || attached !== true || (details.protocol ?? 'mqtt') !== 'mqtt') {
    return 'none';
  }
  if (principal.kind === 'custom') {
    return 'custom-authorizer';
  }
  if (clientId === thingName) {
    return 'associated';
  }
  return principal.thingPrincipalType === 'EXCLUSIVE_THING' ? 'exclusive-other-client-id' : 'none';
}

/** The parts of the context that stay the same for a whole connection. */
export function connectionContext(principal: Principal, protocol: 'mqtt' | 'https'): ReadonlyMap<string, ContextValue> {
  const values = new Map<string, ContextValue>();
  const set = (key: string, value: ContextValue | undefined): void => {
    if (value !== undefined) {
      values.set(canonicalKey(key), value);
    }
  };
  // HTTPS has no client id and no thing variables.
  if (protocol === 'mqtt') {
    set('iot:ClientId', principal.clientId);
  }
  set('aws:SourceIp', principal.sourceIp);
  set('iot:DomainName', principal.domainName);
  set('iot:CertificateId', principal.certificateId);
  set('cognito-identity.amazonaws.com:sub', principal.cognitoIdentityId);
  Object.entries(principal.keys ?? {}).forEach(([key, value]) => set(key, value));
  setTags(set, principal);
  setThing(set, principal, protocol);
  setCertificate(set, principal);
  return values;
}

type Setter = (key: string, value: ContextValue | undefined) => void;

function setThing(set: Setter, principal: Principal, protocol: 'mqtt' | 'https'): void {
  const association = associationOf(principal, { protocol });
  // Nobody says whether IsAttached has a value over HTTPS, or behind a custom authorizer.
  const documented = protocol === 'mqtt' && principal.kind !== 'custom';
  set('iot:Connection.Thing.IsAttached', documented ? String(association !== 'none') : UNKNOWN_VALUE);
  if (association === 'none') {
    return;
  }
  // Nobody says whether a client of a custom authorizer has a thing at all.
  const valueOf = (value: string | typeof UNKNOWN_VALUE | undefined, by: readonly Association[]): ContextValue | undefined => (
    value === undefined || by.includes(association) ? value : UNKNOWN_VALUE
  );
  set('iot:Connection.Thing.ThingName', valueOf(principal.thingName, ['associated', 'exclusive-other-client-id']));
  // With an exclusive thing and another client id, the page on thing variables still asks for client id = thing name.
  set('iot:Connection.Thing.ThingTypeName', valueOf(principal.thingType, ['associated']));
  for (const [name, value] of Object.entries(principal.thingAttributes ?? {})) {
    set(`iot:Connection.Thing.Attributes[${name}]`, valueOf(value, ['associated']));
  }
}

/** Stands for all tags: where it is there, a tag that is not has no value. */
const ALL_TAGS = canonicalKey('aws:PrincipalTag/');

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principaltag */
function setTags(set: Setter, { principalTags }: Principal): void {
  if (principalTags !== undefined) {
    set(ALL_TAGS, []);
    Object.entries(principalTags).forEach(([name, value]) => set(`${ALL_TAGS}${name}`, value));
  }
}

function setCertificate(set: Setter, principal: Principal): void {
  const { certificate } = principal;
  if (certificate === undefined) {
    return;
  }
  const available: string[] = [];
  const setAll = (key: string, all: readonly string[] | undefined): void => {
    const kept = all?.slice(0, MAX_CERTIFICATE_VALUES) ?? [];
    if (kept.length > 0) {
      available.push(key);
      set(key, kept[0]);
      set(`${key}.List`, kept);
      // No suffix is the first value, `.1` the second.
      kept.slice(1).forEach((value, index) => set(`${key}.${index + 1}`, value));
    }
  };
  for (const side of ['Subject', 'Issuer'] as const) {
    const names = certificate[side === 'Subject' ? 'subject' : 'issuer'];
    for (const attribute of DISTINGUISHED_NAME_ATTRIBUTES) {
      const value = names?.[attribute];
      setAll(`iot:Certificate.${side}.${attribute}`, Array.isArray(value) ? value : undefined);
    }
    for (const attribute of ALTERNATIVE_NAME_ATTRIBUTES) {
      setAll(`iot:Certificate.${side}.AlternativeName.${attribute}`, names?.alternativeName?.[attribute]);
    }
  }
  if (certificate.serialNumber !== undefined) {
    available.push('iot:Certificate.SerialNumber');
    set('iot:Certificate.SerialNumber', certificate.serialNumber);
  }
  set('iot:Certificate.AvailableKeys', available);
}

const CONNECT_ATTRIBUTES = canonicalKey('iot:ConnectAttributes');
const LAST_WILL_TOPIC = canonicalKey('iot:LastWillTopic');
const TOPIC = canonicalKey('iot:Topic');

/** The context of one request over a connection. */
export class RequestContext implements Context {
  /** Condition keys only. */
  private readonly own = new Map<string, ContextValue>();
  private readonly substitutions = new Map<string, Substitution>();

  constructor(
    private readonly connection: ReadonlyMap<string, ContextValue>,
    scope: AccountScope,
    details: RequestDetails,
  ) {
    // A connect that uses none of the attributes has an empty set, not an absent one.
    const attributes = details.connectAttributes ?? [];
    this.own.set(CONNECT_ATTRIBUTES, attributes);
    if (details.lastWill !== undefined) {
      this.own.set(CONNECT_ATTRIBUTES, [...new Set([...attributes, 'LastWill'])]);
      this.own.set(LAST_WILL_TOPIC, `${arnPrefix(scope)}topic/${details.lastWill.topic}`);
    }
    if (details.topic !== undefined) {
      this.own.set(TOPIC, details.topic);
    }
  }

  public value(key: string): ContextValue | undefined {
    return this.connection.get(key) ?? this.own.get(key) ?? this.absent(key);
  }

  public readonly substitute = (key: string): Substitution => {
    let substitution = this.substitutions.get(key);
    if (substitution === undefined) {
      substitution = this.computeSubstitution(key);
      if (substitution !== undefined) {
        this.substitutions.set(key, substitution);
      }
    }
    return substitution;
  };

  private computeSubstitution(key: string): Substitution {
    const value = this.connection.get(key) ?? this.absent(key);
    // Multi-valued keys cannot be substituted; neither can those that are condition keys only.
    if (typeof value === 'object') {
      return undefined;
    }
    return typeof value === 'string' && isCertificateKey(key) ? substitutableCertificateValue(value) : value;
  }

  /** What a key holds that has no value here. */
  private absent(key: string): typeof UNKNOWN_VALUE | undefined {
    return isModelledKey(key) || (key.startsWith(ALL_TAGS) && this.connection.has(ALL_TAGS)) ? undefined : UNKNOWN_VALUE;
  }
}

const MAX_SUBSTITUTED_LENGTH = 1024;

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/cert-policy-variables.html */
function substitutableCertificateValue(value: string): string | undefined {
  if (value.length > MAX_SUBSTITUTED_LENGTH || /[*$+?#]/.test(value)) {
    return undefined;
  }
  return value.replace(/[,"\\+=<>;]/g, '\\$&');
}
