import { ANY, publish, scopeOf, shadow, subscribe, type Permission, type Scope } from '../../lib/authorizer-kit/permission';
import { Refusal } from '../../lib/authorizer-kit/errors';
import { nameOf, type AccessSettings, type ClaimSettings } from '../../lib/authorizer/settings';
import { Channel, ChannelDirection } from '../../lib/topics/channel';
import { isLevel } from '../../lib/topics/app-side';
import { Shadow } from '../../lib/topics/shadow';

type Value = string | typeof ANY;

/** More than ten documents hold. */
const MAX_VALUES = 200;

/** What the claims of a caller let it do on one channel or shadow; nothing where it lacks a claim. */
export type Access = (claims: object) => readonly Permission[];

export function accessOf(access: AccessSettings): Access {
  const permit = permitterOf(access);
  return (claims) => {
    const scopes = Object.entries(access.scope).reduce<readonly (readonly (readonly [string, Value])[])[]>((all, [place, claim]) => {
      const values = valuesOf(claims, claim);
      if (all.length * values.length > MAX_VALUES) {
        throw new Refusal(`the claims name more than ${MAX_VALUES} combinations for ${nameOf(access)}`);
      }
      return all.flatMap((places) => values.map((value) => [...places, [place, value] as const]));
    }, [[]]);
    return scopes.map(scopeOf).map(permit);
  };
}

function permitterOf(access: AccessSettings): (scope: Scope) => Permission {
  if (!('pattern' in access)) {
    const which = access.shadowName === undefined ? Shadow.classic() : Shadow.named(access.shadowName);
    return ({ thing }) => shadow(which, access.use === 'read-shadow' ? 'read' : 'update', thing!);
  }
  const channel = channelOf(access.pattern, access.direction);
  return (scope) => (access.use === 'publish' ? publish(channel, scope, { retain: access.retain }) : subscribe(channel, scope));
}

/** The values of a claim: one text, or a list of them. */
export function textsOf(claims: object, name: string): readonly string[] {
  const value: unknown = Object.hasOwn(claims, name) ? (claims as Readonly<Record<string, unknown>>)[name] : [];
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (texts.length > MAX_VALUES || !texts.every((text) => typeof text === 'string')) {
    throw new Refusal(`the claim '${name}' must be text, or a list of at most ${MAX_VALUES} texts`);
  }
  return texts;
}

function valuesOf(claims: object, claim: ClaimSettings): readonly Value[] {
  if (claim === 'any') {
    return [ANY];
  }
  if ('value' in claim) {
    return [claim.value];
  }
  const texts = textsOf(claims, claim.claim);
  if (!texts.every(isLevel)) {
    throw new Refusal(`the claim '${claim.claim}' must be one level of a topic, 1 to 128 characters without / + # * ? $ { }`);
  }
  return texts;
}

function channelOf(pattern: string, direction: ChannelDirection): Channel {
  switch (direction) {
    case ChannelDirection.FROM_DEVICE: return Channel.fromDevice(pattern);
    case ChannelDirection.TO_DEVICE: return Channel.toDevice(pattern);
    case ChannelDirection.BROADCAST: return Channel.broadcast(pattern);
    case ChannelDirection.BIDIRECTIONAL: return Channel.bidirectional(pattern);
  }
}
