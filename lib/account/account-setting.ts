import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';
import { HandlerResource, type HandlerKind } from '../private/custom-resource';
import { invalid } from '../private/errors';

/** What becomes of a setting of the account when the construct leaves the stack. */
export enum AccountSettingRemoval {
  /** It stays as it is: other stacks may have come to rely on it. */
  RETAIN = 'retain',
  /** It becomes what it was before, except where somebody else has changed it since. */
  RESTORE = 'restore',
}

const WILDCARDS = 'AWS IoT defines no resource for reading and writing settings, and what to put back is known only at deployment';

/** Properties for one setting of an account and Region. */
export interface AccountSettingProps {
  readonly kind: HandlerKind;
  readonly resourceType: string;
  /** The parts of the setting by name; the handler knows them. */
  readonly wanted: { readonly [part: string]: unknown };
  readonly onRemoval: AccountSettingRemoval;
  readonly overwrite?: boolean;
  readonly readPermissions: () => iam.PolicyStatement[];
  readonly writePermissions: () => iam.PolicyStatement[];
}

/**
 * A setting that an account has once in each Region.
 *
 * One custom resource keeps what it found, the other writes; `lambda/custom-resource/account-setting.ts` says why.
 */
export class AccountSetting extends Construct {
  constructor(scope: Construct, id: string, props: AccountSettingProps) {
    super(scope, id);

    const { kind, resourceType } = props;
    const before = new HandlerResource(this, 'Before', {
      kind,
      resourceType: `${resourceType}Before`,
      properties: { Step: 'remember' },
      permissions: props.readPermissions,
      wildcards: WILDCARDS,
    });
    new HandlerResource(this, 'Default', {
      kind,
      resourceType,
      properties: {
        Step: 'apply',
        Wanted: Stack.of(this).toJsonString(props.wanted),
        Before: before.ref,
        OnRemoval: props.onRemoval,
        Overwrite: String(props.overwrite ?? false),
      },
      permissions: () => [...props.readPermissions(), ...props.writePermissions()],
      wildcards: WILDCARDS,
    });
  }
}

/**
 * Fails for a second construct of a class in one account and Region of the app: they would overwrite each other.
 *
 * Stacks without an environment of their own are taken for the same one.
 */
export function requireOnlyOne(scope: Construct, isSame: (other: IConstruct) => boolean): void {
  const stack = Stack.of(scope);
  const other = scope.node.root.node.findAll().find((each) => each !== scope && isSame(each) && mayBeSameEnvironment(stack, Stack.of(each)));
  if (other) {
    throw invalid(
      scope,
      `an account has this setting once in each Region, and ${other.node.path} sets it already; declare it once, or give the stacks `
      + "an 'env' that tells them apart",
    );
  }
}

function mayBeSameEnvironment(a: Stack, b: Stack): boolean {
  return (['account', 'region'] as const).every((part) => Token.compareStrings(a[part], b[part]) !== TokenComparison.DIFFERENT);
}
