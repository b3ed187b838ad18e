import { isDeepStrictEqual } from 'node:util';
import type * as api from '@aws-sdk/client-iot';
import { itself, nextToken } from './core';
import { IotError, invalidRequest, notFound } from './errors';
import { Lookup } from './lookup';
import { checkName } from './names';
import type { ThingTypeRecord } from './records';
import { AccountSettings } from './settings';

/** A deprecated thing type can be deleted after this time. */
const DEPRECATION_MS = 5 * 60 * 1000;

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/thing-types.html */
export abstract class ThingTypes extends AccountSettings {
  protected readonly thingsByType = new Lookup(this.store, 'things', ({ thingTypeName }) => (thingTypeName === undefined ? [] : [thingTypeName]));

  public createThingType({ thingTypeName, thingTypeProperties, tags }: api.CreateThingTypeRequest): { readonly thingTypeName: string; readonly thingTypeArn: string; readonly thingTypeId: string } {
    const name = checkName('thingTypeName', thingTypeName);
    const wanted = propertiesOf(thingTypeProperties);
    const existing = this.store.get('thingTypes', name);
    if (existing !== undefined && !isDeepStrictEqual(propertiesOf(describe(existing)), wanted)) {
      throw new IotError('ResourceAlreadyExistsException', `Thing Type ${name} already exists in current account with different properties`, {
        resourceId: existing.thingTypeId, resourceArn: this.arn(`thingtype/${name}`),
      });
    }
    const record = existing ?? { thingTypeName: name, thingTypeId: this.random.uuid(), ...this.fresh(tags), ...wanted };
    if (existing === undefined) {
      this.store.put('thingTypes', name, record);
    }
    return { thingTypeName: name, thingTypeArn: this.arn(`thingtype/${name}`), thingTypeId: record.thingTypeId };
  }

  public describeThingType({ thingTypeName }: api.DescribeThingTypeRequest): Required<Omit<api.DescribeThingTypeResponse, '$metadata'>> {
    const record = this.thingType(thingTypeName);
    return {
      thingTypeName: record.thingTypeName,
      thingTypeId: record.thingTypeId,
      thingTypeArn: this.arn(`thingtype/${record.thingTypeName}`),
      thingTypeProperties: describe(record),
      thingTypeMetadata: metadataOf(record),
    };
  }

  /** Only what goes into MQTT 5 messages can change. */
  public updateThingType({ thingTypeName, thingTypeProperties }: api.UpdateThingTypeRequest): object {
    const record = this.thingType(thingTypeName);
    const { propagatingAttributes } = propertiesOf(thingTypeProperties);
    this.store.put('thingTypes', record.thingTypeName, { ...record, propagatingAttributes });
    return {};
  }

  public deprecateThingType({ thingTypeName, undoDeprecate }: api.DeprecateThingTypeRequest): object {
    const { deprecationDate, ...record } = this.thingType(thingTypeName);
    this.store.put('thingTypes', record.thingTypeName, undoDeprecate === true ? record : { ...record, deprecationDate: deprecationDate ?? this.now() });
    return {};
  }

  public deleteThingType({ thingTypeName }: api.DeleteThingTypeRequest): object {
    const { thingTypeName: name, deprecationDate } = this.thingType(thingTypeName);
    if (deprecationDate === undefined || this.now() - deprecationDate < DEPRECATION_MS) {
      throw invalidRequest(`Cannot delete thing type : ${name}. Please deprecate it and wait for 5 minutes, then retry`);
    }
    if (this.thingsByType.keysOf(name).size > 0) {
      throw invalidRequest(`Cannot delete thing type : ${name}. There are still things associated with it`);
    }
    this.store.remove('thingTypes', name);
    return {};
  }

  public listThingTypes({ nextToken: token, maxResults, thingTypeName }: api.ListThingTypesRequest): { readonly thingTypes: api.ThingTypeDefinition[]; readonly nextToken?: string } {
    const names = [...this.store.all('thingTypes')].map((type) => type.thingTypeName).filter((name) => thingTypeName === undefined || name === thingTypeName);
    const page = this.page(names, itself, { limit: maxResults, token });
    return {
      thingTypes: page.items.map((name) => {
        const { thingTypeProperties, thingTypeMetadata, thingTypeArn } = this.describeThingType({ thingTypeName: name });
        return { thingTypeName: name, thingTypeArn, thingTypeProperties, thingTypeMetadata };
      }),
      ...nextToken(page),
    };
  }

  /** The thing type that a thing is to have: a deprecated one takes no more things. */
  protected usableThingType(thingTypeName: string | undefined): string | undefined {
    if (thingTypeName === undefined) {
      return undefined;
    }
    const { thingTypeName: name, deprecationDate } = this.thingType(thingTypeName);
    if (deprecationDate !== undefined) {
      throw invalidRequest(`Can not create new thing with deprecated thing type : ${name}`);
    }
    return name;
  }

  private thingType(thingTypeName: string | undefined): ThingTypeRecord {
    const name = checkName('thingTypeName', thingTypeName);
    const record = this.store.get('thingTypes', name);
    if (record === undefined) {
      throw notFound(`Thing type ${name}`);
    }
    return record;
  }
}

type Properties = Pick<ThingTypeRecord, 'thingTypeDescription' | 'searchableAttributes' | 'propagatingAttributes'>;

function propertiesOf({ thingTypeDescription, searchableAttributes = [], mqtt5Configuration }: api.ThingTypeProperties = {}): Properties {
  return {
    ...(thingTypeDescription === undefined ? {} : { thingTypeDescription }),
    searchableAttributes,
    propagatingAttributes: mqtt5Configuration?.propagatingAttributes ?? [],
  };
}

function describe({ thingTypeDescription, searchableAttributes, propagatingAttributes }: Properties): api.ThingTypeProperties {
  return {
    ...(thingTypeDescription === undefined ? {} : { thingTypeDescription }),
    searchableAttributes: [...searchableAttributes],
    ...(propagatingAttributes.length === 0 ? {} : { mqtt5Configuration: { propagatingAttributes: [...propagatingAttributes] } }),
  };
}

function metadataOf({ creationDate, deprecationDate }: ThingTypeRecord): api.ThingTypeMetadata {
  return {
    deprecated: deprecationDate !== undefined,
    creationDate: new Date(creationDate),
    ...(deprecationDate === undefined ? {} : { deprecationDate: new Date(deprecationDate) }),
  };
}
