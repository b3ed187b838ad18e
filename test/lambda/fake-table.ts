import type { AttributeValue, GetItemCommandInput, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { DynamoDb } from '../../lambda/registration/allow-list';
import { awsError, type Fault } from './fake-iot';

type Item = Record<string, AttributeValue>;

/** A table of DynamoDB in memory, with the expressions that handlers use; anything else is an error. */
export class FakeTable {
  public readonly items = new Map<string, Item>();
  public readonly requests: string[] = [];

  /** Runs once, between two requests, to change what the handler has read. */
  public meanwhile: (() => void) | undefined;

  private readonly faults = new Map<number, Fault>();

  public readonly client: DynamoDb = { send: (command: object) => this.receive(command) } as DynamoDb;

  public add(serialNumber: string, item: Item = {}): this {
    this.items.set(serialNumber, { serialNumber: { S: serialNumber }, ...item });
    return this;
  }

  public failAt(request: number, fault: Fault): void {
    this.faults.set(request, fault);
  }

  private async receive(command: object): Promise<unknown> {
    await Promise.resolve();
    const name = command.constructor.name.replace(/Command$/, '');
    const number = this.requests.length;
    this.requests.push(name);
    const fault = [...this.faults].find(([from, { count = 1 }]) => number >= from && number < from + count)?.[1];
    if (fault && fault.isDone !== true) {
      throw awsError(fault.error);
    }
    const { input } = command as { input: GetItemCommandInput & UpdateItemCommandInput };
    const answer = name === 'GetItem' ? { Item: structuredClone(this.items.get(input.Key!.serialNumber!.S!)) } : this.update(input);
    if (name === 'GetItem') {
      this.meanwhile?.();
      this.meanwhile = undefined;
    }
    if (fault) {
      throw awsError(fault.error);
    }
    return answer;
  }

  private update({ Key: key, UpdateExpression: update = '', ConditionExpression: condition = '', ExpressionAttributeValues: values = {} }: UpdateItemCommandInput): object {
    const serialNumber = key!.serialNumber!.S!;
    const item = this.items.get(serialNumber) ?? {};
    if (!condition.split(' AND ').every((part) => part.replace(/[()]*$/, ')').split(' OR ').some((term) => holds(term, item, values)))) {
      throw awsError('ConditionalCheckFailedException');
    }
    const changed: Item = { ...item, ...key };
    for (const [, action, rest = ''] of update.matchAll(/(SET|ADD|DELETE) (.+?)(?= (?:SET|ADD|DELETE) |$)/g)) {
      for (const assignment of rest.split(', ')) {
        const [name = '', value = ''] = assignment.split(action === 'SET' ? ' = ' : ' ');
        apply(changed, action!, name, values[value]!);
      }
    }
    this.items.set(serialNumber, changed);
    return {};
  }
}

function apply(item: Item, action: string, name: string, value: AttributeValue): void {
  if (action === 'SET') {
    item[name] = value;
    return;
  }
  const before = item[name]?.SS ?? [];
  const after = action === 'ADD' ? [...new Set([...before, ...value.SS!])] : before.filter((each) => !value.SS!.includes(each));
  if (after.length > 0) {
    item[name] = { SS: after };
  } else {
    delete item[name];
  }
}

function holds(term: string, item: Item, values: Item): boolean {
  const [, not, checked] = /attribute_(not_)?exists\((\w+)\)/.exec(term) ?? [];
  if (checked !== undefined) {
    return (item[checked] === undefined) === (not !== undefined);
  }
  const [, name, value] = /(\w+) = (:\w+)/.exec(term) ?? [];
  if (name === undefined) {
    return term.replace(/[() ]/g, '') === '';
  }
  return JSON.stringify(item[name]) === JSON.stringify(values[value!]);
}
