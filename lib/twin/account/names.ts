import { invalidRequest } from './errors';

/** What the API asks of names. */
const NAMES = {
  authorizerName: { pattern: /^[\w=,@-]+$/, maxLength: 128 },
  billingGroupName: { pattern: /^[a-zA-Z0-9:_-]+$/, maxLength: 128 },
  certificateId: { pattern: /^(0x)?[a-fA-F0-9]{64}$/, maxLength: 66 },
  jobId: { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 64 },
  jobTemplateId: { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 64 },
  policyName: { pattern: /^[\w+=,.@-]+$/, maxLength: 128 },
  roleAlias: { pattern: /^[\w=,@-]+$/, maxLength: 128 },
  roleArn: { pattern: /^arn:[\w-]+:iam::\d{12}:role\/.+$/, maxLength: 2048 },
  templateName: { pattern: /^[0-9A-Za-z_-]+$/, maxLength: 36 },
  thingGroupName: { pattern: /^[a-zA-Z0-9:_-]+$/, maxLength: 128 },
  thingName: { pattern: /^[a-zA-Z0-9:_-]+$/, maxLength: 128 },
  thingTypeName: { pattern: /^[a-zA-Z0-9:_-]+$/, maxLength: 128 },
} as const;

export type NameKind = keyof typeof NAMES;

/** @throws IotError for a name that is missing or has what the API does not take. */
export function checkName(kind: NameKind, name: string | undefined): string {
  const { pattern, maxLength } = NAMES[kind];
  if (typeof name === 'string' && name.length <= maxLength && pattern.test(name)) {
    return name;
  }
  throw invalidRequest(`1 validation error detected: Value '${String(name).slice(0, maxLength)}' at '${kind}' failed to satisfy constraint: `
    + `Member must have length from 1 to ${maxLength} and satisfy regular expression pattern: ${pattern.source.slice(1, -1)}`);
}
