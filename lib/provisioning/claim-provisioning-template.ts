import type { Construct, IConstruct } from 'constructs';
import { claimStatements, KeyGeneration } from './claim-statements';
import { fleetOptions, type FleetProvisioningOptions, type FleetProvisioningTemplateProps } from './fleet-provisioning';
import { OwnedTemplate } from './owned-template';
import { IotPolicy, type IotPolicyStatement } from '../access';
import type { IDeviceCertificate } from '../certificates';
import { invalid } from '../private/errors';
import { requireText } from '../private/text';
import { REGISTRY_NAME } from '../registry/limits';
import { PayloadFormat } from '../topics';

const DEFAULT_CLIENT_ID_PREFIX = 'claim-';

/** What provisioning by claim adds to what fleet provisioning takes. */
export interface ClaimProvisioningOptions extends FleetProvisioningOptions {
  /**
   * Whether whoever has the claim certificate may have any number of identities, under names of their choice.
   *
   * It takes the place of `hook`. All devices have the same claim certificate, so that it is out as soon as one device
   * is taken apart; the hook is what tells devices from others then.
   *
   * @default false
   */
  readonly acceptAnyDevice?: boolean;

  /**
   * Where the key pair of a device is made.
   *
   * @default KeyGeneration.ON_DEVICE
   */
  readonly keyGeneration?: KeyGeneration;

  /**
   * How devices write what they send.
   *
   * @default [PayloadFormat.JSON]
   */
  readonly payloadFormats?: PayloadFormat[];

  /**
   * What the client ids begin with that devices use until they are provisioned.
   *
   * Things must be named otherwise, or the holder of a claim certificate could throw them off their connection. Have each
   * device add something random, as AWS IoT closes a connection when another one uses its client id.
   *
   * @default 'claim-'
   */
  readonly claimClientIdPrefix?: string;
}

/** Properties for provisioning devices by claim. */
export interface ClaimProvisioningTemplateProps extends ClaimProvisioningOptions, FleetProvisioningTemplateProps {}

/**
 * Defines a provisioning template for devices that share one claim certificate from the factory on.
 *
 * With the claim certificate a device asks for one of its own, and for a thing to go with it; then it connects with that.
 * The claim certificate can do nothing else, and must be inactivated when it is misused. AWS IoT provisions 10 devices
 * per second in an account: let devices wait a random while before they try again.
 *
 * @resource AWS::IoT::ProvisioningTemplate
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/provision-wo-cert.html#claim-based
 */
export class ClaimProvisioningTemplate extends OwnedTemplate {
  /** The policies for claim certificates; each claim certificate needs all of them. */
  public readonly claimPolicies: IotPolicy[];

  private readonly statements: IotPolicyStatement[];

  constructor(scope: Construct, id: string, props: ClaimProvisioningTemplateProps) {
    const options = fleetOptions(props);
    super(scope, id, props, {
      ...options,
      keyGeneration: props.keyGeneration ?? KeyGeneration.ON_DEVICE,
      check: (template) => {
        options.check?.(template);
        requireClaimProps(template, props);
      },
    });

    this.statements = claimStatements({
      templateName: this._knownName,
      clientIdPrefix: props.claimClientIdPrefix ?? DEFAULT_CLIENT_ID_PREFIX,
      keyGeneration: props.keyGeneration ?? KeyGeneration.ON_DEVICE,
      payloadFormats: props.payloadFormats ?? [PayloadFormat.JSON],
    });
    this.claimPolicies = IotPolicy.split(this, 'ClaimPolicy', { statements: this.statements });
  }

  /** Returns what `claimPolicies` say, for a policy of your own. */
  public claimStatements(): IotPolicyStatement[] {
    return [...this.statements];
  }

  /** Lets the devices that have a certificate use it as claim certificate. Do not attach a thing to it. */
  public addClaimCertificate(certificate: IDeviceCertificate): void {
    for (const policy of this.claimPolicies) {
      certificate.attachPolicy(policy);
    }
  }
}

function requireClaimProps(template: IConstruct, props: ClaimProvisioningTemplateProps): void {
  const { acceptAnyDevice = false, hook, payloadFormats, thingName, claimClientIdPrefix = DEFAULT_CLIENT_ID_PREFIX } = props;
  if (!hook && !acceptAnyDevice) {
    throw invalid(
      template,
      "'hook' must be given: without it, whoever has the claim certificate can provision any number of devices; to allow just that, set 'acceptAnyDevice'",
    );
  }
  if (hook && acceptAnyDevice) {
    throw invalid(template, "'acceptAnyDevice' must not be set together with a 'hook', which decides about devices");
  }
  if (payloadFormats?.length === 0) {
    throw invalid(template, "'payloadFormats' must have at least one entry, got none");
  }
  requireText(template, 'claimClientIdPrefix', claimClientIdPrefix, REGISTRY_NAME);
  if (thingName.startsWith(claimClientIdPrefix)) {
    throw invalid(
      template,
      `'thingName' must not begin with 'claimClientIdPrefix', "${claimClientIdPrefix}": with the claim certificate, anyone could connect in the place of a device`,
    );
  }
}
