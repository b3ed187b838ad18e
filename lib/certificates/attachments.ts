import { Reference, Stack, Token, TokenComparison, Tokenization, type CfnResource } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import type { IConstruct } from 'constructs';
import type { IDeviceCertificate } from './device-certificate';
import { invalid } from '../private/errors';

/** Policies of one certificate. https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_POLICIES = 10;

/** What one certificate is attached to. */
export class Attachments {
  private readonly policies = new Set<string>();
  private readonly things = new Map<string, boolean>();

  constructor(private readonly certificate: IDeviceCertificate) {}

  /** Attaches a policy, once. */
  public addPolicy(policy: iot.IPolicyRef): void {
    const { policyName } = policy.policyRef;
    if (this.policies.has(policyName)) {
      return;
    }
    if (this.policies.size === MAX_POLICIES) {
      throw this.fail(`a certificate must have at most ${MAX_POLICIES} policies, got one more; merge some of them into one policy`);
    }
    this.requireSameEnvironment(policy);
    this.policies.add(policyName);

    const attachment = new iot.CfnPolicyPrincipalAttachment(this.certificate, `Policy:${this.idOf(policy)}`, {
      policyName,
      principal: this.certificate.certificateArn,
    });
    detachBeforeDelete(attachment, policy, policyName);
  }

  /** Attaches a thing, once. */
  public addThing(thing: iot.IThingRef, exclusive: boolean): void {
    const { thingName } = thing.thingRef;
    const before = this.things.get(thingName);
    if (before === exclusive) {
      return;
    }
    if (before !== undefined) {
      throw this.fail(`'exclusive' must be the same each time a thing is attached, got ${exclusive} after ${before} for ${thing.node.path}`);
    }
    if (this.things.size > 0 && (exclusive || [...this.things.values()].includes(true))) {
      throw this.fail(
        `a certificate that is attached exclusively has one thing, got ${thing.node.path} as a second; `
        + "issue a certificate for each thing, or set 'exclusive' to false for all of them",
      );
    }
    this.requireSameEnvironment(thing);
    this.things.set(thingName, exclusive);

    const attachment = new iot.CfnThingPrincipalAttachment(this.certificate, `Thing:${this.idOf(thing)}`, {
      thingName,
      principal: this.certificate.certificateArn,
      thingPrincipalType: exclusive ? 'EXCLUSIVE_THING' : 'NON_EXCLUSIVE_THING',
    });
    detachBeforeDelete(attachment, thing, thingName);
  }

  /**
   * An id that stays the same wherever else the app changes: a renamed attachment is created again and then deleted
   * under its old name, which detaches the device.
   */
  private idOf(target: IConstruct): string {
    const { stack } = this.certificate;
    return target.node.scopes.includes(stack) ? target.node.path.slice(stack.node.path.length + 1) : target.node.path;
  }

  private requireSameEnvironment(target: iot.IPolicyRef | iot.IThingRef): void {
    for (const part of ['account', 'region'] as const) {
      const [own, other] = [this.certificate.env[part], target.env[part]];
      if (Token.compareStrings(own, other) === TokenComparison.DIFFERENT) {
        throw this.fail(
          `a certificate must be in the same ${part} as what is attached to it, got ${own} for the certificate `
          + `and ${other} for ${target.node.path}`,
        );
      }
    }
  }

  private fail(message: string): Error {
    return invalid(this.certificate, message);
  }
}

/**
 * AWS IoT refuses to delete a thing or a policy with a certificate attached. CloudFormation detaches it first where the
 * attachment refers to the resource; a name that is no reference to it takes a dependency, which costs at synthesis.
 *
 * Only the resource itself is depended on: a construct may contain certificates, and their attachments, of its own.
 */
function detachBeforeDelete(attachment: CfnResource, target: IConstruct, name: string): void {
  const resource = target.node.defaultChild ?? target;
  const reference = Tokenization.reverse(name, { failConcat: false });
  if (!Reference.isReference(reference) || reference.target !== resource || Stack.of(resource) !== attachment.stack) {
    attachment.node.addDependency(resource);
  }
}
