import type { CloudFormationCustomResourceResponse } from 'aws-lambda';
import { customResource, type Handle, type Iot, type Properties, type ResourceEvent, type System } from '../../lambda/custom-resource';

const STACK_ID = 'arn:aws:cloudformation:eu-central-1:123456789012:stack/Fleet/0a1b2c3d';
const RESPONSE_URL = 'https://cloudformation-custom-resource-response.s3.amazonaws.com/key?X-Amz-Signature=secret';

/** A clock that sleeping turns on, and the lines that were logged. */
export class FakeSystem implements System {
  public readonly lines: string[] = [];
  public time = 0;

  public now(): number {
    return this.time;
  }

  public async sleep(milliseconds: number): Promise<void> {
    await Promise.resolve();
    this.time += milliseconds;
  }

  public random(): number {
    return 0.5;
  }

  public log(line: string): void {
    this.lines.push(line);
  }
}

type Values = { readonly [name: string]: unknown };

/** A custom resource in a stack: does what CloudFormation does around the handler. */
export class FakeStack {
  public readonly system = new FakeSystem();
  public readonly answers: CloudFormationCustomResourceResponse[] = [];
  private physicalId: string | undefined;
  private current: Values | undefined;

  constructor(private readonly createHandler: (iot: Iot, system: System) => Handle, private readonly iot: Iot, private readonly logicalId = 'Resource') {}

  public get physicalResourceId(): string {
    return this.physicalId ?? '';
  }

  /** Creates or updates the resource; what fails is rolled back as CloudFormation does. */
  public async deploy(values: Values, timeLeft?: number): Promise<CloudFormationCustomResourceResponse> {
    const before = this.current;
    const answer = await this.send(before === undefined ? this.create(values) : this.update(values, before), timeLeft);
    if (answer.Status === 'FAILED') {
      return answer;
    }
    const old = this.physicalId;
    this.current = values;
    this.physicalId = answer.PhysicalResourceId;
    if (before && old !== undefined && old !== answer.PhysicalResourceId) {
      await this.send(this.remove(before, old));
    }
    return answer;
  }

  public async destroy(): Promise<CloudFormationCustomResourceResponse> {
    const answer = await this.send(this.remove(this.current ?? {}, this.physicalId ?? ''));
    if (answer.Status === 'SUCCESS') {
      this.current = undefined;
    }
    return answer;
  }

  public create(values: Values): ResourceEvent {
    return { ...this.common(values), RequestType: 'Create' };
  }

  public update(values: Values, before: Values): ResourceEvent {
    return { ...this.common(values), RequestType: 'Update', PhysicalResourceId: this.physicalId ?? '', OldResourceProperties: properties(before) };
  }

  public remove(values: Values, physicalResourceId: string): ResourceEvent {
    return { ...this.common(values), RequestType: 'Delete', PhysicalResourceId: physicalResourceId };
  }

  /** Sends one event and nothing else. */
  public async send(event: ResourceEvent, timeLeft = 900_000): Promise<CloudFormationCustomResourceResponse> {
    const entry = customResource(this.createHandler(this.iot, this.system), this.system, async (url, body) => {
      await Promise.resolve();
      expect(url).toBe(RESPONSE_URL);
      this.answers.push(JSON.parse(new TextDecoder().decode(body)) as CloudFormationCustomResourceResponse);
    });
    await entry(event, { getRemainingTimeInMillis: () => timeLeft });
    return this.answers.at(-1)!;
  }

  private common(values: Values) {
    return {
      ServiceToken: 'arn:aws:lambda:eu-central-1:123456789012:function:handler',
      ResponseURL: RESPONSE_URL,
      StackId: STACK_ID,
      RequestId: `request-${this.answers.length}`,
      LogicalResourceId: this.logicalId,
      ResourceType: 'Custom::Test',
      ResourceProperties: properties(values),
    };
  }
}

function properties(values: Values): Properties {
  return { ServiceToken: 'arn:aws:lambda:eu-central-1:123456789012:function:handler', ...values };
}
