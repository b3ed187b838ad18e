import { accountOf } from './account';
import type { GivenAccount } from './account';
import { DeploymentError } from './errors';
import { readText } from './files';
import type { Files } from './files';
import type { Knowledge } from './known';
import type { Account } from './model';
import { givenValue } from './parameters';
import type { GivenParameters } from './parameters';
import { parseTemplate } from './parse-template';
import { fingerprint, generatedName } from './physical-names';
import { nestedTemplateFile } from './read-assembly';
import type { StackSource } from './read-assembly';
import { Stack } from './stack';
import type { Surroundings } from './stack';
import { asText, propertyOf } from './values';
import type { Work } from './work';
import { showText } from '../policy/text';
import type { Text } from '../policy/text';

/** What a caller knows that the template does not say. */
export interface Given extends GivenAccount, Knowledge {
  readonly parameters?: GivenParameters;
}

/** More than AWS lets an account have; templates that nest each other again and again end here. */
const MAX_STACKS = 5000;

/** The stacks of a deployment, and after them their nested stacks; each can refer to the others. */
export function resolveStacks(sources: readonly StackSource[], given: Given, files: Files, work: Work): Stack[] {
  const exported = new Map<string, { readonly stack: Stack; readonly output: string } | undefined>();
  const stacks = sources.map((source) => {
    const account = accountOf({
      accountId: given.accountId ?? source.accountId,
      region: given.region ?? source.region,
      partition: given.partition,
    }, work);
    return new Stack(source, {
      work,
      account,
      knowledge: given,
      parameter: (name) => givenValue(name, source, given.parameters ?? {}),
      imported: (name) => {
        const found = exported.get(exportKey(account, name));
        return found?.stack.output(found.output, `${found.stack.path}/Outputs/${found.output}`);
      },
      nested: (parent, logicalId, around) => nestedStack(parent, logicalId, around, files),
    });
  });
  for (const stack of stacks) {
    stacks.push(...stack.nestedStacks);
    if (stacks.length > MAX_STACKS) {
      throw new DeploymentError(stack.path, `is one of more than ${MAX_STACKS} stacks; read fewer at a time`);
    }
  }
  for (const stack of stacks) {
    for (const { name, output } of stack.exports()) {
      const key = exportKey(stack.account, name);
      exported.set(key, exported.has(key) ? undefined : { stack, output });
    }
  }
  return stacks;
}

/** A name is exported once for an account and region; stacks that could be deployed anywhere count as deployed together. */
function exportKey({ accountId, region }: Account, name: Text): string {
  return [accountId, region, name].map(showText).join('/');
}

function nestedStack(parent: Stack, logicalId: string, around: Surroundings, files: Files): Stack | undefined {
  const { source } = parent;
  const resource = source.template.resources.get(logicalId);
  if (resource?.type !== 'AWS::CloudFormation::Stack') {
    return undefined;
  }
  const path = `${source.path}/${logicalId}`;
  const url = asText(parent.property(logicalId, 'TemplateURL')) ?? '';
  const file = nestedTemplateFile(source, resource.metadata['aws:asset:path'], url, files);
  if (file === undefined) {
    parent.work.unknown(path, 'the template of the nested stack is not on this computer');
    return undefined;
  }
  const within = [...source.within, source.file];
  if (within.includes(file)) {
    parent.work.unknown(path, 'the nested stack contains itself');
    return undefined;
  }
  return new Stack({
    ...source,
    path,
    file,
    within,
    name: generatedName(source.name, logicalId, fingerprint(path)),
    template: parseTemplate(readText(files, file), file),
  }, {
    ...around,
    parameter: (name) => propertyOf(parent.property(logicalId, 'Parameters'), name),
  });
}
