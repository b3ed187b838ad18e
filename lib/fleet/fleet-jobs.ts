import { Construct } from 'constructs';
import type { JobGrants } from '../access';
import { JobTemplate, type JobTemplateProps } from '../jobs';

/** The jobs of a fleet. */
export class FleetJobs {
  /** What apps and users of AWS can be permitted with them. */
  public readonly grants: JobGrants;

  private templates?: Construct;

  /** @internal */
  constructor(grants: JobGrants, private readonly fleet: Construct) {
    this.grants = grants;
  }

  /** Defines a template for jobs of the fleet. Name it in `grants.create` for those who may make jobs of it. */
  public addTemplate(id: string, props: JobTemplateProps): JobTemplate {
    this.templates ??= new Construct(this.fleet, 'JobTemplates');
    return new JobTemplate(this.templates, id, props);
  }
}
