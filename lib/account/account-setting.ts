import { Stack } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { HandlerResource, type HandlerKind } from '../private/custom-resource';

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
