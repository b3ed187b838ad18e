import { isDeepStrictEqual } from 'node:util';
import type * as api from '@aws-sdk/client-iot';
import { textAt } from '../../deployment';
import type { Deployment, Resource, Value } from '../../deployment';
import { isPartialText, isUnknownPart } from '../../policy';
import { IotError } from '../account';
import type { Jobs } from './jobs';
import type { JobOperations } from './operations';

/** What differs between the names of CloudFormation and of the API, beside the first letter. */
const RENAMED: Readonly<Record<string, string>> = { ExponentialRolloutRate: 'exponentialRate', RetryCriteriaList: 'criteriaList' };

/** What has the same names in it in both. */
const SAME = new Set(['Tags']);

/** What CloudFormation changes without replacing the job. */
const UPDATED = ['description', 'presignedUrlConfig', 'jobExecutionsRolloutConfig', 'abortConfig', 'timeoutConfig', 'tags'];

type Input = Readonly<Record<string, unknown>>;

/** How a type of resource is made and removed; templates come before the jobs that name them. */
const KINDS = [
  {
    type: 'AWS::IoT::JobTemplate',
    idOf: ({ jobTemplateId }: Input) => jobTemplateId,
    create: (operations: JobOperations, input: Input) => operations.createJobTemplate(input as never),
    remove: (jobs: Jobs, id: string) => jobs.removeTemplate(id),
    update: (): boolean => false,
  },
  {
    type: 'AWS::IoT::Job',
    idOf: ({ jobId }: Input) => jobId,
    create: (operations: JobOperations, input: Input) => operations.createJob(input as never),
    remove: (jobs: Jobs, id: string) => (jobs.book.jobs.get(id) === undefined ? undefined : jobs.remove(id)),
    update: (operations: JobOperations, before: Input, wanted: Input): boolean => {
      const rest = (input: Input): Input => Object.fromEntries(Object.entries(input).filter(([name]) => !UPDATED.includes(name)));
      if (!isDeepStrictEqual(rest(before), rest(wanted))) {
        return false;
      }
      // A job that is over can get other tags, and nothing else.
      if (!isDeepStrictEqual({ ...before, tags: undefined }, { ...wanted, tags: undefined })) {
        operations.updateJob(wanted as unknown as api.UpdateJobRequest);
      }
      operations.retagJob(String(wanted.jobId), wanted.tags as api.Tag[] | undefined);
      return true;
    },
  },
] as const;

/** What was made of a resource. */
interface Made {
  readonly type: string;
  readonly input: Input;
}

/**
 * Make the jobs and job templates of a deployment: what is new is created, what is gone is removed, and what has changed is
 * changed, or made anew where CloudFormation replaces it. What was done while the twin ran lasts.
 *
 * @returns what could not be followed, for a person
 */
export function followJobs({ resources }: Deployment, jobs: Jobs, operations: JobOperations): readonly string[] {
  const { declared } = jobs.book;
  const problems: string[] = [];
  const wanted = new Map<string, Made & { readonly path: string }>();
  for (const { type } of KINDS) {
    for (const resource of resources.filter((one) => one.type === type)) {
      const input = inputOf(resource);
      if (input === undefined) {
        problems.push(`${resource.path}: not everything of it is known offline, so it is left out`);
      } else {
        wanted.set(`${type} ${resource.physicalId as string}`, { type, input, path: resource.path });
      }
    }
  }
  for (const [key, { text }] of [...declared.entries()].reverse()) {
    if (!wanted.has(key)) {
      removeMade(jobs, JSON.parse(text) as Made);
      declared.remove(key);
    }
  }
  for (const [key, { type, input, path }] of wanted) {
    const text = JSON.stringify({ type, input });
    const before = declared.get(key);
    if (before?.text !== text) {
      try {
        const made = before && (JSON.parse(before.text) as Made);
        if (made === undefined || !kindOf(type).update(operations, made.input, input)) {
          if (made !== undefined) {
            removeMade(jobs, made);
            declared.remove(key);
          }
          kindOf(type).create(operations, input);
        }
        declared.put(key, { text });
      } catch (error) {
        if (!(error instanceof IotError)) {
          throw error;
        }
        problems.push(`${path}: not made: ${error.message}`);
      }
    }
  }
  return problems;
}

function kindOf(wanted: string): typeof KINDS[number] {
  return KINDS.find(({ type }) => type === wanted)!;
}

function removeMade(jobs: Jobs, { type, input }: Made): void {
  kindOf(type).remove(jobs, String(kindOf(type).idOf(input)));
}

/** A resource as the API is asked for it; undefined where not all of it is known. */
function inputOf({ properties, physicalId, condition }: Resource): Input | undefined {
  if (condition !== undefined || typeof physicalId !== 'string' || hasUnknowns(properties)) {
    return undefined;
  }
  const input = renamed(properties) as Input;
  const [job, template] = [textAt(properties, 'JobId'), textAt(properties, 'JobTemplateId')];
  return { ...input, ...(job === undefined ? {} : { jobId: job }), ...(template === undefined ? {} : { jobTemplateId: template }) };
}

function hasUnknowns(value: unknown): boolean {
  return isUnknownPart(value) || isPartialText(value) || (typeof value === 'object' && value !== null && Object.values(value).some(hasUnknowns));
}

function renamed(value: Value | undefined): unknown {
  if (Array.isArray(value)) {
    return value.map((item: Value) => renamed(item));
  }
  return typeof value !== 'object' || value === null ? value : Object.fromEntries(Object.entries(value).map(([name, part]) => [
    RENAMED[name] ?? name.charAt(0).toLowerCase() + name.slice(1), SAME.has(name) ? part : renamed(part as Value),
  ]));
}
