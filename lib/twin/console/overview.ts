import type { JobsService } from '../jobs';
import type { Shadows } from '../shadows';

/** Rows of a table: those that changed last. */
const MAX_ROWS = 50;

/** Things that a job names in its row. */
const MAX_THINGS = 5;

/** Of a text in a row, which may be a whole shadow; and of a thing with the details of its status. */
const MAX_CHARACTERS = 500;
const MAX_THING_CHARACTERS = 150;

type Jobs = JobsService['jobs'];

/** A table as the page shows it, all of it text. */
export interface OverviewTable {
  /** The row that changed last comes first. */
  readonly rows: readonly (readonly string[])[];

  /** How many there are, shown or not. */
  readonly total: number;
}

/** Shadows and jobs as they are now, small enough to be sent to a page again and again. */
export class Overview {
  private readonly shadowRows = new Rows();
  private readonly jobRows = new Rows();

  constructor(private readonly shadows: Shadows, private readonly jobs: Jobs) {
    for (const { thingName, shadowName } of shadows.list()) {
      this.followShadow(thingName, shadowName);
    }
    for (const { jobId } of jobs.book.jobs.values()) {
      this.followJob(jobId);
    }
  }

  /** Be told that something has changed. */
  public listen(changed: () => void): void {
    this.shadows.onChange(({ thingName, shadowName }) => {
      this.followShadow(thingName, shadowName);
      changed();
    });
    this.jobs.listen({
      changed: (jobIds) => {
        jobIds.forEach((jobId) => this.followJob(jobId));
        changed();
      },
    });
  }

  public tables(): { readonly shadows: OverviewTable; readonly jobs: OverviewTable } {
    return {
      shadows: { rows: this.shadowRows.newestFirst(), total: this.shadows.size },
      jobs: { rows: this.jobRows.newestFirst(), total: this.jobs.book.jobs.size },
    };
  }

  private followShadow(thingName: string, shadowName: string | undefined): void {
    this.shadowRows.put(JSON.stringify([thingName, shadowName]), () => {
      const document = this.shadows.get(thingName, shadowName) as { readonly state: object; readonly version: number } | undefined;
      return document && [thingName, shadowName ?? '(classic)', String(document.version), cut(JSON.stringify(document.state))];
    });
  }

  private followJob(jobId: string): void {
    this.jobRows.put(jobId, () => {
      const { book } = this.jobs;
      const job = book.jobs.get(jobId);
      return job && [
        jobId, job.status, cut(job.targets.map((arn) => arn.split(':').slice(5).join(':')).join(', ')),
        Object.entries(book.countsOf(jobId)).filter(([, count]) => count > 0).map(([status, count]) => `${count} ${status}`).join(', '), this.thingsOf(jobId),
      ];
    });
  }

  /** How the first things are getting on: a job may have very many. */
  private thingsOf(jobId: string): string {
    const texts: string[] = [];
    for (const { thingName, status, versionNumber, statusDetails } of this.jobs.book.executionsOfJob(jobId)) {
      if (texts.length === MAX_THINGS) {
        return [...texts, '…'].join('\n');
      }
      texts.push(cut(`${thingName} ${status} v${versionNumber}${statusDetails === undefined ? '' : ` ${JSON.stringify(statusDetails)}`}`, MAX_THING_CHARACTERS));
    }
    return texts.join('\n');
  }
}

/** What has changed last, the oldest first. A row is made when somebody looks, and only again when it has changed. */
class Rows {
  private readonly rows = new Map<string, { readonly make: () => readonly string[] | undefined; made?: readonly string[] | undefined }>();

  public put(key: string, make: () => readonly string[] | undefined): void {
    this.rows.delete(key);
    this.rows.set(key, { make });
    if (this.rows.size > MAX_ROWS) {
      this.rows.delete(this.rows.keys().next().value!);
    }
  }

  public newestFirst(): readonly (readonly string[])[] {
    return [...this.rows.values()].reverse().flatMap((row) => {
      row.made ??= row.make();
      return row.made === undefined ? [] : [row.made];
    });
  }
}

function cut(text: string, most = MAX_CHARACTERS): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
