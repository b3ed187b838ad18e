import { createHash } from 'node:crypto';
import { Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';
import { retirementPermissions } from './retirement';
import type { SigningKey } from './signing-key';
import { iotArn } from '../private/arns';
import { HandlerFunction, HandlerResource, NO_RESOURCE } from '../private/custom-resource';
import { invalid } from '../private/errors';
import { HandlerMemory, REMEMBERS } from '../private/handler-memory';

const KIND = { name: 'issue-certificates', description: 'Issues device certificates and delivers their keys' };
const ID = 'CdkIotWarden-Certificates';

/** The answer to CloudFormation has 4,096 bytes, of which a certificate takes 80, and the rest up to 700. */
const MAX_CERTIFICATES = 40;

/** Tells the certificates of one stack apart: 40 bits for at most 40 of them. */
const KEY_CHARS = 10;

/** Above this, the names would not fit into the policies of a role: 10,240 characters together, twice during an update. */
const MAX_NAMED = 20;

/** A CA that signs with a key in AWS KMS, for the handler. */
export interface IssuingAuthority {
  readonly certificatePem: string;
  readonly keyId: string;
  readonly certificateAuthorityId: string;
}

/** A certificate that the handler makes. */
export interface IssuedCertificateItem {
  /** What the handler is told of it. */
  readonly properties: { readonly [name: string]: unknown };
  readonly authority?: { readonly construct: IConstruct; readonly description: IssuingAuthority; readonly signingKey: SigningKey };
  /**
   * What the handler may do for it, besides what it may do for all of them. `isCrowded` says that the policies of its role
   * have no room for many names.
   */
  readonly permissions: (isCrowded: boolean) => iam.PolicyStatement[];
}

/**
 * The certificates of a stack that a handler makes, as CloudFormation cannot. One custom resource and one function for all
 * of them.
 */
export class IssuedCertificates extends Construct {
  /** Those of the stack around `scope`, created when they are first asked for. */
  public static of(scope: Construct): IssuedCertificates {
    const stack = Stack.of(scope);
    return stack.node.tryFindChild(ID) as IssuedCertificates | undefined ?? new IssuedCertificates(stack, ID);
  }

  private readonly role: iam.IRole;
  private readonly items = new Map<string, IssuedCertificateItem>();
  private readonly resource: HandlerResource;

  private constructor(scope: Construct, id: string) {
    super(scope, id);

    this.role = HandlerFunction.of(this, KIND).role;
    const memory = new HandlerMemory(this, 'Made');
    this.resource = new HandlerResource(this, 'Default', {
      kind: KIND,
      resourceType: 'IotCertificates',
      properties: {
        // Objects and not their JSON, in which the line breaks of a text that is known only at deployment would stay what they are.
        Items: Lazy.any({ produce: () => this.sorted().map((key) => ({ key, ...this.items.get(key)?.properties })) }),
        Authorities: Lazy.any({ produce: () => this.authorities() }),
        Memory: memory.path,
      },
      permissions: () => [...this.permissions(), ...memory.statements(['GetParametersByPath'])],
      wildcards: `Ids of certificates are known only when they exist, and AWS IoT knows no resource for making and listing them. ${REMEMBERS}`,
    });
  }

  /** Adds a certificate, and returns its id. */
  public add(certificate: Construct, item: IssuedCertificateItem): string {
    if (this.items.size === MAX_CERTIFICATES) {
      throw invalid(
        certificate,
        `a stack can have at most ${MAX_CERTIFICATES} certificates with a delivered key or from an own CA, got one more; `
        + 'let the devices make their keys (DeviceCertificate.fromCsr), let them register themselves (provisioning), or add another stack',
      );
    }
    const { authority } = item;
    if (authority && ![...this.items.values()].some((other) => other.authority?.construct === authority.construct)) {
      authority.signingKey._permit(this.role);
    }
    const key = keyOf(certificate);
    this.items.set(key, item);
    return this.resource.attribute(key);
  }

  /** In an order that lasts: another one would be an update. */
  private sorted(): string[] {
    return [...this.items.keys()].sort();
  }

  private authorities(): { readonly [key: string]: IssuingAuthority } {
    const authorities = this.sorted().flatMap((key) => this.items.get(key)?.authority ?? []);
    return Object.fromEntries(authorities.map(({ construct, description }) => [authorityKey(construct), description]));
  }

  private permissions(): iam.PolicyStatement[] {
    const items = [...this.items.values()];
    const certificates = iotArn(this, 'cert', '*');
    const making = [
      ...items.some(({ authority }) => authority === undefined) ? ['iot:CreateCertificateFromCsr', 'iot:ListCertificates'] : [],
      ...items.some(({ authority }) => authority !== undefined) ? ['iot:RegisterCertificate'] : [],
    ];
    return [
      // Ids of certificates are known only when they exist.
      ...retirementPermissions(this, [certificates]),
      new iam.PolicyStatement({ actions: ['iot:DeleteCertificate'], resources: [certificates] }),
      new iam.PolicyStatement({ actions: making, resources: [NO_RESOURCE] }),
      ...items.flatMap(({ permissions }) => permissions(items.length > MAX_NAMED)),
    ];
  }
}

/** What an authority is called among the properties of the handler. */
export function authorityKey(construct: IConstruct): string {
  return digest(construct.node.path);
}

/** Lasts as long as the path of the construct within its stack, as its logical id would. */
function keyOf(certificate: IConstruct): string {
  return digest(certificate.node.path.slice(Stack.of(certificate).node.path.length));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, KEY_CHARS);
}
