import { Duration, Lazy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct, IConstruct, Node } from 'constructs';
import { AllowList } from './allow-list';
import { KeyGeneration } from './claim-statements';
import { OverrideSetting, type ThingOverrideSettings } from './override-setting';
import type { ProvisionedDeviceProps, ProvisioningParameter } from './provisioning-props';
import { TemplatePattern } from './template-pattern';
import { iotArn } from '../private/arns';
import { invalid } from '../private/errors';
import { PackageFunction } from '../private/package-function';

/** AWS IoT waits no longer. https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html */
const TIMEOUT = Duration.seconds(5);

/** Properties for a hook that lets in devices on a list. */
export interface AllowListHookProps {
  /**
   * The devices that may be provisioned.
   *
   * @default - a new, empty list
   */
  readonly allowList?: AllowList;

  /**
   * The template parameter that has the serial number of the device.
   *
   * @default 'SerialNumber'
   */
  readonly serialNumberParameter?: string;

  /**
   * Parameters whose values devices choose, such as the version of their firmware. All others come from the list.
   *
   * Do not let a policy depend on them. They cannot be part of the name of a thing.
   *
   * @default - none
   */
  readonly uncheckedParameters?: string[];

  /**
   * The client id that a device must ask with, in which `{NAME}` stands for a parameter, as in `claim-{SerialNumber}`.
   *
   * @default - any that the claim lets it have
   */
  readonly clientId?: string;

  /**
   * The ids of the claim certificates that devices may come with. The list can tell which one goes with which device.
   *
   * @default - any that AWS IoT lets ask for the template
   */
  readonly claimCertificateIds?: string[];
}

/** What a template tells its hook. */
export interface HookedTemplate {
  readonly scope: IConstruct;
  readonly templateName: string;
  readonly props: Pick<ProvisionedDeviceProps, 'thingName'>;
  readonly parameters: { readonly [name: string]: ProvisioningParameter };
  readonly keyGeneration: KeyGeneration;
}

/**
 * A pre-provisioning hook that lets in the devices on a list, each with one key and one thing.
 *
 * A device must have a serial number that is on the list and not blocked. The first one that comes with a serial number
 * has its public key written down, and nobody else gets in with it, not even with the claim certificate, until an operator
 * releases it: see `AllowList`. What the name and the attributes of the thing are made of comes from the list. A thing that
 * was there before is not taken over.
 *
 * The same device may come again, because it lost power half-way or its certificate: the certificate of the earlier try is
 * deactivated, detached and deleted, so that there is one certificate and one thing in the end. A device whose certificate
 * somebody has deactivated or revoked does not get in again that way. Delete a certificate to let the device come again;
 * to shut it out, block the serial number.
 *
 * With keys that are made in AWS there is another key each time, and nothing to tell a device by. Then a serial number can
 * be used again while its certificate has never been active: AWS IoT deletes such a certificate after an hour. So whoever
 * comes first with a serial number has it; let devices make their keys.
 *
 * Refused devices are logged, one line each, with the reason.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html
 */
export class AllowListHook extends lambda.FunctionBase {
  /** The devices that may be provisioned. */
  public readonly allowList: AllowList;

  public readonly functionName: string;
  public readonly functionArn: string;
  public readonly role?: iam.IRole;
  public readonly grantPrincipal: iam.IPrincipal;
  public readonly permissionsNode: Node;
  public readonly architecture: lambda.Architecture;
  public readonly tenancyConfig?: lambda.TenancyConfig;
  public readonly resourceArnsForGrantInvoke: string[];
  protected readonly canCreatePermissions = true;

  private readonly serialNumberParameter: string;
  private readonly unchecked: readonly string[];
  private readonly clientId: string | undefined;
  private readonly templates: HookedTemplate[] = [];

  constructor(scope: Construct, id: string, props: AllowListHookProps = {}) {
    super(scope, id);

    this.serialNumberParameter = props.serialNumberParameter ?? 'SerialNumber';
    this.unchecked = props.uncheckedParameters ?? [];
    this.clientId = props.clientId;
    if (this.unchecked.includes(this.serialNumberParameter)) {
      throw invalid(this, `'uncheckedParameters' must not have the serial number, '${this.serialNumberParameter}'`);
    }
    this.allowList = props.allowList ?? new AllowList(this, 'AllowList');
    const { function: inner, role } = new PackageFunction(this, 'Default', {
      handler: 'check-allow-list',
      description: 'Lets in the devices on a list',
      timeout: TIMEOUT,
      wildcards: 'Ids of certificates are known only when they exist, and the names of things follow the patterns of the templates',
      environment: {
        ALLOW_LIST_TABLE: () => this.allowList.table.tableName,
        SERIAL_NUMBERS: () => this.allowList._serialNumbers,
        SETTINGS: () => this.settings(props),
      },
    });
    this.allowList._grantBinding(role);
    this.functionName = inner.functionName;
    this.functionArn = inner.functionArn;
    this.role = role;
    this.grantPrincipal = role;
    this.permissionsNode = inner.node;
    this.architecture = inner.architecture;
    this.resourceArnsForGrantInvoke = inner.resourceArnsForGrantInvoke;
  }

  /**
   * Learns about a template that asks this hook.
   *
   * @internal
   */
  public _addTemplate(template: HookedTemplate): void {
    this.requireTemplate(template);
    if (this.templates.length === 0) {
      this.permitRetiring();
    }
    this.templates.push(template);
  }

  private settings({ claimCertificateIds = [] }: AllowListHookProps): object {
    return {
      templates: this.templates.map(({ templateName, props, parameters, keyGeneration }) => ({
        templateName,
        thingName: props.thingName,
        parameters: Object.fromEntries(Object.entries(parameters).map(([name, { defaultValue }]) => [name, defaultValue ?? null])),
        keysInAws: keyGeneration === KeyGeneration.IN_AWS,
      })),
      serialNumberParameter: this.serialNumberParameter,
      uncheckedParameters: this.unchecked,
      clientId: this.clientId,
      claimCertificateIds,
    };
  }

  /** Only certificates that the list names are retired, and only from things of the templates. */
  private permitRetiring(): void {
    const certificates = [iotArn(this, 'cert', '*')];
    const things = Lazy.list({
      produce: () => this.templates.map(({ scope, props }) => iotArn(this, 'thing', TemplatePattern.parse(scope, 'thingName', props.thingName).fill(() => '*'))),
    });
    this.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({
      actions: ['iot:DeleteCertificate', 'iot:DescribeCertificate', 'iot:ListPrincipalThings', 'iot:UpdateCertificate'],
      resources: certificates,
    }));
    this.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({ actions: ['iot:DetachThingPrincipal'], resources: certificates }));
    this.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({ actions: ['iot:DescribeThing', 'iot:DetachThingPrincipal'], resources: things }));
  }

  private requireTemplate({ scope, props, parameters }: HookedTemplate): void {
    const serialNumber = this.serialNumberParameter;
    if (parameters[serialNumber] === undefined || parameters[serialNumber].defaultValue !== undefined) {
      throw invalid(scope, `'parameters' must declare '${serialNumber}', the serial number that the hook looks up, without a default value`);
    }
    const inName = TemplatePattern.parse(scope, 'thingName', props.thingName).parameters;
    if (!inName.includes(serialNumber)) {
      throw invalid(scope, `'thingName' must contain {${serialNumber}}, which the hook looks up, got ${JSON.stringify(props.thingName)}`);
    }
    const free = inName.find((name) => this.unchecked.includes(name) || parameters[name] === undefined);
    if (free !== undefined) {
      throw invalid(scope, `'thingName' must not contain {${free}}, which the hook does not check, got ${JSON.stringify(props.thingName)}`);
    }
    const unknown = TemplatePattern.parse(this, 'clientId', this.clientId ?? '').parameters.find((name) => parameters[name] === undefined);
    if (unknown !== undefined) {
      throw invalid(scope, `'parameters' must declare '${unknown}', which the client id of the hook has, got ${Object.keys(parameters).join(', ')}`);
    }
  }
}

/**
 * What happens to a thing that exists when this hook has let a device in: what a try before has left out is added.
 *
 * The hook makes sure that the thing is the device's own; with `FAIL`, a device that was killed after its thing had been
 * created could never come again. What does not exist in the template is left alone, which takes no permission.
 */
export function overridesWithAllowList({ attributes, thingGroups }: Pick<ProvisionedDeviceProps, 'attributes' | 'thingGroups'>): Required<ThingOverrideSettings> {
  return {
    attributePayload: attributes === undefined ? OverrideSetting.DO_NOTHING : OverrideSetting.MERGE,
    thingTypeName: OverrideSetting.DO_NOTHING,
    thingGroups: thingGroups === undefined ? OverrideSetting.DO_NOTHING : OverrideSetting.MERGE,
  };
}
