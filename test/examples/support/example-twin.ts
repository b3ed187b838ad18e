import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeCertificateCommand, IoTClient, ListCertificatesCommand, ListPrincipalThingsCommand, ListThingPrincipalsCommand, ListThingsCommand,
} from '@aws-sdk/client-iot';
import type { CertificateDescription } from '@aws-sdk/client-iot';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { App } from 'aws-cdk-lib';
import { startTwin, writeKit } from '../../../lib/twin';
import type { ConnectionKit, JournalEntry, Reloaded, Twin } from '../../../lib/twin';
import { Inbox } from '../../twin/support/inbox';

/** The twin of a synthesized example, and what a test asks of it with the AWS SDK. */
export class ExampleTwin {
  public static async start(define: (app: App) => void): Promise<ExampleTwin> {
    const folder = mkdtempSync(join(tmpdir(), 'iot-warden-example-'));
    return new ExampleTwin(folder, await startTwin({ assembly: synthesize(folder, define), stateDirectory: join(folder, 'state') }));
  }

  /** What the journal says from the start on. */
  public readonly journal = new Inbox<JournalEntry>();
  public readonly iot: IoTClient;

  private constructor(private readonly folder: string, public readonly twin: Twin) {
    twin.journal.listen((entry) => this.journal.push(entry));
    this.iot = new IoTClient(this.sdk);
  }

  /** For clients of the AWS SDK. */
  public get sdk(): { readonly endpoint: string; readonly region: string; readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } } {
    const { endpointUrl, region, accessKeyId, secretAccessKey } = this.twin.aws;
    return { endpoint: endpointUrl, region, credentials: { accessKeyId, secretAccessKey } };
  }

  /** The environment of a program that has assumed the role of the output `Role`, and finds AWS IoT at the output `Endpoint`. */
  public async environmentOfRole(): Promise<Record<string, string>> {
    const sts = new STSClient(this.sdk);
    const { Credentials: credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: this.output('Role'), RoleSessionName: 'example' }));
    sts.destroy();
    return {
      AWS_ACCESS_KEY_ID: credentials!.AccessKeyId!,
      AWS_SECRET_ACCESS_KEY: credentials!.SecretAccessKey!,
      AWS_SESSION_TOKEN: credentials!.SessionToken!,
      AWS_REGION: this.sdk.region,
      IOT_ENDPOINT: this.output('Endpoint'),
      IOT_WARDEN_ROOT_CA: this.twin.endpoints.rootCa,
      NODE_NO_WARNINGS: '1',
    };
  }

  /** An output of the example's stack. */
  public output(name: string): string {
    const [outputs] = Object.values(this.twin.outputs);
    return outputs![name]!;
  }

  /** Deploys another version of the app. */
  public async redeploy(define: (app: App) => void): Promise<Reloaded> {
    synthesize(this.folder, define);
    return this.twin.reload();
  }

  /** A file or folder of the test's own. */
  public file(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a connection kit, as the README of the example does. */
  public kit(name: string, identity: Pick<ConnectionKit, 'privateKeyPem' | 'certificatePem'> & Partial<Pick<ConnectionKit, 'thingName'>>, rootCaPem: string): string {
    const { mqttPort, httpsPort } = this.twin;
    const { thingName } = identity;
    const kit = { ...identity, ...thingName !== undefined && { clientId: thingName }, endpoint: 'localhost', mqttPort, httpsPort, rootCaPem };
    writeKit(kit as ConnectionKit, this.file(name));
    return this.file(name);
  }

  public async things(): Promise<readonly string[]> {
    const { things = [] } = await this.iot.send(new ListThingsCommand({}));
    return things.map(({ thingName }) => thingName!).sort();
  }

  /** The certificates that are attached to a thing. */
  public async certificatesOf(thingName: string): Promise<readonly CertificateDescription[]> {
    const { principals = [] } = await this.iot.send(new ListThingPrincipalsCommand({ thingName }));
    return Promise.all(principals.map((arn) => this.describe(arn.split('/')[1]!)));
  }

  /** The ids of the certificates of the account that devices can connect with, and the things of each. */
  public async activeCertificates(): Promise<Readonly<Record<string, readonly string[]>>> {
    const { certificates = [] } = await this.iot.send(new ListCertificatesCommand({ pageSize: 250 }));
    const active = certificates.filter(({ status }) => status === 'ACTIVE');
    return Object.fromEntries(await Promise.all(active.map(async ({ certificateId, certificateArn }) => {
      const { things = [] } = await this.iot.send(new ListPrincipalThingsCommand({ principal: certificateArn }));
      return [certificateId!, things] as const;
    })));
  }

  public async stop(): Promise<void> {
    this.iot.destroy();
    await this.twin.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async describe(certificateId: string): Promise<CertificateDescription> {
    const { certificateDescription } = await this.iot.send(new DescribeCertificateCommand({ certificateId }));
    return certificateDescription!;
  }
}

function synthesize(folder: string, define: (app: App) => void): string {
  const app = new App({ outdir: join(folder, 'cdk.out'), analyticsReporting: false });
  define(app);
  return app.synth().directory;
}
