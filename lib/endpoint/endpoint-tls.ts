import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { requireTlsPolicy, type TlsSecurityPolicy } from './tls-security-policy';
import { AccountSettingRemoval } from '../account';
import { AccountSetting } from '../account/account-setting';
import { iotArn } from '../private/arns';
import { invalid } from '../private/errors';
import { requireOnlyOne } from '../private/only-one';

const KIND = { name: 'configure-endpoint-tls', description: 'Sets the TLS policies of the endpoints of AWS IoT' };

/** The endpoints of an account by prop, as AWS IoT calls their domain configurations. */
const ENDPOINTS = { data: 'iot:Data-ATS', credentialProvider: 'iot:CredentialProvider', jobs: 'iot:Jobs' } as const;

/** Properties for the TLS policies of the endpoints that an account has. */
export interface EndpointTlsProps {
  /**
   * The policy of the endpoint for MQTT and HTTPS, `iot:Data-ATS`.
   *
   * @default - stays as it is
   */
  readonly data?: TlsSecurityPolicy;

  /**
   * The policy of the endpoint where devices get AWS credentials, `iot:CredentialProvider`.
   *
   * @default - stays as it is
   */
  readonly credentialProvider?: TlsSecurityPolicy;

  /**
   * The policy of the endpoint for jobs alone, `iot:Jobs`.
   *
   * @default - stays as it is
   */
  readonly jobs?: TlsSecurityPolicy;

  /**
   * Whether a policy may be one that keeps all devices from TLS 1.3.
   *
   * @default false
   */
  readonly allowLegacyTls?: boolean;

  /**
   * What becomes of the policies when this construct leaves the stack.
   *
   * @default AccountSettingRemoval.RESTORE
   */
  readonly onRemoval?: AccountSettingRemoval;
}

/**
 * Sets which versions of TLS the endpoints of the account in this Region agree to: accounts that are older than TLS 1.3 on
 * AWS IoT have kept what they had. How clients authenticate there stays as port and ALPN say; for anything else, define a
 * domain of your own.
 *
 * All devices of the account are affected, those of other stacks too: one that has no version or cipher in common with the
 * endpoint is locked out. Devices must send the server name (SNI) for it to count.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-endpoints-tls-config.html
 */
export class EndpointTls extends Construct {
  constructor(scope: Construct, id: string, props: EndpointTlsProps) {
    super(scope, id);

    requireOnlyOne(this, (other) => other instanceof EndpointTls);
    const declared = (Object.keys(ENDPOINTS) as (keyof typeof ENDPOINTS)[]).filter((prop) => props[prop] !== undefined);
    if (declared.length === 0) {
      throw invalid(this, `one of '${Object.keys(ENDPOINTS).join("', '")}' must be given, got none`);
    }
    for (const prop of declared) {
      requireTlsPolicy(this, prop, props[prop]!, props.allowLegacyTls ?? false);
    }

    new AccountSetting(this, 'Setting', {
      kind: KIND,
      resourceType: 'IotEndpointTls',
      wanted: Object.fromEntries(declared.map((prop) => [ENDPOINTS[prop], props[prop]])),
      onRemoval: props.onRemoval ?? AccountSettingRemoval.RESTORE,
      readPermissions: () => [this.permit('iot:DescribeDomainConfiguration', Object.values(ENDPOINTS))],
      writePermissions: () => [this.permit('iot:UpdateDomainConfiguration', declared.map((prop) => ENDPOINTS[prop]))],
    });
  }

  /** IAM documents ARNs that end with an id, and AWS IoT answers ARNs without one for its own configurations. */
  private permit(action: string, names: readonly string[]): iam.PolicyStatement {
    return new iam.PolicyStatement({
      actions: [action],
      resources: names.flatMap((name) => [name, `${name}/*`]).map((name) => iotArn(this, 'domainconfiguration', name)),
    });
  }
}
