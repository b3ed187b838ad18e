import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { AccountSetting, AccountSettingRemoval } from './account-setting';
import { NO_RESOURCE } from '../private/custom-resource';
import { requireOnlyOne } from '../private/only-one';
import { requireText, type TextRule } from '../private/text';

/** AWS IoT documents no more than that it is text. */
const FIELD_NAME: TextRule = { pattern: /^[^]+$/, characters: 'one or more characters', maxLength: 1024 };

const KIND = { name: 'configure-indexing', description: 'Switches fleet indexing of AWS IoT on' };

/**
 * A field that queries can aggregate, or compare as something else than text. AWS IoT refuses to change the type of a
 * field that there is.
 *
 * Names say where the value is, such as `attributes.version` or `shadow.name.config.reported.level`.
 */
export class IndexedField {
  /** A field whose values are compared as numbers. */
  public static ofNumber(name: string): IndexedField {
    return new IndexedField(name, 'Number');
  }

  /** A field whose values are compared as text. */
  public static ofString(name: string): IndexedField {
    return new IndexedField(name, 'String');
  }

  /** A field whose values are true or false. */
  public static ofBoolean(name: string): IndexedField {
    return new IndexedField(name, 'Boolean');
  }

  private constructor(
    /** @internal */
    public readonly _name: string,
    /** @internal */
    public readonly _type: string,
  ) {}
}

/** Properties for fleet indexing. */
export interface FleetIndexingProps {
  /**
   * Whether the classic shadows of things are indexed too.
   *
   * @default false
   */
  readonly shadows?: boolean;

  /**
   * The named shadows to index.
   *
   * @default - none
   */
  readonly namedShadows?: string[];

  /**
   * Whether it is indexed if things are connected.
   *
   * @default false
   */
  readonly connectivity?: boolean;

  /**
   * Whether violations that AWS IoT Device Defender has found are indexed.
   *
   * @default false
   */
  readonly violations?: boolean;

  /**
   * Further fields of things.
   *
   * @default - those that AWS IoT indexes by itself
   */
  readonly customFields?: IndexedField[];

  /**
   * Whether thing groups are indexed.
   *
   * @default false
   */
  readonly thingGroups?: boolean;

  /**
   * What becomes of the index when this construct leaves the stack. Do not use `RESTORE` where another stack may need the
   * index: it cannot be seen from here.
   *
   * @default AccountSettingRemoval.RETAIN
   */
  readonly onRemoval?: AccountSettingRemoval;
}

/**
 * Switches fleet indexing on, for the whole account in this Region: dynamic thing groups and searches need it.
 *
 * It only ever adds: what others have switched on stays on, and so do the fields and shadows that they index. AWS IoT
 * builds the index in the background; a dynamic group that is declared in the same stack waits for it. It costs money for
 * every update that is indexed.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/managing-fleet-index.html
 */
export class FleetIndexing extends Construct {
  constructor(scope: Construct, id: string, props: FleetIndexingProps = {}) {
    super(scope, id);

    requireOnlyOne(this, (other) => other instanceof FleetIndexing);
    for (const field of props.customFields ?? []) {
      requireText(this, 'customFields', field._name, FIELD_NAME);
    }

    new AccountSetting(this, 'Setting', {
      kind: KIND,
      resourceType: 'IotFleetIndexing',
      wanted: renderSetting(props),
      onRemoval: props.onRemoval ?? AccountSettingRemoval.RETAIN,
      readPermissions: () => [new iam.PolicyStatement({ actions: ['iot:GetIndexingConfiguration'], resources: [NO_RESOURCE] })],
      writePermissions: () => [new iam.PolicyStatement({ actions: ['iot:UpdateIndexingConfiguration'], resources: [NO_RESOURCE] })],
    });
  }
}

/** The parts as `lambda/configure-indexing/setting.ts` names them. What is not wanted is left out: it is not ours to switch off. */
function renderSetting(props: FleetIndexingProps): { readonly [part: string]: unknown } {
  const { shadows, namedShadows = [], connectivity, violations, customFields = [], thingGroups } = props;
  return {
    thingIndexingMode: shadows === true ? 'REGISTRY_AND_SHADOW' : 'REGISTRY',
    ...namedShadows.length > 0 && { namedShadowIndexingMode: 'ON' },
    ...connectivity === true && { thingConnectivityIndexingMode: 'STATUS' },
    ...violations === true && { deviceDefenderIndexingMode: 'VIOLATIONS' },
    ...thingGroups === true && { thingGroupIndexingMode: 'ON' },
    ...Object.fromEntries(namedShadows.map((name) => [`shadow/${name}`, true])),
    ...Object.fromEntries(customFields.map((field) => [`thingField/${field._name}`, field._type])),
  };
}
