import {
  DeleteCertificateCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  DetachThingPrincipalCommand,
  ListPrincipalThingsCommand,
  UpdateCertificateCommand,
  type CertificateDescription,
} from '@aws-sdk/client-iot';
import { Refusal } from '../registration/refusal';
import { allItems, MISSING, nameOf, unless, type Call, type Iot, type Patience } from '../custom-resource';

/** What was detached a moment ago may still count; the hook has no time to wait longer. */
const UNTIL_DETACHED: Patience = { errors: ['DeleteConflictException', 'InvalidRequestException', 'CertificateConflictException'], seconds: 3 };

/** A certificate that AWS IoT does not delete because of its status. */
const WRONG_STATE = 'CertificateStateException';

/** How often a certificate may come back into service while it is taken out. */
const MAX_ATTEMPTS = 3;

/** The certificates that a device got when it was here before. */
export class EarlierCertificates {
  constructor(private readonly iot: Iot) {}

  public async find(call: Call, certificateId: string): Promise<CertificateDescription | undefined> {
    return found(async () => (await call(() => this.iot.send(new DescribeCertificateCommand({ certificateId })))).certificateDescription);
  }

  public async hasThing(call: Call, thingName: string): Promise<boolean> {
    return await found(() => call(() => this.iot.send(new DescribeThingCommand({ thingName })))) !== undefined;
  }

  /** Takes a certificate out of service: deactivates, detaches and deletes it. It may be gone already. */
  public async retire(call: Call, certificateId: string, thingName: string): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const certificate = await this.find(call, certificateId);
      if (certificate === undefined) {
        return;
      }
      if (certificate.status !== 'INACTIVE' && certificate.status !== 'REVOKED') {
        await this.deactivate(call, certificateId);
      }
      if (await this.delete(call, certificate, thingName)) {
        return;
      }
      // A registration that was under way has activated it again.
    }
    throw new Refusal(`the earlier certificate ${certificateId} is activated again and again; the device can try again`);
  }

  /** Deletes a certificate that was never active; false where it is by now. */
  public async deleteUnused(call: Call, certificate: CertificateDescription & { readonly certificateId: string }, thingName: string): Promise<boolean> {
    if (await this.delete(call, certificate, thingName)) {
      return true;
    }
    // AWS does not say whether a certificate has to be inactive for that, or just not active.
    const { status } = await this.find(call, certificate.certificateId) ?? {};
    if (status !== 'PENDING_ACTIVATION') {
      return false;
    }
    await this.deactivate(call, certificate.certificateId);
    return this.delete(call, certificate, thingName);
  }

  private async deactivate(call: Call, certificateId: string): Promise<void> {
    await unless(MISSING, () => call(() => this.iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }))));
  }

  private async delete(call: Call, { certificateId, certificateArn: principal }: CertificateDescription, thingName: string): Promise<boolean> {
    for await (const thing of this.thingsOf(call, principal)) {
      if (thing !== thingName) {
        throw new Refusal(`the earlier certificate ${certificateId} belongs to another thing, "${thing}"; correct the entry, or detach the certificate`);
      }
      await unless(MISSING, () => call(() => this.iot.send(new DetachThingPrincipalCommand({ thingName, principal }))));
    }
    try {
      await unless(MISSING, () => call(() => this.iot.send(new DeleteCertificateCommand({ certificateId, forceDelete: true })), UNTIL_DETACHED));
      return true;
    } catch (error) {
      if (nameOf(error) === WRONG_STATE) {
        return false;
      }
      throw error;
    }
  }

  private async* thingsOf(call: Call, principal: string | undefined): AsyncGenerator<string> {
    yield* allItems(async (nextToken) => {
      const page = await found(() => call(() => this.iot.send(new ListPrincipalThingsCommand({ principal, nextToken }))));
      return { items: page?.things, next: page?.nextToken };
    });
  }
}

/** What AWS answers, or nothing for what it does not find. */
async function found<T>(ask: () => Promise<T>): Promise<T | undefined> {
  let answer: T | undefined;
  await unless(MISSING, async () => {
    answer = await ask();
  });
  return answer;
}
