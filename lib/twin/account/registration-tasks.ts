import type * as api from '@aws-sdk/client-iot';
import { byDate, nextToken } from './core';
import { IotError, invalidRequest, notFound } from './errors';
import { checkName } from './names';
import { checkTemplateBody } from './provisioning-templates';
import type { RegistrationTaskRecord } from './records';
import { RoleAliases } from './role-aliases';

/** What whoever runs a task changes about it. */
export type TaskProgress = Partial<Pick<RegistrationTaskRecord, 'status' | 'message' | 'successCount' | 'failureCount' | 'percentageProgress' | 'reports'>>;

/** The records of bulk registration; who runs the tasks is told by the control plane. */
export abstract class RegistrationTasks extends RoleAliases {
  /** One task at a time. */
  public startThingRegistrationTask({ templateBody, inputFileBucket, inputFileKey, roleArn }: api.StartThingRegistrationTaskRequest): { readonly taskId: string } {
    const body = checkTemplateBody(templateBody);
    if (typeof inputFileBucket !== 'string' || typeof inputFileKey !== 'string' || inputFileBucket === '' || inputFileKey === '') {
      throw invalidRequest("'inputFileBucket' and 'inputFileKey' must name a file in S3");
    }
    for (const { status, taskId } of this.store.all('registrationTasks')) {
      if (status === 'InProgress') {
        throw new IotError('LimitExceededException', `The registration task ${taskId} is running; there can be one at a time`);
      }
    }
    const taskId = this.random.uuid();
    this.store.put('registrationTasks', taskId, {
      taskId,
      templateBody: body,
      inputFileBucket,
      inputFileKey,
      roleArn: checkName('roleArn', roleArn),
      status: 'InProgress',
      successCount: 0,
      failureCount: 0,
      percentageProgress: 0,
      reports: { RESULTS: [], ERRORS: [] },
      lastModifiedDate: this.now(),
      ...this.fresh(),
    });
    return { taskId };
  }

  public describeThingRegistrationTask({ taskId }: api.DescribeThingRegistrationTaskRequest): Omit<api.DescribeThingRegistrationTaskResponse, '$metadata'> {
    const { reports, creationDate, lastModifiedDate, tags, logicalId, ...record } = this.registrationTask(taskId);
    return { ...record, creationDate: new Date(creationDate), lastModifiedDate: new Date(lastModifiedDate) };
  }

  public listThingRegistrationTasks({ nextToken: token, maxResults, status }: api.ListThingRegistrationTasksRequest): { readonly taskIds: string[]; readonly nextToken?: string } {
    const fitting = [...this.store.all('registrationTasks')].filter((task) => status === undefined || task.status === status);
    const page = this.page(fitting, ({ creationDate, taskId }) => byDate(creationDate, taskId), { limit: maxResults, token, descending: true });
    return { taskIds: page.items.map(({ taskId }) => taskId), ...nextToken(page) };
  }

  public stopThingRegistrationTask({ taskId }: api.StopThingRegistrationTaskRequest): object {
    const record = this.registrationTask(taskId);
    if (record.status === 'InProgress') {
      this.updateRegistrationTask(record.taskId, { status: 'Cancelled' });
    }
    return {};
  }

  public listThingRegistrationTaskReports({ taskId, reportType, nextToken: token, maxResults }: api.ListThingRegistrationTaskReportsRequest): { readonly resourceLinks: string[]; readonly reportType: 'RESULTS' | 'ERRORS'; readonly nextToken?: string } {
    const { reports } = this.registrationTask(taskId);
    if (reportType !== 'RESULTS' && reportType !== 'ERRORS') {
      throw invalidRequest("'reportType' must be RESULTS or ERRORS");
    }
    const page = this.page(reports[reportType].map((link, index) => ({ link, index })), ({ index }) => String(index).padStart(10, '0'), { limit: maxResults, token });
    return { resourceLinks: page.items.map(({ link }) => link), reportType, ...nextToken(page) };
  }

  /** For whoever runs the task. */
  public updateRegistrationTask(taskId: string, progress: TaskProgress): void {
    this.store.put('registrationTasks', taskId, { ...this.registrationTask(taskId), ...progress, lastModifiedDate: this.now() });
  }

  private registrationTask(taskId: string | undefined): RegistrationTaskRecord {
    const record = this.store.get('registrationTasks', taskId ?? '');
    if (record === undefined) {
      throw notFound(`Registration task ${String(taskId)}`);
    }
    return record;
  }
}
