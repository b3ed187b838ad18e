import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateThingCommand,
  ListThingPrincipalsCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { allItems, EXISTING, MISSING, unless, UNTIL_FOUND, type Call, type Iot } from '../custom-resource';
import { fill } from '../registration/fill';
import { Refusal } from '../registration/refusal';
import type { Settings } from './settings';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateThing.html */
const THING_NAME = /^[a-zA-Z0-9:_-]{1,128}$/;
const ATTRIBUTE_VALUE = /^[a-zA-Z0-9_.,@/:#=[\]-]{0,800}$/;

/** A device to be. */
export interface Device {
  readonly certificateId: string;
  readonly certificateArn: string;
  readonly thingName: string;
  readonly attributes: Record<string, string>;
}

/** What the certificate makes of the settings; a refusal where it lacks something, or has what a registry does not take. */
export function deviceOf(settings: Settings, certificateId: string, certificateArn: string, parameters: { readonly [name: string]: string }): Device {
  const thingName = requireFilled('thing', settings.thingName, parameters, THING_NAME);
  const attributes = Object.entries(settings.attributes).map(([name, pattern]) => [name, requireFilled(`attribute ${name}`, pattern, parameters, ATTRIBUTE_VALUE)] as const);
  return { certificateId, certificateArn, thingName, attributes: Object.fromEntries(attributes) };
}

function requireFilled(what: string, pattern: string, parameters: { readonly [name: string]: string }, rule: RegExp): string {
  const value = fill(pattern, parameters);
  if (!rule.test(value)) {
    throw new Refusal(`the subject of the certificate does not make the ${what}: "${pattern}" takes fields that are there once, of characters that AWS IoT allows`);
  }
  return value;
}

/** Registers a device, or what an earlier try has left out. The certificate is activated last. */
export async function register(iot: Iot, call: Call, settings: Settings, { certificateId, certificateArn: principal, thingName, attributes }: Device): Promise<void> {
  const principals = await principalsOf(iot, call, thingName);
  if (!settings.acceptsRenewals && principals.some((other) => other !== principal)) {
    throw new Refusal(`the thing "${thingName}" has another certificate; delete that, or let the construct accept renewals`);
  }
  const { thingTypeName, billingGroupName } = settings;
  await unless(EXISTING, () => call(() => iot.send(new CreateThingCommand({ thingName, attributePayload: { attributes }, thingTypeName, billingGroupName }))));
  for (const thingGroupName of settings.thingGroupNames) {
    await call(() => iot.send(new AddThingToThingGroupCommand({ thingName, thingGroupName })), UNTIL_FOUND);
  }
  for (const policyName of settings.policyNames) {
    await call(() => iot.send(new AttachPolicyCommand({ policyName, target: principal })));
  }
  if (!principals.includes(principal)) {
    await call(() => iot.send(new AttachThingPrincipalCommand({ thingName, principal, thingPrincipalType: 'EXCLUSIVE_THING' })), UNTIL_FOUND);
  }
  await call(() => iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' })));
}

/** The certificates of a thing, none where there is no thing. */
async function principalsOf(iot: Iot, call: Call, thingName: string): Promise<readonly string[]> {
  const principals: string[] = [];
  await unless(MISSING, async () => {
    const pages = allItems(async (nextToken) => {
      const page = await call(() => iot.send(new ListThingPrincipalsCommand({ thingName, nextToken })));
      return { items: page.principals, next: page.nextToken };
    });
    for await (const principal of pages) {
      principals.push(principal);
    }
  });
  return principals;
}
