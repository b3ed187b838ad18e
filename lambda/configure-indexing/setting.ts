import type {
  Field,
  GetIndexingConfigurationResponse,
  ThingIndexingConfiguration,
  UpdateIndexingConfigurationRequest,
} from '@aws-sdk/client-iot';
import type { Setting } from '../custom-resource/account-setting';

/**
 * The configuration with a part for everything that one stack can want and another not: modes, fields and shadows. The
 * call of AWS replaces lists as a whole, so that stacks that sent theirs would remove each other's.
 */
const THING = 'thingIndexingMode';
const CONNECTIVITY = 'thingConnectivityIndexingMode';
const DEFENDER = 'deviceDefenderIndexingMode';
const NAMED_SHADOWS = 'namedShadowIndexingMode';
const THING_GROUP = 'thingGroupIndexingMode';
const SHADOW_PREFIX = 'shadow/';
const THING_FIELD_PREFIX = 'thingField/';
const GROUP_FIELD_PREFIX = 'thingGroupField/';
const GEO_LOCATIONS = 'geoLocations';
const CONNECTIVITY_FILTER = 'connectivityFilter';

/** From least to most: what another stack has switched on stays on. */
const RANKS: { readonly [part: string]: readonly unknown[] } = {
  [THING]: ['OFF', 'REGISTRY', 'REGISTRY_AND_SHADOW'],
  [CONNECTIVITY]: ['OFF', 'STATUS'],
  [DEFENDER]: ['OFF', 'VIOLATIONS'],
  [NAMED_SHADOWS]: ['OFF', 'ON'],
  [THING_GROUP]: ['OFF', 'ON'],
};

export function merge(part: string, current: unknown, wanted: unknown): unknown {
  const rank = RANKS[part] ?? [];
  return rank.indexOf(current) > rank.indexOf(wanted) ? current : wanted;
}

export function readSetting({ thingIndexingConfiguration: thing, thingGroupIndexingConfiguration: group }: GetIndexingConfigurationResponse): Setting {
  return {
    [THING]: thing?.thingIndexingMode ?? 'OFF',
    [CONNECTIVITY]: thing?.thingConnectivityIndexingMode ?? 'OFF',
    [DEFENDER]: thing?.deviceDefenderIndexingMode ?? 'OFF',
    [NAMED_SHADOWS]: thing?.namedShadowIndexingMode ?? 'OFF',
    [THING_GROUP]: group?.thingGroupIndexingMode ?? 'OFF',
    [GEO_LOCATIONS]: thing?.filter?.geoLocations,
    [CONNECTIVITY_FILTER]: thing?.filter?.connectivity,
    ...Object.fromEntries((thing?.filter?.namedShadowNames ?? []).map((name) => [`${SHADOW_PREFIX}${name}`, true])),
    ...readFields(THING_FIELD_PREFIX, thing?.customFields),
    ...readFields(GROUP_FIELD_PREFIX, group?.customFields),
  };
}

function readFields(prefix: string, fields: readonly Field[] = []): Setting {
  return Object.fromEntries(fields.map(({ name, type }) => [`${prefix}${name}`, type]));
}

export function renderConfiguration(setting: Setting): UpdateIndexingConfigurationRequest {
  const namedShadowNames = partsWith(setting, SHADOW_PREFIX).map(([name]) => name);
  const filter = {
    ...namedShadowNames.length > 0 && { namedShadowNames },
    ...setting[GEO_LOCATIONS] !== undefined && { geoLocations: setting[GEO_LOCATIONS] },
    ...setting[CONNECTIVITY_FILTER] !== undefined && { connectivity: setting[CONNECTIVITY_FILTER] },
  };
  // The values are of the service: read from it, or from the enums of the construct.
  const thing = {
    [THING]: setting[THING],
    // Without an index of things, AWS IoT takes no other mode than OFF.
    ...setting[THING] !== 'OFF' && {
      [CONNECTIVITY]: setting[CONNECTIVITY],
      [DEFENDER]: setting[DEFENDER],
      [NAMED_SHADOWS]: setting[NAMED_SHADOWS],
      customFields: renderFields(setting, THING_FIELD_PREFIX),
      ...Object.keys(filter).length > 0 && { filter },
    },
  } as ThingIndexingConfiguration;
  return {
    thingIndexingConfiguration: thing,
    thingGroupIndexingConfiguration: {
      thingGroupIndexingMode: setting[THING_GROUP] === 'ON' ? 'ON' : 'OFF',
      ...setting[THING_GROUP] === 'ON' && { customFields: renderFields(setting, GROUP_FIELD_PREFIX) },
    },
  };
}

function renderFields(setting: Setting, prefix: string): Field[] {
  return partsWith(setting, prefix).map(([name, type]) => ({ name, type: type as Field['type'] }));
}

function partsWith(setting: Setting, prefix: string): [string, unknown][] {
  return Object.entries(setting)
    .filter(([part]) => part.startsWith(prefix))
    .map(([part, value]): [string, unknown] => [part.slice(prefix.length), value])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
