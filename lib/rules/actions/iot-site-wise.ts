import type * as iam from 'aws-cdk-lib/aws-iam';
import { plain, naming, templated, type ActionDefinition, type Field } from './definition';
import { NO_RESOURCE } from '../../private/custom-resource';
import { asPattern } from '../templates';

/** Which property of AWS IoT SiteWise a value is of. */
export class SiteWiseProperty {
  /** By the ids of asset and property. Substitution templates are replaced in both. */
  public static ofAsset(assetId: string, propertyId: string): SiteWiseProperty {
    return new SiteWiseProperty({ assetId, propertyId });
  }

  /** By its alias, for example `/company/windfarm/3/turbine/7/temperature`. Substitution templates are replaced. */
  public static ofAlias(propertyAlias: string): SiteWiseProperty {
    return new SiteWiseProperty({ propertyAlias });
  }

  private constructor(
    /** @internal */
    public readonly _names: { readonly assetId?: string; readonly propertyId?: string; readonly propertyAlias?: string },
  ) {}
}

/** What a value is. */
export enum SiteWiseType {
  /** A number with a fraction. */
  DOUBLE = 'doubleValue',
  /** A whole number. */
  INTEGER = 'integerValue',
  /** True or false. */
  BOOLEAN = 'booleanValue',
  /** A text. */
  STRING = 'stringValue',
}

/** How far a value can be trusted. */
export enum SiteWiseQuality {
  GOOD = 'GOOD',
  BAD = 'BAD',
  UNCERTAIN = 'UNCERTAIN',
}

/** A value for a property. Substitution templates are replaced in all texts. */
export interface SiteWiseEntry {
  /** The property. */
  readonly property: SiteWiseProperty;

  /** The value, for example `${celsius}`. */
  readonly value: string;

  /** What the value is. */
  readonly dataType: SiteWiseType;

  /**
   * When it was measured, in seconds since the epoch.
   *
   * @default '${floor(timestamp() / 1E3)}'
   */
  readonly timeInSeconds?: string;

  /**
   * Nanoseconds after that.
   *
   * @default - none
   */
  readonly offsetInNanos?: string;

  /**
   * How far the value can be trusted.
   *
   * @default - good
   */
  readonly quality?: SiteWiseQuality;

  /**
   * What errors call the entry.
   *
   * @default - a new id
   */
  readonly entryId?: string;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/iotsitewise-rule-action.html */
export function iotSiteWiseAction(entries: readonly SiteWiseEntry[]): ActionDefinition {
  return {
    kind: 'IotSiteWise',
    problem: () => (entries.length === 0 ? "'entries' must have at least one entry" : undefined),
    fields: entries.flatMap(fieldsOf),
    permissions: () => permissionsFor(entries.map(({ property }) => property._names)),
    wildcards: 'Conditions name the assets and properties, as the guide of AWS IoT SiteWise has it',
    render: (roleArn) => ({
      iotSiteWise: {
        roleArn,
        putAssetPropertyValueEntries: entries.map(({ property, value, dataType, timeInSeconds = '${floor(timestamp() / 1E3)}', offsetInNanos, quality, entryId }) => ({
          ...property._names,
          entryId,
          propertyValues: [{ value: { [dataType]: value }, timestamp: { timeInSeconds, offsetInNanos }, quality }],
        })),
      },
    }),
  };
}

function fieldsOf({ property, value, timeInSeconds, offsetInNanos, entryId, quality }: SiteWiseEntry): Field[] {
  const { assetId, propertyId, propertyAlias } = property._names;
  return [
    naming('assetId', assetId, { pattern: /^[\w:-]+$/, characters: 'letters, digits and _:-', maxLength: 139 }),
    templated('propertyId', propertyId, { pattern: /^[\w:-]+$/, characters: 'letters, digits and _:-', maxLength: 139 }),
    naming('propertyAlias', propertyAlias, { pattern: /^[^*?\p{Cc}]+$/u, characters: 'characters other than * and ?', maxLength: 1000 }),
    templated('value', value),
    templated('timeInSeconds', timeInSeconds, { pattern: /^\d{1,10}$/, characters: 'a template or seconds in at most 10 digits', maxLength: 10 }),
    templated('offsetInNanos', offsetInNanos, { pattern: /^\d{1,9}$/, characters: 'a template or up to 9 digits', maxLength: 9 }),
    templated('entryId', entryId, { pattern: /^[\w-]+$/, characters: 'letters, digits, - and _', maxLength: 64 }),
    plain('quality', quality),
  ];
}

/**
 * AWS's guide narrows the call by the path of an asset; an alias has a condition of its own.
 *
 * @see https://docs.aws.amazon.com/iot-sitewise/latest/userguide/grant-rule-access.html
 */
function permissionsFor(names: readonly SiteWiseProperty['_names'][]): iam.PolicyStatementProps[] {
  const unique = (values: readonly (string | undefined)[]) => [...new Set(values.flatMap((value) => (value === undefined ? [] : asPattern(value))))];
  const assets = unique(names.map(({ assetId }) => assetId)).flatMap((id) => [`/${id}`, `/${id}/*`]);
  const aliases = unique(names.map(({ propertyAlias }) => propertyAlias));
  return [
    ...assets.length === 0 ? [] : [{ 'iotsitewise:assetHierarchyPath': assets }],
    ...aliases.length === 0 ? [] : [{ 'iotsitewise:propertyAlias': aliases }],
  ].map((condition) => ({ actions: ['iotsitewise:BatchPutAssetPropertyValue'], resources: [NO_RESOURCE], conditions: { StringLike: condition } }));
}
