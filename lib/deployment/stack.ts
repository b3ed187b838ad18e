import { urlSuffixOf } from './account';
import { decide } from './conditions';
import type { Truth } from './conditions';
import { constructKey } from './construct-paths';
import { expand } from './identity';
import type { Identified } from './identity';
import { evaluate } from './intrinsics';
import type { Account, Resource } from './model';
import { resourceKey } from './known';
import type { Knowledge, KnownResource } from './known';
import { parameterValue } from './parameters';
import type { TemplateResource } from './parse-template';
import { fingerprint, uuid } from './physical-names';
import type { StackSource } from './read-assembly';
import { RESOURCE_TYPES } from './resource-types';
import type { Scope } from './scope';
import { asText, own, propertyOf } from './values';
import type { Json, JsonObject, Value } from './values';
import type { Work } from './work';
import { isUnknownPart, joinText } from '../policy/text';
import type { Text, UnknownPart } from '../policy/text';

/** What a stack needs from the deployment around it. */
export interface Surroundings {
  readonly work: Work;
  readonly account: Account;
  readonly knowledge: Knowledge;

  /** The value given for a parameter. */
  parameter(name: string): Value | undefined;
  imported(exportName: Text): Value | undefined;

  /** The stack of an `AWS::CloudFormation::Stack`, if its template can be found. */
  nested(parent: Stack, logicalId: string, around: Surroundings): Stack | undefined;
}

/** A stack whose values are resolved when asked for, each once. */
export class Stack implements Scope {
  public readonly path: string;
  public readonly work: Work;
  public readonly account: Account;
  private readonly memo = new Map<string, unknown>();

  constructor(public readonly source: StackSource, private readonly around: Surroundings) {
    this.path = source.path;
    this.work = around.work;
    this.account = around.account;
    for (const macro of source.template.macros) {
      this.work.unknown(`${this.path}/${macro}`, 'a macro runs in AWS; what it adds to the template is unknown');
    }
  }

  /** The resources that exist, or may exist, with all their properties. */
  public get resources(): Resource[] {
    return this.declared.map(([logicalId, resource]) => this.describe(logicalId, resource));
  }

  /** The stacks nested in it whose templates can be found. */
  public get nestedStacks(): Stack[] {
    return this.declared.flatMap(([logicalId]) => this.nestedStack(logicalId) ?? []);
  }

  public get id(): Text {
    const { partition, region, accountId } = this.account;
    const id = `stack/${this.source.name}/${uuid(fingerprint(this.path))}`;
    return joinText(['arn:', partition, ':cloudformation:', region, ':', accountId, ':', id]);
  }

  public ref(name: string, at: string): Value | undefined {
    const parameter = this.source.template.parameters.get(name);
    if (parameter !== undefined) {
      const path = `${this.path}/Parameters/${name}`;
      return this.once<Value>(path, () => parameterValue(parameter, this.around.parameter(name), this.work, path));
    }
    const pseudo = own(PSEUDO_PARAMETERS, name);
    return pseudo ? pseudo(this) : this.ofResource(name, at, () => this.physicalId(name, 'the physical ID is known only after deployment'));
  }

  public attribute(logicalId: string, attribute: string, at: string): Value {
    return this.ofResource(logicalId, at, () => {
      const path = `${this.path}/${logicalId}.${attribute}`;
      const nested = attribute.startsWith('Outputs.') ? this.nestedStack(logicalId) : undefined;
      if (nested) {
        return nested.output(attribute.slice('Outputs.'.length), path);
      }
      const given = own(this.known(logicalId).attributes ?? {}, attribute);
      if (given !== undefined || this.isPending(logicalId)) {
        return given ?? this.work.unknown(path, 'the resource does not exist yet');
      }
      const resource = this.identified(logicalId);
      const format = own(resource?.type.attributes ?? {}, attribute);
      return resource && format !== undefined
        ? expand(format, resource)
        : this.work.unknown(path, 'the attribute is known only after deployment');
    });
  }

  public condition(name: string, at: string): Truth {
    const path = `${this.path}/Conditions/${name}`;
    const expression = this.source.template.conditions.get(name);
    const truth = expression === undefined
      ? this.work.unknown(at, `there is no condition '${name}'`)
      : this.once(path, () => decide(expression, this, path));
    return isUnknownPart(truth) ? 'unknown' : truth;
  }

  public mapping(name: string): JsonObject | undefined {
    return this.source.template.mappings.get(name);
  }

  public imported(exportName: Text, at: string): Value {
    return this.around.imported(exportName) ?? this.work.unknown(at, 'no stack here exports the name; read the assembly with all stacks');
  }

  /** The names under which outputs are exported. */
  public exports(): { readonly name: Text; readonly output: string }[] {
    return [...this.source.template.outputs].flatMap(([output, { Export: exported }]) => {
      const name = asText(propertyOf(this.resolve(exported, `${this.path}/Outputs/${output}.Export`), 'Name'));
      return name === undefined ? [] : [{ name, output }];
    });
  }

  public output(name: string, at: string): Value {
    const { Value: value, Condition: condition } = this.source.template.outputs.get(name) ?? {};
    const exists = typeof condition !== 'string' || this.condition(condition, at) !== false;
    return (exists ? this.resolve(value, `${this.path}/Outputs/${name}`) : undefined)
      ?? this.work.unknown(at, `the stack '${this.path}' has no output '${name}'`);
  }

  /** The outputs whose value is known. */
  public get outputs(): (readonly [name: string, value: string])[] {
    return [...this.source.template.outputs.keys()].flatMap((name) => {
      const value = asText(this.output(name, `${this.path}/Outputs`));
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
  }

  /** A property of a resource, resolved. */
  public property(logicalId: string, name: string): Value | undefined {
    const { properties = {} } = this.source.template.resources.get(logicalId) ?? {};
    return this.resolve(own(properties, name), `${this.path}/${logicalId}.Properties.${name}`);
  }

  private get declared(): [string, TemplateResource][] {
    return [...this.source.template.resources].filter(([logicalId]) => this.existence(logicalId) !== false);
  }

  private describe(logicalId: string, { type, properties, metadata, dependsOn, deletionPolicy, updateReplacePolicy }: TemplateResource): Resource {
    const resolved = Object.keys(properties).map((name) => [name, this.property(logicalId, name)] as const);
    const identified = this.identified(logicalId);
    const constructPath = metadata['aws:cdk:path'] ?? this.source.constructPaths.get(constructKey(this.source.file, logicalId));
    return {
      stack: this.path,
      logicalId,
      path: typeof constructPath === 'string' ? constructPath : `${this.path}/${logicalId}`,
      type,
      physicalId: this.physicalId(logicalId),
      arn: identified?.type.arn === undefined ? undefined : expand(identified.type.arn, identified),
      properties: Object.fromEntries(resolved.filter((entry): entry is [string, Value] => entry[1] !== undefined)),
      condition: this.existence(logicalId) === 'unknown' ? 'unknown' : undefined,
      metadata,
      dependsOn,
      deletionPolicy,
      updateReplacePolicy,
    };
  }

  private nestedStack(logicalId: string): Stack | undefined {
    const stack = this.once(`${this.path}/${logicalId}.Outputs`, () => this.around.nested(this, logicalId, this.around));
    return stack instanceof Stack ? stack : undefined;
  }

  /** What `Ref` gives for a resource. */
  private physicalId(logicalId: string, reasonIfUnknown?: string): Text {
    const { physicalId } = this.known(logicalId);
    const resource = this.isPending(logicalId) ? undefined : this.identified(logicalId);
    return physicalId
      ?? (resource ? expand(resource.type.ref, resource) : joinText([this.work.unknown(`${this.path}/${logicalId}`, reasonIfUnknown)]));
  }

  /** What became known of a resource when it was deployed. */
  private known(logicalId: string): KnownResource {
    return this.isPending(logicalId) ? {} : own(this.around.knowledge.known ?? {}, resourceKey(this.path, logicalId)) ?? {};
  }

  private isPending(logicalId: string): boolean {
    return this.around.knowledge.pending?.has(resourceKey(this.path, logicalId)) === true;
  }

  private identified(logicalId: string): Identified | undefined {
    const type = own(RESOURCE_TYPES, this.source.template.resources.get(logicalId)?.type ?? '');
    return type && {
      logicalId,
      type,
      physicalId: this.known(logicalId).physicalId,
      stackPath: this.path,
      stackName: this.source.name,
      account: this.account,
      urlSuffix: () => urlSuffixOf(this.account.partition, this.work),
      property: (name) => this.property(logicalId, name),
      work: this.work,
    };
  }

  /** Whether a resource exists, by its condition. */
  private existence(logicalId: string): Truth {
    const condition = this.source.template.resources.get(logicalId)?.condition;
    const path = `${this.path}/${logicalId}`;
    const truth = condition === undefined ? true : this.condition(condition, path);
    if (truth === 'unknown') {
      this.work.unknown(path, `it is unknown whether the resource exists: its condition is '${condition}'`);
    }
    return truth;
  }

  private ofResource(logicalId: string, at: string, get: () => Value): Value {
    if (!this.source.template.resources.has(logicalId)) {
      return this.work.unknown(at, `the template has nothing called '${logicalId}'; in Fn::Sub, write \${!…} to keep a variable`);
    }
    return this.existence(logicalId) === false ? this.work.unknown(at, `'${logicalId}' does not exist: its condition is false`) : get();
  }

  private resolve(value: Json | undefined, path: string): Value | undefined {
    return value === undefined ? undefined : this.once(path, () => evaluate(value, this, path));
  }

  /** Compute something once; while it is being computed, something that needs itself is unknown. */
  private once<T>(path: string, compute: () => T): T | UnknownPart {
    if (!this.memo.has(path)) {
      this.memo.set(path, UNDER_WAY);
      this.memo.set(path, compute());
    }
    const value = this.memo.get(path);
    return value === UNDER_WAY ? this.work.unknown(path, 'it depends on itself') : value as T;
  }
}

const UNDER_WAY = Symbol('under way');

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html */
const PSEUDO_PARAMETERS: Readonly<Record<string, (stack: Stack) => Value | undefined>> = {
  'AWS::AccountId': ({ account }) => account.accountId,
  'AWS::NoValue': () => undefined,
  'AWS::NotificationARNs': ({ source }) => source.notificationArns,
  'AWS::Partition': ({ account }) => account.partition,
  'AWS::Region': ({ account }) => account.region,
  'AWS::StackId': (stack) => stack.id,
  'AWS::StackName': ({ source }) => source.name,
  'AWS::URLSuffix': ({ account, work }) => urlSuffixOf(account.partition, work),
};
