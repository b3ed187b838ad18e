import * as iam from 'aws-cdk-lib/aws-iam';
import type * as iot from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { AccountSetting, AccountSettingRemoval } from './account-setting';
import { requireActiveAuthorizer } from '../private/active-authorizer';
import { iotArn } from '../private/arns';
import { NO_RESOURCE } from '../private/custom-resource';
import { requireOnlyOne } from '../private/only-one';
import { requireSameEnvironment } from '../private/same-environment';

const KIND = { name: 'set-default-authorizer', description: 'Sets the default authorizer of AWS IoT' };

/** Properties for the default authorizer. */
export interface DefaultAuthorizerProps {
  /** The authorizer that decides on connections that name none: in the same account and Region, and active. */
  readonly authorizer: iot.IAuthorizerRef;

  /**
   * Whether an authorizer that somebody else has made the default gives way. It comes back when this construct leaves
   * the stack.
   *
   * @default false
   */
  readonly overwrite?: boolean;
}

/**
 * Makes an authorizer the default of the account in this Region, for connections to the built-in endpoint that name no
 * authorizer. An own domain has a default of its own.
 *
 * Deployment fails where another is the default already. When the construct leaves the stack the place is cleared, unless
 * somebody else has taken it since: AWS IoT does not delete an authorizer that is the default.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-setup.html
 */
export class DefaultAuthorizer extends Construct {
  constructor(scope: Construct, id: string, props: DefaultAuthorizerProps) {
    super(scope, id);

    requireOnlyOne(this, (other) => other instanceof DefaultAuthorizer);
    requireSameEnvironment(this, 'authorizer', props.authorizer);
    requireActiveAuthorizer(this, 'authorizer', props.authorizer);
    const { authorizerName } = props.authorizer.authorizerRef;
    const overwrite = props.overwrite ?? false;
    new AccountSetting(this, 'Setting', {
      kind: KIND,
      resourceType: 'IotDefaultAuthorizer',
      wanted: { authorizerName },
      onRemoval: AccountSettingRemoval.RESTORE,
      overwrite,
      readPermissions: () => [new iam.PolicyStatement({ actions: ['iot:DescribeDefaultAuthorizer'], resources: [NO_RESOURCE] })],
      writePermissions: () => [
        // To put another's back, it must be allowed to set any.
        new iam.PolicyStatement({ actions: ['iot:SetDefaultAuthorizer'], resources: [iotArn(this, 'authorizer', overwrite ? '*' : authorizerName)] }),
        new iam.PolicyStatement({ actions: ['iot:ClearDefaultAuthorizer'], resources: [NO_RESOURCE] }),
      ],
    });
  }
}
