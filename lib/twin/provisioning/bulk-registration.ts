import type { Account } from '../account';
import type { Journal } from '../journal';
import { ProvisioningError } from './errors';
import { linesOf } from './lines';
import type { Line } from './lines';
import { readParameters } from './plan';
import type { Provisioner } from './provisioner';
import { parseTemplate } from './template';
import type { Template } from './template';

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_LINE_BYTES = 256 * 1024;

/** Lines after which a task says how far it is. */
const PROGRESS_EVERY = 100;

/** Lines of one part of a report, so that no report has to be held as a whole. */
const REPORT_LINES = 1000;

export type ReportType = 'RESULTS' | 'ERRORS';

/** The files that tasks read, and the reports they write. */
export interface RegistrationFiles {
  /** @throws Error that says why it cannot be read */
  read(bucket: string, key: string): Promise<Buffer>;

  /** Keep a part of a report; gives the link under which it can be fetched. */
  writeReport(taskId: string, type: ReportType, part: number, content: string): Promise<string>;
}

export interface BulkRegistrationProps {
  readonly account: Account;
  readonly provisioner: Provisioner;
  readonly files: RegistrationFiles;
  readonly journal: Journal;

  /** Let others have their turn. */
  readonly pause: () => Promise<void>;
}

/**
 * Runs registration tasks: each line of a file has the parameters of one thing.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/bulk-provisioning.html
 */
export class BulkRegistration {
  constructor(private readonly props: BulkRegistrationProps) {
    // A task does not outlive the twin that ran it.
    for (const { taskId, status } of props.account.store.all('registrationTasks')) {
      if (status === 'InProgress') {
        props.account.updateRegistrationTask(taskId, { status: 'Failed', message: 'the twin was stopped' });
      }
    }
  }

  /** Run a task that the account has. It ends when the file does, or when its record is no longer in progress. */
  public async run(taskId: string): Promise<void> {
    const { account, files, journal } = this.props;
    const { templateBody, inputFileBucket, inputFileKey } = account.store.get('registrationTasks', taskId)!;
    try {
      const template = parseTemplate(templateBody, 'register-thing');
      await this.runOn(await files.read(inputFileBucket, inputFileKey), template, taskId);
    } catch (error) {
      account.updateRegistrationTask(taskId, { status: 'Failed', message: (error as Error).message });
      journal.note({}, 'refused', `registration task ${taskId} failed: ${(error as Error).message}`);
    }
  }

  private async runOn(file: Buffer, template: Template, taskId: string): Promise<void> {
    const { account, journal, pause } = this.props;
    const results = new Report(this.props, taskId, 'RESULTS');
    const errors = new Report(this.props, taskId, 'ERRORS');
    const progress = (bytesRead: number): void => account.updateRegistrationTask(taskId, {
      successCount: results.count, failureCount: errors.count, percentageProgress: Math.floor(100 * bytesRead / file.length),
    });
    for (const line of linesOf(file, MAX_LINE_BYTES)) {
      if (account.store.get('registrationTasks', taskId)?.status !== 'InProgress') {
        break;
      }
      const outcome = await this.register(template, line);
      await ('response' in outcome ? results : errors).add({ lineNumber: line.number, ...outcome });
      if ((results.count + errors.count) % PROGRESS_EVERY === 0) {
        progress(line.bytesRead);
        await pause();
      }
    }
    await results.close();
    await errors.close();
    const stopped = account.store.get('registrationTasks', taskId)?.status !== 'InProgress';
    account.updateRegistrationTask(taskId, {
      successCount: results.count,
      failureCount: errors.count,
      reports: { RESULTS: results.links, ERRORS: errors.links },
      ...(stopped ? {} : { status: 'Completed', percentageProgress: 100 }),
    });
    journal.note({}, 'provisioned', `registration task ${taskId}${stopped ? ' (stopped)' : ''}: ${results.count} lines registered, ${errors.count} failed`);
  }

  private async register(template: Template, { text }: Line): Promise<{ readonly response: object } | { readonly errorCode: string; readonly errorMessage: string }> {
    try {
      if (text === undefined) {
        throw new ProvisioningError('InvalidPayload', `the line is longer than ${MAX_LINE_BYTES} bytes, or no UTF-8`);
      }
      const { certificatePem, resourceArns } = await this.props.provisioner.register(template, readParameters(parse(text)));
      return { response: { certificatePem, resourceArns } };
    } catch (error) {
      const { code, message } = error instanceof ProvisioningError ? error : new ProvisioningError('InternalFailure', (error as Error).message);
      return { errorCode: code, errorMessage: message };
    }
  }
}

/** A report in the making, as lines of JSON in parts. */
class Report {
  public readonly links: string[] = [];
  public count = 0;
  private lines: string[] = [];

  constructor(private readonly props: BulkRegistrationProps, private readonly taskId: string, private readonly type: ReportType) {}

  public async add(line: object): Promise<void> {
    this.count += 1;
    if (this.lines.push(JSON.stringify(line)) === REPORT_LINES) {
      await this.close();
    }
  }

  /** Write what is there. */
  public async close(): Promise<void> {
    if (this.lines.length > 0) {
      const content = `${this.lines.join('\n')}\n`;
      this.lines = [];
      this.links.push(await this.props.files.writeReport(this.taskId, this.type, this.links.length + 1, content));
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProvisioningError('InvalidPayload', 'the line is no JSON');
  }
}
