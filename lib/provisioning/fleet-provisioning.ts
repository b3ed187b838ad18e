import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import { AllowListHook, overridesWithAllowList } from './allow-list-hook';
import { OverrideSetting } from './override-setting';
import { TemplateType, type TemplateOptions } from './owned-template';
import type { CommonProvisioningTemplateProps, ProvisioningOptions, ProvisioningParameter, ProvisioningTemplateOptions } from './provisioning-props';
import { CERTIFICATE_ID } from './template-body';
import { invalid } from '../private/errors';
import { requireText, type TextRule } from '../private/text';

/** AWS documents no rule. Names with a colon are its own. */
const PARAMETER_NAME: TextRule = { pattern: /^[\w.-]+$/, characters: 'one or more letters, digits and _.-', maxLength: 128 };

/** What provisioning by claim and by trusted user have in common, besides what a device becomes. */
export interface FleetProvisioningOptions extends ProvisioningOptions, ProvisioningTemplateOptions {
  /**
   * What a device tells about itself, by name, for example `{ SerialNumber: {} }`.
   *
   * `AWS::IoT::Certificate::Id` need not be declared. A parameter that nothing in the template refers to is for the hook.
   *
   * @default - no parameters
   */
  readonly parameters?: { [name: string]: ProvisioningParameter };

  /**
   * What a device is told when it has been provisioned: text, or one parameter such as `{Location}`.
   *
   * @default - nothing
   */
  readonly deviceConfiguration?: { [key: string]: string };

  /**
   * The function that AWS IoT asks about each device before it provisions it; the pre-provisioning hook.
   *
   * It gets `{ claimCertificateId, certificateId, certificatePem, templateArn, clientId, parameters }` and answers
   * `{ allowProvisioning: true, parameterOverrides: { … } }` within 5 seconds; anything else refuses the device. It must
   * refuse a device that lacks a parameter, or whose parameters are not what it can prove: a serial number that was used
   * before, or was never made. `AllowListHook` is one that is ready to use.
   *
   * To be rid of a hook, give the template another name: CloudFormation may leave a removed hook in place, and with its
   * function gone every device is refused.
   *
   * @default - no hook
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html
   */
  readonly hook?: lambda.IFunction;
}

/** What provisioning by claim and by trusted user have in common. */
export interface FleetProvisioningTemplateProps extends FleetProvisioningOptions, CommonProvisioningTemplateProps {}

/** What templates for fleet provisioning add to all others. */
export function fleetOptions(props: FleetProvisioningTemplateProps): TemplateOptions {
  const { parameters = {}, hook, deviceConfiguration } = props;
  const required = Object.keys(parameters).filter((name) => parameters[name]!.defaultValue === undefined);
  return {
    type: TemplateType.FLEET_PROVISIONING,
    parameters,
    missing: "'parameters' does not declare",
    identifying: [...required, CERTIFICATE_ID],
    unused: hook ? 'declare' : 'refuse',
    hook,
    ...deviceConfiguration && { deviceConfiguration },
    ...hook instanceof AllowListHook && { overrides: overridesWithAllowList(props) },
    check: (template) => requireFleetProps(template, props),
  };
}

function requireFleetProps(template: IConstruct, { parameters = {}, hook, overrideSettings = {} }: FleetProvisioningTemplateProps): void {
  for (const name of Object.keys(parameters)) {
    requireText(template, 'parameters', name, PARAMETER_NAME);
  }
  if (!hook && Object.values(overrideSettings).some((setting) => setting !== OverrideSetting.FAIL)) {
    throw invalid(template, "'overrideSettings' must be FAIL without a 'hook': nothing else keeps a device from taking the place of another");
  }
}
