import { isDeepStrictEqual } from 'node:util';
import type * as api from '@aws-sdk/client-iot';
import { showText } from '../../policy';
import { BillingGroups } from './billing-groups';
import { itself, nextToken } from './core';
import { IotError, invalidRequest, notFound } from './errors';
import { checkName } from './names';
import type { ThingRecord } from './records';
import { checkVersion, mergeAttributes } from './thing-groups';

/** @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_ATTRIBUTES = { withoutType: 3, withType: 50 };

/** What the API takes as the name and the value of an attribute. */
const ATTRIBUTE_NAME = /^[a-zA-Z0-9_.,@/:#=[\]-]{1,128}$/;
const ATTRIBUTE_VALUE = /^[a-zA-Z0-9_.,@/:#=[\]-]{0,800}$/;

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/thing-registry.html */
export abstract class Things extends BillingGroups {
  public createThing({ thingName, thingTypeName, attributePayload, billingGroupName }: api.CreateThingRequest): { readonly thingName: string; readonly thingArn: string; readonly thingId: string } {
    const name = checkName('thingName', thingName);
    const wanted = {
      ...(thingTypeName === undefined ? {} : { thingTypeName }),
      ...(billingGroupName === undefined ? {} : { billingGroupName }),
      attributes: checkAttributes(mergeAttributes({}, attributePayload?.attributes, false), thingTypeName),
    };
    const existing = this.store.get('things', name);
    if (existing !== undefined && !isDeepStrictEqual(settingsOf(existing), wanted)) {
      throw new IotError('ResourceAlreadyExistsException', `Thing ${name} already exists in account with different attributes`, {
        resourceId: existing.thingId, resourceArn: this.arn(`thing/${name}`),
      });
    }
    const record = existing ?? { thingName: name, thingId: this.random.uuid(), groups: [], version: 1, ...this.fresh(), ...wanted };
    if (existing === undefined) {
      this.usableThingType(thingTypeName);
      if (billingGroupName !== undefined) {
        this.billingGroup(billingGroupName);
      }
      this.store.put('things', name, record);
    }
    return { thingName: name, thingArn: this.arn(`thing/${name}`), thingId: record.thingId };
  }

  public describeThing({ thingName }: api.DescribeThingRequest): Omit<api.DescribeThingResponse, '$metadata'> {
    const { thingName: name, thingId, thingTypeName, billingGroupName, version, ...record } = this.thing(thingName);
    return {
      defaultClientId: name,
      thingName: name,
      thingId,
      thingArn: this.arn(`thing/${name}`),
      ...(thingTypeName === undefined ? {} : { thingTypeName }),
      ...(billingGroupName === undefined ? {} : { billingGroupName }),
      attributes: shownAttributes(record),
      version,
    };
  }

  public updateThing({ thingName, thingTypeName, removeThingType, attributePayload, expectedVersion }: api.UpdateThingRequest): object {
    const record = this.thing(thingName);
    checkVersion(`thing ${record.thingName}`, record.version, expectedVersion);
    if (removeThingType === true && thingTypeName !== undefined) {
      throw invalidRequest('removeThingType and thingTypeName cannot be set at the same time');
    }
    const type = removeThingType === true ? undefined : thingTypeName === undefined || thingTypeName === record.thingTypeName ? record.thingTypeName : this.usableThingType(thingTypeName);
    const attributes = checkAttributes(mergeAttributes(record.attributes, attributePayload?.attributes, attributePayload?.merge === true), type);
    this.store.put('things', record.thingName, { ...record, thingTypeName: type, attributes, version: record.version + 1 });
    return {};
  }

  /** Succeeds also where there is no such thing. */
  public deleteThing({ thingName, expectedVersion }: api.DeleteThingRequest): object {
    const name = checkName('thingName', thingName);
    const record = this.store.get('things', name);
    if (record !== undefined) {
      checkVersion(`thing ${name}`, record.version, expectedVersion);
      if (this.hasPrincipals(name)) {
        throw invalidRequest(`Cannot delete. Thing ${name} is still attached to one or more principals`);
      }
      this.store.remove('things', name);
    }
    return {};
  }

  public listThings({ nextToken: token, maxResults, attributeName, attributeValue, thingTypeName, usePrefixAttributeValue }: api.ListThingsRequest): { readonly things: api.ThingAttribute[]; readonly nextToken?: string } {
    const fits = ({ attributes, thingTypeName: type }: ThingRecord): boolean => {
      const value = attributeName === undefined ? undefined : attributes[attributeName];
      return (thingTypeName === undefined || type === thingTypeName)
        && (attributeName === undefined || (typeof value === 'string' && (attributeValue === undefined || (usePrefixAttributeValue === true ? value.startsWith(attributeValue) : value === attributeValue))));
    };
    const page = this.page([...this.store.all('things')].filter(fits), (thing) => thing.thingName, { limit: maxResults, token });
    return {
      things: page.items.map((record) => ({
        thingName: record.thingName,
        thingArn: this.arn(`thing/${record.thingName}`),
        ...(record.thingTypeName === undefined ? {} : { thingTypeName: record.thingTypeName }),
        attributes: shownAttributes(record),
        version: record.version,
      })),
      ...nextToken(page),
    };
  }

  public addThingToBillingGroup({ thingName, thingArn, billingGroupName, billingGroupArn }: api.AddThingToBillingGroupRequest): object {
    const thing = this.thing(this.nameIn('thingName', 'thing', thingName, thingArn));
    const { billingGroupName: name } = this.billingGroup(this.nameIn('billingGroupName', 'billinggroup', billingGroupName, billingGroupArn));
    if (thing.billingGroupName !== undefined && thing.billingGroupName !== name) {
      throw invalidRequest(`Thing ${thing.thingName} is already in billing group ${thing.billingGroupName}`);
    }
    if (thing.billingGroupName === undefined) {
      this.store.put('things', thing.thingName, { ...thing, billingGroupName: name, version: thing.version + 1 });
    }
    return {};
  }

  public removeThingFromBillingGroup({ thingName, thingArn, billingGroupName, billingGroupArn }: api.RemoveThingFromBillingGroupRequest): object {
    const { billingGroupName: current, ...thing } = this.thing(this.nameIn('thingName', 'thing', thingName, thingArn));
    const { billingGroupName: name } = this.billingGroup(this.nameIn('billingGroupName', 'billinggroup', billingGroupName, billingGroupArn));
    if (current !== name) {
      throw notFound(`Thing ${thing.thingName} in billing group ${name}`);
    }
    this.store.put('things', thing.thingName, { ...thing, version: thing.version + 1 });
    return {};
  }

  protected thing(thingName: string | undefined): ThingRecord {
    const name = checkName('thingName', thingName);
    const record = this.store.get('things', name);
    if (record === undefined) {
      throw notFound(`Thing ${name}`);
    }
    return record;
  }

  protected thingNames(names: Iterable<string>, asked: { readonly maxResults?: number | undefined; readonly nextToken?: string | undefined }): { readonly things: string[]; readonly nextToken?: string } {
    const page = this.page(names, itself, { limit: asked.maxResults, token: asked.nextToken });
    return { things: page.items, ...nextToken(page) };
  }

  protected abstract hasPrincipals(thingName: string): boolean;
}

function checkAttributes(attributes: ThingRecord['attributes'], thingTypeName: string | undefined): ThingRecord['attributes'] {
  const bad = Object.entries(attributes).find(([name, value]) => !ATTRIBUTE_NAME.test(name) || (typeof value === 'string' && !ATTRIBUTE_VALUE.test(value)));
  if (bad !== undefined) {
    throw invalidRequest(`1 validation error detected: the attribute '${bad[0].slice(0, 128)}' has a name or value that is too long or has characters that are not allowed`);
  }
  const most = thingTypeName === undefined ? MAX_ATTRIBUTES.withoutType : MAX_ATTRIBUTES.withType;
  if (Object.keys(attributes).length > most) {
    throw invalidRequest(`a thing ${thingTypeName === undefined ? 'without' : 'with'} a thing type has at most ${most} attributes`);
  }
  return attributes;
}

/** What a second creation must agree with. */
function settingsOf({ thingTypeName, billingGroupName, attributes }: ThingRecord): object {
  return {
    ...(thingTypeName === undefined ? {} : { thingTypeName }),
    ...(billingGroupName === undefined ? {} : { billingGroupName }),
    attributes,
  };
}

function shownAttributes({ attributes }: Pick<ThingRecord, 'attributes'>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, showText(value)]));
}
