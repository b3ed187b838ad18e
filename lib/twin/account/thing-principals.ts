import type * as api from '@aws-sdk/client-iot';
import { itself, nextToken } from './core';
import { Certificates } from './certificates';
import { invalidRequest } from './errors';

type Paged = { readonly maxResults?: number | undefined; readonly nextToken?: string | undefined };

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/exclusive-thing.html */
export abstract class ThingPrincipals extends Certificates {
  /** An exclusive certificate has one thing alone. */
  public attachThingPrincipal({ thingName, principal, thingPrincipalType = 'NON_EXCLUSIVE_THING' }: api.AttachThingPrincipalRequest): object {
    const { thingName: name } = this.thing(thingName);
    const certificate = this.principal(principal);
    if (!['EXCLUSIVE_THING', 'NON_EXCLUSIVE_THING'].includes(thingPrincipalType)) {
      throw invalidRequest(`'${thingPrincipalType}' is no thingPrincipalType; there are EXCLUSIVE_THING and NON_EXCLUSIVE_THING`);
    }
    const exclusive = thingPrincipalType === 'EXCLUSIVE_THING';
    const others = certificate.things.filter((attached) => attached.thingName !== name);
    const conflict = others.find((attached) => exclusive || attached.exclusive);
    if (conflict !== undefined) {
      throw invalidRequest(`The principal is attached ${conflict.exclusive ? 'exclusively ' : ''}to thing ${conflict.thingName}, so it cannot be attached ${exclusive ? 'exclusively ' : ''}to thing ${name}`);
    }
    const attached = certificate.things.find((one) => one.thingName === name);
    if (attached?.exclusive !== exclusive) {
      this.store.put('certificates', certificate.certificateId, { ...certificate, things: [...others, { thingName: name, exclusive }] });
    }
    return {};
  }

  /** Succeeds also where nothing is attached. */
  public detachThingPrincipal({ thingName, principal }: api.DetachThingPrincipalRequest): object {
    const { thingName: name } = this.thing(thingName);
    const certificate = this.principal(principal);
    if (certificate.things.some((attached) => attached.thingName === name)) {
      this.store.put('certificates', certificate.certificateId, { ...certificate, things: certificate.things.filter((attached) => attached.thingName !== name) });
    }
    return {};
  }

  public listThingPrincipals({ thingName, ...asked }: api.ListThingPrincipalsRequest): { readonly principals: string[]; readonly nextToken?: string } {
    const page = this.principalPage(this.thing(thingName).thingName, asked);
    return { principals: page.items.map((id) => this.arn(`cert/${id}`)), ...nextToken(page) };
  }

  public listThingPrincipalsV2({ thingName, thingPrincipalType, ...asked }: api.ListThingPrincipalsV2Request): { readonly thingPrincipalObjects: api.ThingPrincipalObject[]; readonly nextToken?: string } {
    const { thingName: name } = this.thing(thingName);
    const typeOf = (id: string): api.ThingPrincipalType => typeName(this.store.get('certificates', id)!.things.find((attached) => attached.thingName === name)!.exclusive);
    const page = this.principalPage(name, asked, (id) => thingPrincipalType === undefined || typeOf(id) === thingPrincipalType);
    return {
      thingPrincipalObjects: page.items.map((id) => ({ principal: this.arn(`cert/${id}`), thingPrincipalType: typeOf(id) })),
      ...nextToken(page),
    };
  }

  public listPrincipalThings({ principal, ...asked }: api.ListPrincipalThingsRequest): { readonly things: string[]; readonly nextToken?: string } {
    return this.thingNames(this.principal(principal).things.map(({ thingName }) => thingName), asked);
  }

  public listPrincipalThingsV2({ principal, thingPrincipalType, nextToken: token, maxResults }: api.ListPrincipalThingsV2Request): { readonly principalThingObjects: api.PrincipalThingObject[]; readonly nextToken?: string } {
    const objects = this.principal(principal).things.map(({ thingName, exclusive }) => ({ thingName, thingPrincipalType: typeName(exclusive) }))
      .filter((object) => thingPrincipalType === undefined || object.thingPrincipalType === thingPrincipalType);
    const page = this.page(objects, ({ thingName }) => thingName, { limit: maxResults, token });
    return { principalThingObjects: page.items, ...nextToken(page) };
  }

  /** Remove a thing, whatever is attached to it. */
  public removeThing(thingName: string): void {
    for (const certificate of this.certificatesByThing.of(thingName)) {
      this.store.put('certificates', certificate.certificateId, { ...certificate, things: certificate.things.filter((attached) => attached.thingName !== thingName) });
    }
    this.store.remove('things', thingName);
  }

  protected override hasPrincipals(thingName: string): boolean {
    return this.certificatesByThing.keysOf(thingName).size > 0;
  }

  private principalPage(thingName: string, asked: Paged, fits: (id: string) => boolean = () => true): { readonly items: string[]; readonly next?: string } {
    return this.page([...this.certificatesByThing.keysOf(thingName)].filter(fits), itself, { limit: asked.maxResults, token: asked.nextToken });
  }
}

function typeName(exclusive: boolean): 'EXCLUSIVE_THING' | 'NON_EXCLUSIVE_THING' {
  return exclusive ? 'EXCLUSIVE_THING' : 'NON_EXCLUSIVE_THING';
}
