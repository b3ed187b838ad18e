import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** What the custom resources of a stack let their functions do, and what they deny them: action, then resources. */
export function granted(stack: Stack): Map<string, string[]> {
  // The other policies are of roles, and of the log.
  return grants(stack, 'Permissions');
}

/** The same for policies with this in their ids, such as those of a role. */
export function grants(stack: Stack, part: string): Map<string, string[]> {
  const template = Template.fromStack(stack);
  const found = new Map<string, string[]>();
  for (const [id, policy] of Object.entries(template.findResources('AWS::IAM::Policy'))) {
    if (!id.includes(part)) {
      continue;
    }
    for (const statement of (policy.Properties as { PolicyDocument: { Statement: Statement[] } }).PolicyDocument.Statement) {
      for (const name of [statement.Action].flat()) {
        const action = statement.Effect === 'Allow' ? name : `${statement.Effect} ${name}`;
        found.set(action, [...new Set([...found.get(action) ?? [], ...[statement.Resource].flat().map(text)])].sort());
      }
    }
  }
  return found;
}

/** The actions that the code of a handler needs, and shared files that it takes, as the names of its requests say. */
export function needed(handler: string, ...shared: readonly string[]): string[] {
  const lambda = join(__dirname, '..', '..', 'lambda');
  const files = [...readdirSync(join(lambda, handler)).map((file) => join(handler, file)), ...shared];
  const code = files.map((file) => readFileSync(join(lambda, file), 'utf8')).join('\n');
  return [...new Set([...code.matchAll(/new (\w+)Command\(/g)].map(([, name]) => `iot:${name}`))].sort();
}

const PSEUDO: Record<string, string> = { 'AWS::Partition': 'aws', 'AWS::Region': 'eu-central-1', 'AWS::AccountId': '123456789012' };

function text(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  const { Ref: ref, 'Fn::Join': join, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::Join'?: [string, unknown[]]; 'Fn::GetAtt'?: string[] };
  if (join) {
    return join[1].map(text).join(join[0]);
  }
  return ref === undefined ? `<${attribute?.map(withoutHash).join('.')}>` : PSEUDO[ref] ?? `<${withoutHash(ref)}>`;
}

function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}
