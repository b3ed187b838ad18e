import { Names, PhysicalName, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct, IConstruct } from 'constructs';
import { AllowListHook } from './allow-list-hook';
import { KeyGeneration } from './claim-statements';
import type { CommonProvisioningTemplateProps } from './provisioning-props';
import { defineProvisioningRole } from './provisioning-role';
import { ProvisioningTemplate, TEMPLATE_NAME } from './provisioning-template';
import { TemplateBody, type BodyOptions } from './template-body';
import { iotArn } from '../private/arns';
import { requireText, type TextRule } from '../private/text';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateProvisioningTemplate.html */
const DESCRIPTION: TextRule = { pattern: /^\P{C}*$/u, characters: 'one line without control characters', maxLength: 500 };

/** The only version there is. https://docs.aws.amazon.com/iot/latest/developerguide/pre-provisioning-hook.html */
const HOOK_PAYLOAD_VERSION = '2020-04-01';

/** The value of `TemplateType`, which cannot change. */
export enum TemplateType {
  FLEET_PROVISIONING = 'FLEET_PROVISIONING',
  JITP = 'JITP',
}

/** What a way to provision adds to what all have in common. */
export interface TemplateOptions extends BodyOptions {
  readonly type: TemplateType;
  readonly hook?: lambda.IFunction | undefined;

  /** Where the keys of devices are made; nobody knows what a trusted user does, and `AllowListHook` takes the safe way then. */
  readonly keyGeneration?: KeyGeneration;

  /** Fails where the properties of this way to provision contradict each other. */
  readonly check?: (template: IConstruct) => void;
}

/**
 * A provisioning template that this app defines, with its role and the permission for AWS IoT to call the hook.
 *
 * @internal
 */
export abstract class OwnedTemplate extends ProvisioningTemplate {
  public readonly templateName: string;
  public readonly templateArn: string;

  /** The role that AWS IoT provisions devices with; it may do what the template takes and nothing else. */
  public readonly provisioningRole: iam.IRole;

  /**
   * The name without a reference to the template, for what the template itself depends on.
   *
   * @internal
   */
  protected readonly _knownName: string;

  constructor(scope: Construct, id: string, props: CommonProvisioningTemplateProps, private readonly options: TemplateOptions) {
    super(scope, id, { physicalName: props.templateName ?? PhysicalName.GENERATE_IF_NEEDED });

    options.check?.(this);
    requireText(this, 'templateName', props.templateName, TEMPLATE_NAME);
    requireText(this, 'description', props.description, DESCRIPTION);
    const body = new TemplateBody(this, props, options);
    const templateBody = body.render();

    const given = props.templateName === PhysicalName.GENERATE_IF_NEEDED ? undefined : props.templateName;
    this._knownName = given ?? this.generatePhysicalName();
    const knownArn = iotArn(this, 'provisioningtemplate', this._knownName);
    this.provisioningRole = defineProvisioningRole(this, knownArn, props, body);
    const resource = new iot.CfnProvisioningTemplate(this, 'Resource', {
      templateName: this._knownName,
      templateType: options.type,
      templateBody,
      description: props.description,
      enabled: props.enabled ?? true,
      provisioningRoleArn: this.provisioningRole.roleArn,
      preProvisioningHook: options.hook && { targetArn: options.hook.functionArn, payloadVersion: HOOK_PAYLOAD_VERSION },
    });
    if (options.hook) {
      this.permitHook(options.hook, knownArn, resource);
    }
    if (options.hook instanceof AllowListHook) {
      options.hook._addTemplate({
        scope: this,
        templateName: this._knownName,
        props,
        parameters: options.parameters,
        keyGeneration: options.keyGeneration ?? KeyGeneration.ON_DEVICE,
      });
    }

    this.templateName = this.getResourceNameAttribute(resource.ref);
    this.templateArn = this.getResourceArnAttribute(resource.attrTemplateArn, {
      service: 'iot',
      resource: 'provisioningtemplate',
      resourceName: this.physicalName,
    });
  }

  /** Makes the name of a template that is given none. */
  protected override generatePhysicalName(): string {
    // The type cannot change, so that a template of another type takes another name.
    const suffix = this.options.type === TemplateType.JITP ? '-jitp' : '';
    const maxLength = TEMPLATE_NAME.maxLength - suffix.length;
    return Names.uniqueResourceName(this, { maxLength, separator: '-', allowedSpecialCharacters: '_-' }) + suffix;
  }

  /** Before the template exists, so that no device finds a hook that AWS IoT may not call yet. */
  private permitHook(hook: lambda.IFunction, templateArn: string, template: iot.CfnProvisioningTemplate): void {
    hook.addPermission('HookPermission', {
      scope: this,
      principal: new iam.ServicePrincipal('iot.amazonaws.com'),
      sourceAccount: Stack.of(this).account,
      sourceArn: templateArn,
    });
    const permission = this.node.tryFindChild('HookPermission');
    if (permission) {
      template.node.addDependency(permission);
    }
  }
}
