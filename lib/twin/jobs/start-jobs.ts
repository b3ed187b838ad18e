import { randomUUID } from 'node:crypto';
import type { Deployment } from '../../deployment';
import type { Account } from '../account';
import type { Clock } from '../clock';
import type { Operation } from '../control-plane';
import type { DataRoute } from '../front';
import { RolePermissions } from '../iam';
import type { Journal } from '../journal';
import type { Broker } from '../mqtt/broker';
import type { TopicService } from '../mqtt/topic-service';
import type { Storage } from '../storage';
import { jobRoutes } from './data-routes';
import { followJobs } from './declared-jobs';
import { DeviceCalls } from './device-calls';
import { publishJobEvents } from './job-events';
import type { ReadObject } from './document-source';
import { JobDocuments } from './job-documents';
import type { Presign } from './job-documents';
import { Jobs } from './jobs';
import { MqttApi } from './mqtt-api';
import { notifyThings } from './notifications';
import { JobOperations } from './operations';

export interface JobsServiceProps {
  readonly account: Account;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly storage: Storage;
  readonly readObject: ReadObject;
  readonly presign: Presign;
}

/** AWS IoT Jobs on the twin, as each who needs it sees it. */
export interface JobsService {
  /** Jobs themselves, for who looks at them. */
  readonly jobs: Jobs;

  /** For MQTT clients. */
  readonly service: TopicService;

  /** For devices over HTTPS. */
  readonly routes: readonly DataRoute[];

  /** For operators, by the name of the call in lower camel case. */
  readonly operations: Readonly<Record<string, Operation>>;

  /**
   * Make the jobs and templates of a deployment, in the place of those of the one before.
   *
   * @returns what could not be followed, for a person
   */
  follow(deployment: Deployment): readonly string[];
  stop(): void;
}

const OPERATIONS = [
  'associateTargetsWithJob', 'cancelJob', 'cancelJobExecution', 'createJob', 'createJobTemplate', 'deleteJob', 'deleteJobExecution', 'deleteJobTemplate', 'describeJob',
  'describeJobExecution', 'describeJobTemplate', 'getJobDocument', 'listJobExecutionsForJob', 'listJobExecutionsForThing', 'listJobs', 'listJobTemplates', 'updateJob',
] as const satisfies readonly (keyof JobOperations)[];

/** Jobs, put together. */
export function startJobs({ account, broker, clock, journal, storage, readObject, presign }: JobsServiceProps): JobsService {
  const jobs = new Jobs({ account, clock, storage });
  let roles: RolePermissions | undefined;
  const documents = new JobDocuments({ account, journal, presign, roles: () => roles });
  const operations = new JobOperations({ jobs, account, clock, readObject });
  const publish = (topic: string, payload: Buffer): void => broker.publish({ topic, payload, qos: 1, retain: false });
  const hasThing = (thingName: string): boolean => account.store.get('things', thingName) !== undefined;
  notifyThings({ jobs, clock, documents, publish });
  publishJobEvents({ jobs, account, now: () => clock.now(), newEventId: randomUUID, publish });
  return {
    jobs,
    service: new MqttApi({ calls: new DeviceCalls({ jobs, clock, hasThing, tellDocument: (job, execution) => JSON.parse(documents.tell(job, execution)) as unknown }), clock, journal }),
    routes: jobRoutes(new DeviceCalls({ jobs, clock, hasThing, tellDocument: (job, execution) => documents.tell(job, execution) })),
    operations: Object.fromEntries(OPERATIONS.map((name) => [name, operations[name].bind(operations)])),
    follow: (deployment) => {
      roles = new RolePermissions(() => deployment);
      return followJobs(deployment, jobs, operations);
    },
    stop: () => jobs.stop(),
  };
}
