/**
 * Makes the certificates of a stack that CloudFormation cannot: those with a key that is delivered, and those that a CA of
 * the user issues. One custom resource for all of them.
 */
import { UpdateCertificateCommand } from '@aws-sdk/client-iot';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { CLIENT_CONFIG, createClient, customResource, failure, handle, NotUndoneError, OutOfTimeError, SYSTEM } from '../custom-resource';
import type { Attributes, Handle, ResourceEvent, System, Task } from '../custom-resource';
import { deliver, deliverAgain } from './deliver';
import { issue } from './issue';
import { Ledger, type Entry } from './ledger';
import { authorityOf, isComplete, physicalIdOf, readRequest, type Item, type Request } from './request';
import { clearAway } from './clear-away';
import type { Clients, Workshop } from './workshop';

export function createHandler(clients: Clients, system: System = SYSTEM): Handle {
  const make = async (task: Task, wanted: Request, event: ResourceEvent): Promise<Attributes> => {
    try {
      return await makeAll(clients, task, wanted, event, system.now());
    } catch (error) {
      // What was made stays until CloudFormation deletes it: the handler has a quarter of an hour for that.
      throw error instanceof OutOfTimeError ? error : new NotUndoneError(error);
    }
  };
  return handle<Request>({
    read: readRequest,
    identify: (_, wanted) => physicalIdOf(wanted),
    create: make,
    update: (task, wanted, _, event) => make(task, wanted, event),
    remove: (task, before, physicalResourceId) => removeAll(clients, task, before, physicalResourceId),
  }, system);
}

async function makeAll(clients: Clients, task: Task, wanted: Request, event: ResourceEvent, now: number): Promise<Attributes> {
  const { call } = task;
  const ledger = await opened(() => Ledger.open(clients.ssm, wanted.memory, call));
  const owner = physicalIdOf(wanted);
  const workshop: Workshop = { ...clients, task, call, ledger, owner, now };
  const leftovers = await opened(() => ledger.begin(owner, wanted.items, event));
  const ids: Record<string, string> = {};
  for (const [name, item] of wanted.items) {
    ids[item.key] = await attempt(`make the certificate of ${item.path}`, () => makeOne(workshop, name, item, wanted));
  }
  // Afterwards: they may have taken the place of a key that has been published again by now.
  for (const [name, entry] of leftovers) {
    await attempt('remove a certificate', () => clearAway(workshop, name, entry, 'destroy'));
  }
  return ids;
}

async function makeOne(workshop: Workshop, name: string, item: Item, { authorities }: Request): Promise<string> {
  const { ledger, owner } = workshop;
  const before = ledger.get(name);
  let entry: Entry;
  if (before?.status === undefined) {
    entry = item.kind === 'delivered' ? await deliver(workshop, name, item) : await issue(workshop, name, item, authorityOf(item, authorities));
  } else {
    entry = before;
    if (item.kind === 'delivered' && ledger.othersOf(name).length > 0) {
      await deliverAgain(workshop, name, item);
    }
  }
  const status = await changeStatus(workshop, entry, item);
  const { certificatePem, isDiscarded, ...kept } = entry;
  if (entry.owner !== owner || entry.status !== status || certificatePem !== undefined || isDiscarded !== undefined) {
    await ledger.put(name, { ...kept, owner, status });
  }
  return entry.certificateId ?? '';
}

/** Only when something else is wanted than before: what a person or AWS IoT Device Defender has changed stays. */
async function changeStatus({ iot, call, task }: Workshop, { status = 'INACTIVE', certificateId }: Entry, item: Item): Promise<string> {
  if (status === item.status) {
    return status;
  }
  if (status === 'REVOKED') {
    task.note('the certificate stays revoked: AWS IoT does not take a revocation back', { certificateId });
    return status;
  }
  await call(() => iot.send(new UpdateCertificateCommand({ certificateId, newStatus: item.status })));
  return item.status;
}

async function removeAll(clients: Clients, task: Task, before: Request, physicalResourceId: string): Promise<void> {
  const ledger = await opened(() => Ledger.open(clients.ssm, before.memory, task.call));
  const owner = isComplete(physicalResourceId) ? physicalResourceId : physicalIdOf(before);
  const workshop = { ...clients, task, call: task.call, ledger };
  for (const [name, entry] of ledger.ownedBy(owner)) {
    // What nobody has used goes: from a set that was never complete, and from a deployment that was rolled back.
    const isUsed = isComplete(physicalResourceId) && entry.isDiscarded !== true;
    await attempt('remove a certificate', () => clearAway(workshop, name, entry, isUsed ? before.items.get(name)?.onRemoval ?? 'destroy' : 'destroy'));
  }
  await opened(() => ledger.end(owner));
}

function opened<T>(action: () => Promise<T>): Promise<T> {
  return attempt('read and write in AWS Systems Manager what was made', action);
}

async function attempt<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw failure(what, error);
  }
}

export const handler = customResource(createHandler({
  iot: createClient(),
  ssm: new SSMClient(CLIENT_CONFIG),
  secrets: new SecretsManagerClient(CLIENT_CONFIG),
  kms: new KMSClient(CLIENT_CONFIG),
}));
