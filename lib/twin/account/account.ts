import type * as api from '@aws-sdk/client-iot';
import { itself, nextToken } from './core';
import { invalidRequest, notFound } from './errors';
import type { CommonRecord } from './records';
import { RegistrationTasks } from './registration-tasks';
import type { Table } from './store';
import { tagsOf } from './tags';

/** What can have tags, by the type in its ARN. */
const TAGGABLE: { readonly [type: string]: Table } = {
  authorizer: 'authorizers',
  billinggroup: 'billingGroups',
  cacert: 'caCertificates',
  job: 'jobTags',
  jobtemplate: 'jobTemplateTags',
  policy: 'policies',
  provisioningtemplate: 'provisioningTemplates',
  rolealias: 'roleAliases',
  thinggroup: 'thingGroups',
  thingtype: 'thingTypes',
};

interface Tagged {
  readonly table: Table;
  readonly key: string;
  readonly record: CommonRecord;
}

/**
 * An account of AWS IoT Core. Every method of the API's name takes and returns what the call does, and throws `IotError`
 * with the error that the call would answer.
 */
export class Account extends RegistrationTasks {
  public listTagsForResource({ resourceArn, nextToken: token }: api.ListTagsForResourceRequest): { readonly tags: { readonly Key: string; readonly Value: string }[]; readonly nextToken?: string } {
    const { record: { tags = {} } } = this.tagged(resourceArn);
    const page = this.page(Object.keys(tags), itself, { token });
    return { tags: page.items.map((Key) => ({ Key, Value: tags[Key]! })), ...nextToken(page) };
  }

  public tagResource({ resourceArn, tags = [] }: api.TagResourceRequest): object {
    const tagged = this.tagged(resourceArn);
    const before = Object.entries(tagged.record.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
    this.putTags(tagged, tagsOf([...before, ...tags]));
    return {};
  }

  public untagResource({ resourceArn, tagKeys = [] }: api.UntagResourceRequest): object {
    const tagged = this.tagged(resourceArn);
    this.putTags(tagged, Object.fromEntries(Object.entries(tagged.record.tags ?? {}).filter(([key]) => !tagKeys.includes(key))));
    return {};
  }

  /** The tags of a resource; none for one that is not there, or cannot have any. */
  public tagsOf(arn: string): Readonly<Record<string, string>> {
    return this.find(arn)?.record?.tags ?? {};
  }

  private tagged(arn: string | undefined): Tagged {
    const found = this.find(arn ?? '');
    if (found === undefined) {
      throw invalidRequest(`'${String(arn)}' is not the ARN of a resource of this account that can have tags`);
    }
    const { table, key, record } = found;
    if (record === undefined) {
      throw notFound(`Resource ${arn}`);
    }
    return { table, key, record };
  }

  /** The record of what can have tags, if it is there. */
  private find(arn: string): Pick<Tagged, 'table' | 'key'> & { readonly record: CommonRecord | undefined } | undefined {
    const prefix = this.arn('');
    const [type = '', key = ''] = arn.startsWith(prefix) ? arn.slice(prefix.length).split('/', 2) : [];
    const table = Object.hasOwn(TAGGABLE, type) ? TAGGABLE[type] : undefined;
    return table && { table, key, record: this.store.get(table, key) as CommonRecord | undefined };
  }

  private putTags({ table, key, record }: Tagged, tags: Readonly<Record<string, string>>): void {
    this.store.put(table, key, { ...record, tags });
  }
}
