import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import type { IConstruct } from 'constructs';
import { OverrideSetting, type ThingOverrideSettings } from './override-setting';
import type { ProvisionedDeviceProps, ProvisioningParameter } from './provisioning-props';
import { TemplatePattern, withLongestTokens, type TemplateValue } from './template-pattern';
import { invalid } from '../private/errors';
import { requireText } from '../private/text';
import { MAX_ATTRIBUTES_WITHOUT_TYPE, REGISTRY_NAME, requireAttributes } from '../registry/limits';

/** The parameter that has a value in every template: the certificate that the device gets or came with. */
export const CERTIFICATE_ID = 'AWS::IoT::Certificate::Id';

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html, as all of these */
const MAX_BODY_BYTES = 10240;
const MAX_POLICIES = 10;
const MAX_GROUPS = 10;
const MAX_ATTRIBUTES_WITH_TYPE = 50;

/** As a thing name, with parameters in it; how long it gets is not known before. */
const THING_NAME_PATTERN = {
  pattern: /^(?:[a-zA-Z0-9:_-]|\{[^{}]+\})+$/,
  characters: 'a-z, A-Z, 0-9, ":", "_", "-" and parameters in braces',
  maxLength: Infinity,
};

/** What a way to provision adds to what all have in common. */
export interface BodyOptions {
  /** The parameters that have a value besides the id of the certificate. */
  readonly parameters: { readonly [name: string]: ProvisioningParameter };

  /** What an error says about a parameter that is not among them. */
  readonly missing: string;

  /** The parameters of which at least one must be in the name of a thing. */
  readonly identifying: readonly string[];

  /** What becomes of a parameter that nothing refers to. */
  readonly unused: 'declare' | 'leave-out' | 'refuse';

  readonly deviceConfiguration?: { readonly [key: string]: string };

  /**
   * What happens to a thing that exists, where nothing else is asked for.
   *
   * @default - the device is refused
   */
  readonly overrides?: Required<ThingOverrideSettings>;

  /**
   * What the certificate is made of, where it does not exist yet.
   *
   * @default - the certificate exists, and `AWS::IoT::Certificate::Id` is its id
   */
  readonly certificate?: { readonly [property: string]: { readonly Ref: string } };
}

/** The body of a provisioning template: checked, and written as AWS IoT takes it. */
export class TemplateBody {
  public readonly thingName: TemplatePattern;
  public readonly overrides: Required<ThingOverrideSettings>;
  private readonly used = new Set<string>();
  private readonly attributes: readonly (readonly [string, TemplatePattern])[];
  private readonly configuration: readonly (readonly [string, TemplatePattern])[];

  constructor(private readonly scope: IConstruct, private readonly props: ProvisionedDeviceProps, private readonly options: BodyOptions) {
    this.thingName = this.parse('thingName', props.thingName);
    this.attributes = this.parseAll('attributes', props.attributes);
    this.configuration = this.parseAll('deviceConfiguration', options.deviceConfiguration);
    // AWS does not say whether a setting counts for a part that the template leaves out. So the role may not update
    // things either unless one of the settings says so.
    this.overrides = {
      attributePayload: OverrideSetting.FAIL,
      thingTypeName: OverrideSetting.FAIL,
      thingGroups: OverrideSetting.FAIL,
      ...options.overrides,
      ...props.overrideSettings,
    };
    this.requireParameters();
    this.requireThing();
    this.requirePrincipal();
    this.requireNeighbours();
  }

  /** The body as JSON text. */
  public render(): string {
    const body = this.document();
    const size = Buffer.byteLength(withLongestTokens(JSON.stringify(body)));
    if (size > MAX_BODY_BYTES) {
      throw invalid(this.scope, `the template may take ${size} bytes, AWS IoT allows ${MAX_BODY_BYTES}; shorten attributes, configuration and defaults`);
    }
    return Stack.of(this.scope).toJsonString(body);
  }

  private document(): object {
    const { thingType, thingGroups, billingGroup, policies } = this.props;
    const { certificate = { CertificateId: { Ref: CERTIFICATE_ID } } } = this.options;
    const parameters = [...this.given(), ...Object.keys(this.options.parameters).filter((name) => this.options.unused === 'declare' || this.used.has(name))];
    return {
      Parameters: Object.fromEntries(parameters.map((name) => [name, { Type: 'String', Default: this.options.parameters[name]?.defaultValue }])),
      Resources: {
        thing: {
          Type: 'AWS::IoT::Thing',
          Properties: {
            ThingName: this.thingName.render(),
            AttributePayload: renderAll(this.attributes),
            ThingTypeName: thingType?.thingTypeRef.thingTypeName,
            ThingGroups: thingGroups?.map((group) => group.thingGroupRef.thingGroupName),
            BillingGroup: billingGroup?.billingGroupRef.billingGroupName,
          },
          OverrideSettings: {
            AttributePayload: this.overrides.attributePayload,
            ThingTypeName: this.overrides.thingTypeName,
            ThingGroups: this.overrides.thingGroups,
          },
        },
        certificate: {
          Type: 'AWS::IoT::Certificate',
          Properties: { ...certificate, Status: 'ACTIVE', ThingPrincipalType: 'EXCLUSIVE_THING' },
        },
        ...Object.fromEntries(policies.map((policy, index) => [
          index === 0 ? 'policy' : `policy${index + 1}`,
          { Type: 'AWS::IoT::Policy', Properties: { PolicyName: policy.policyRef.policyName } },
        ])),
      },
      DeviceConfiguration: renderAll(this.configuration),
    };
  }

  /** The parameters that AWS IoT gives a value without being told. */
  private given(): readonly string[] {
    return this.options.certificate ? [] : [CERTIFICATE_ID];
  }

  private parseAll(prop: string, texts: { readonly [name: string]: string } = {}): readonly (readonly [string, TemplatePattern])[] {
    return Object.entries(texts).map(([name, text]) => [name, this.parse(`${prop}.${name}`, text)]);
  }

  private parse(prop: string, text: string): TemplatePattern {
    const pattern = TemplatePattern.parse(this.scope, prop, text);
    const known = [...Object.keys(this.options.parameters), ...this.given()];
    for (const parameter of pattern.parameters) {
      this.used.add(parameter);
      if (!known.includes(parameter)) {
        throw invalid(this.scope, `'${prop}' uses the parameter '${parameter}', which ${this.options.missing}; there are: ${known.join(', ')}`);
      }
    }
    return pattern;
  }

  private requireParameters(): void {
    const idle = Object.keys(this.options.parameters).find((name) => !this.used.has(name));
    if (this.options.unused === 'refuse' && idle !== undefined) {
      throw invalid(this.scope, `the parameter '${idle}' must be used by the template or by a hook, got neither; remove it from 'parameters', or give a 'hook'`);
    }
    const joined = this.configuration.map(([, value]) => value).find((value) => !value.isSingle);
    if (joined) {
      throw invalid(this.scope, `'${joined.prop}' must be text or one parameter, as AWS IoT joins nothing there, got ${JSON.stringify(joined.text)}`);
    }
  }

  private requireThing(): void {
    const { scope, thingName, props, options } = this;
    requireText(scope, 'thingName', thingName.text, THING_NAME_PATTERN);
    if (!Token.isUnresolved(thingName.text)) {
      requireText(scope, 'thingName', thingName.fill(() => 'x'), REGISTRY_NAME);
    }
    if (!thingName.parameters.some((parameter) => options.identifying.includes(parameter))) {
      const got = JSON.stringify(thingName.text);
      throw invalid(scope, `'thingName' must contain a parameter that differs between devices, one of ${options.identifying.join(', ')}, got ${got}`);
    }
    const [max, tooMany] = props.thingType === undefined
      ? [MAX_ATTRIBUTES_WITHOUT_TYPE, "AWS IoT keeps more for things with a type; set 'thingType'"] as const
      : [MAX_ATTRIBUTES_WITH_TYPE, 'AWS IoT keeps no more for a thing'] as const;
    // Brackets may stand in a value, so that a message shows where the parameters are.
    const values = this.attributes.map(([name, value]) => [name, value.fill((parameter) => `[${parameter}]`)]);
    requireAttributes(scope, Object.fromEntries(values) as Record<string, string>, max, tooMany);
    if (this.overrides.thingTypeName === OverrideSetting.MERGE) {
      throw invalid(scope, "'overrideSettings.thingTypeName' must be FAIL, DO_NOTHING or REPLACE, got MERGE");
    }
  }

  private requirePrincipal(): void {
    const { policies, thingGroups = [] } = this.props;
    if (policies.length > MAX_POLICIES || (policies.length === 0 && thingGroups.length === 0)) {
      throw invalid(this.scope, `'policies' must have 1 to ${MAX_POLICIES} entries, got ${policies.length}`);
    }
    if (thingGroups.length > MAX_GROUPS) {
      throw invalid(this.scope, `'thingGroups' must have at most ${MAX_GROUPS} entries, got ${thingGroups.length}`);
    }
    const dynamic = thingGroups.find(isDynamic);
    if (dynamic) {
      throw invalid(this.scope, `'thingGroups' must be static thing groups, got the dynamic one at ${dynamic.node.path}`);
    }
  }

  /** A template names what it uses, and AWS IoT looks for it in the template's own account and Region. */
  private requireNeighbours(): void {
    const { policies, thingType, thingGroups = [], billingGroup } = this.props;
    const env = Stack.of(this.scope);
    for (const other of [...policies, ...thingGroups, ...thingType ? [thingType] : [], ...billingGroup ? [billingGroup] : []]) {
      for (const part of ['account', 'region'] as const) {
        if (Token.compareStrings(env[part], other.env[part]) === TokenComparison.DIFFERENT) {
          throw invalid(this.scope, `a template must be in the same ${part} as what it names, got ${env[part]} for the template and ${other.env[part]} for ${other.node.path}`);
        }
      }
    }
  }
}

function renderAll(entries: readonly (readonly [string, TemplatePattern])[]): { [name: string]: TemplateValue } | undefined {
  return entries.length === 0 ? undefined : Object.fromEntries(entries.map(([name, value]) => [name, value.render()]));
}

function isDynamic(group: iot.IThingGroupRef): boolean {
  const resource = group.node.defaultChild ?? group;
  return iot.CfnThingGroup.isCfnThingGroup(resource) && resource.queryString !== undefined;
}
