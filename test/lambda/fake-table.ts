import type { AttributeValue, GetItemCommandInput, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { DynamoDb } from '../../lambda/registration/allow-list';
import { awsError, FaultyClient } from './faulty-client';

type Item = Record<string, AttributeValue>;

/** A table of DynamoDB in memory, with the expressions that handlers use; anything else is an error. */
export class FakeTable extends FaultyClient {
  public readonly items = new Map<string, Item>();

  /** Runs once, between two requests, to change what the handler has read. */
  public meanwhile: (() => void) | undefined;

  public readonly client: DynamoDb = this.sender;

  public add(serialNumber: string, item: Item = {}): this {
    this.items.set(serialNumber, { serialNumber: { S: serialNumber }, ...item });
    return this;
  }

  protected readonly operations = {
    GetItem: ({ Key: key }: GetItemCommandInput) => {
      const item = structuredClone(this.items.get(key!.serialNumber!.S!));
      this.meanwhile?.();
      this.meanwhile = undefined;
      return { Item: item };
    },
    UpdateItem: (input: UpdateItemCommandInput) => this.update(input),
  };

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
