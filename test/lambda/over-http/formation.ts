import type { CloudFormationCustomResourceResponse } from 'aws-lambda';
import { App, CfnWaitConditionHandle, Stack } from 'aws-cdk-lib';
import type { ResourceEvent } from '../../../lambda/custom-resource';
import { put, type Put } from '../../../lambda/custom-resource/answer';
import { readDeployment, type Deployment } from '../../../lib/deployment';
import { Answers, CustomResourceRecords, CustomResources, Events, withLeaving, type Deployed } from '../../../lib/twin/cloudformation';
import { deploy, issueDeclared } from '../../../lib/twin/deploy';
import { LambdaFunctions } from '../../../lib/twin/lambda';
import { entryOf } from './handlers';
import { LocalAccount, SCOPE, type SentRequest, type Snapshot } from './local-account';

/** What a handler was told, and what it found. */
export interface Told {
  readonly folder: string;
  readonly event: ResourceEvent;
  readonly before: Snapshot;
  readonly requests: readonly SentRequest[];
  /** Whether a request was made to fail. */
  readonly isFaulty: boolean;
}

/** A stack of CloudFormation whose handlers run in this process, with clients of the SDK that reach the account over HTTP. */
export class Formation {
  public static async start(): Promise<Formation> {
    const answers = new Answers();
    return new Formation(await LocalAccount.start([answers]), answers);
  }

  /** Every event, in order. */
  public readonly told: Told[] = [];
  /** Every answer that CloudFormation got. */
  public readonly answers: CloudFormationCustomResourceResponse[] = [];
  /** Told of each event before its handler is. */
  public onEvent: (folder: string, event: ResourceEvent) => void = () => undefined;
  private readonly engine: CustomResources;
  private deployed: Deployment;

  private constructor(public readonly local: LocalAccount, answers: Answers) {
    this.deployed = local.deployment = readDeployment(synthesize(() => undefined), SCOPE);
    const functions = new InProcess(this);
    this.engine = new CustomResources(new Events(functions, answers, local.endpoint, local.clock), new CustomResourceRecords(local.folder), functions);
  }

  /** Deploy what is defined in a stack. What fails is rolled back; what has left the stack goes last, as in CloudFormation. */
  public async deploy(define: (stack: Stack) => void): Promise<Deployed> {
    const directory = synthesize(define);
    const { deployed: before } = this;
    const outcome = await this.engine.apply({
      read: (knowledge) => readDeployment(directory, { ...SCOPE, ...knowledge }),
      deploy: (deployment, options) => this.putIntoEffect(options.removes ? deployment : withLeaving(deployment, before.resources), options),
    });
    this.deployed = outcome.deployment;
    return outcome;
  }

  private async putIntoEffect(deployment: Deployment, options: { readonly removes: boolean }): Promise<void> {
    const { local } = this;
    local.deployment = deployment;
    deploy(withoutHandlers(deployment), local.account, local.now(), await issueDeclared(deployment, local.authority, local.account.store), options);
  }

  /** One event to a handler, as AWS Lambda calls it. */
  public async send(folder: string, event: ResourceEvent, answer: Put = () => Promise.resolve()): Promise<CloudFormationCustomResourceResponse> {
    const { local } = this;
    const entry = entryOf(folder, local, local, async (url, body) => {
      this.answers.push(JSON.parse(new TextDecoder().decode(body)) as CloudFormationCustomResourceResponse);
      await answer(url, body);
    });
    await entry(event, { getRemainingTimeInMillis: () => 900_000 });
    return this.answers.at(-1)!;
  }

  public stop(): void {
    this.local.stop();
  }
}

/** Functions of the assembly that are called in this process, from their sources. */
class InProcess extends LambdaFunctions {
  constructor(private readonly formation: Formation) {
    const { local } = formation;
    super({ access: () => ({ endpoint: '', region: SCOPE.region, credentials: { accessKeyId: '', secretAccessKey: '', sessionToken: '' } }), folder: local.folder, clock: local.clock, project: '', log: () => undefined });
  }

  public override async invoke(functionArn: string, payload: unknown): Promise<unknown> {
    const { formation } = this;
    const folder = /\/CdkIotWarden-([a-z-]+)\//.exec(this.find(functionArn)!.path)![1]!;
    const event = payload as ResourceEvent;
    formation.onEvent(folder, event);
    const before = formation.local.snapshot();
    const from = formation.local.requests.length;
    await formation.send(folder, event, async (url, body) => {
      // Before the answer: the engine does not wait for the end of a function.
      formation.told.push({ folder, event, before, requests: formation.local.requests.slice(from), isFaulty: formation.local.faults.isPlanned });
      await put(url, body);
    });
    return undefined;
  }
}

function synthesize(define: (stack: Stack) => void): string {
  const app = new App({ context: { 'aws:cdk:disable-asset-staging': true, 'aws:cdk:version-reporting': false } });
  const stack = new Stack(app, 'Fleet', { env: { account: SCOPE.accountId, region: SCOPE.region } });
  // A stack must not be empty.
  new CfnWaitConditionHandle(stack, 'Nothing');
  define(stack);
  return app.synth().directory;
}

/** What CloudFormation deploys by itself: the twin's model also says what handlers will do. */
function withoutHandlers(deployment: Deployment): Deployment {
  return {
    ...deployment,
    things: deployment.things.map(({ groups: _, thingType: __, ...thing }) => thing),
    thingGroups: deployment.thingGroups.map((group) => ({ ...group, policies: [] })),
  };
}
