import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type * as iot from 'aws-cdk-lib/aws-iot';
import type { IEnvironmentAware } from 'aws-cdk-lib/interfaces';
import type { Construct, IConstruct } from 'constructs';
import { iotArn } from '../private/arns';
import { HandlerFunction, type HandlerKind } from '../private/custom-resource';
import { invalid } from '../private/errors';

/** What one function can work through in a quarter of an hour, at the rate that AWS IoT allows. */
const MAX_THINGS = 1000;

/**
 * A role takes inline policies of 10,240 characters together, of which an update needs two generations. An ARN of a
 * thing has up to 190.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const MAX_NAMED_THINGS = 20;

/** How many things the custom resources of one function name. */
const COUNTS = new WeakMap<HandlerFunction, Things[]>();

/** The things of a membership. */
export class Things {
  private readonly things = new Map<string, iot.IThingRef>();
  private readonly lists: Things[];

  constructor(private readonly scope: Construct, kind: HandlerKind) {
    const handler = HandlerFunction.of(scope, kind);
    this.lists = COUNTS.get(handler) ?? [];
    this.lists.push(this);
    COUNTS.set(handler, this.lists);
  }

  /** Adds a thing, once. */
  public add(thing: iot.IThingRef): void {
    const { thingName } = thing.thingRef;
    if (this.things.has(thingName)) {
      return;
    }
    if (this.things.size === MAX_THINGS) {
      throw invalid(this.scope, `'things' must have at most ${MAX_THINGS} entries, got one more; divide them, or let a provisioning template do it when things are registered`);
    }
    requireSameEnvironment(this.scope, thing);
    this.things.set(thingName, thing);
  }

  /** The names in the order of the constructs: another order would be an update. */
  public get names(): string[] {
    return namesByPath(this.things);
  }

  /**
   * The ARNs to permit actions on: of these things, or of all things where the names would not fit into the policies of
   * a role.
   */
  public get arns(): string[] {
    const named = this.lists.reduce((sum, { things }) => sum + things.size, 0);
    return named > MAX_NAMED_THINGS ? [iotArn(this.scope, 'thing', '*')] : this.names.map((name) => iotArn(this.scope, 'thing', name));
  }
}

/** Names as they follow from the paths of the constructs, and not from the numbers of tokens. */
export function namesByPath(targets: ReadonlyMap<string, IConstruct>): string[] {
  return [...targets].sort(([, a], [, b]) => (a.node.path < b.node.path ? -1 : 1)).map(([name]) => name);
}

/** Fails for a resource that cannot be reached from the Region and account of the scope. */
export function requireSameEnvironment(scope: Construct, target: IConstruct & IEnvironmentAware): void {
  const stack = Stack.of(scope);
  for (const part of ['account', 'region'] as const) {
    if (Token.compareStrings(stack[part], target.env[part]) === TokenComparison.DIFFERENT) {
      throw invalid(scope, `${target.node.path} must be in the ${part} of the stack, ${stack[part]}, got ${target.env[part]}`);
    }
  }
}
