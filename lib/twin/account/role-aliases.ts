import type * as api from '@aws-sdk/client-iot';
import { itself, nextMarker } from './core';
import { IotError, invalidRequest, notFound } from './errors';
import { checkName } from './names';
import { ProvisioningTemplates } from './provisioning-templates';
import type { RoleAliasRecord } from './records';

/** @see https://docs.aws.amazon.com/iot/latest/apireference/API_CreateRoleAlias.html */
const DURATION_SEC = { min: 900, default: 3600, max: 43_200 };

export abstract class RoleAliases extends ProvisioningTemplates {
  public createRoleAlias({ roleAlias, roleArn, credentialDurationSeconds, tags }: api.CreateRoleAliasRequest): { readonly roleAlias: string; readonly roleAliasArn: string } {
    const name = checkName('roleAlias', roleAlias);
    if (this.store.get('roleAliases', name) !== undefined) {
      throw new IotError('ResourceAlreadyExistsException', `Role alias ${name} already exists`, { resourceId: name, resourceArn: this.arn(`rolealias/${name}`) });
    }
    this.store.put('roleAliases', name, {
      roleAlias: name,
      roleArn: checkName('roleArn', roleArn),
      credentialDurationSeconds: checkDuration(credentialDurationSeconds ?? DURATION_SEC.default),
      lastModifiedDate: this.now(),
      ...this.fresh(tags),
    });
    return { roleAlias: name, roleAliasArn: this.arn(`rolealias/${name}`) };
  }

  public describeRoleAlias({ roleAlias }: api.DescribeRoleAliasRequest): { readonly roleAliasDescription: api.RoleAliasDescription } {
    const record = this.roleAlias(roleAlias);
    return {
      roleAliasDescription: {
        roleAlias: record.roleAlias,
        roleAliasArn: this.arn(`rolealias/${record.roleAlias}`),
        roleArn: record.roleArn,
        owner: this.scope.accountId,
        credentialDurationSeconds: record.credentialDurationSeconds,
        creationDate: new Date(record.creationDate),
        lastModifiedDate: new Date(record.lastModifiedDate),
      },
    };
  }

  public updateRoleAlias({ roleAlias, roleArn, credentialDurationSeconds }: api.UpdateRoleAliasRequest): { readonly roleAlias: string; readonly roleAliasArn: string } {
    const record = this.roleAlias(roleAlias);
    this.store.put('roleAliases', record.roleAlias, {
      ...record,
      roleArn: roleArn === undefined ? record.roleArn : checkName('roleArn', roleArn),
      credentialDurationSeconds: checkDuration(credentialDurationSeconds ?? record.credentialDurationSeconds),
      lastModifiedDate: this.now(),
    });
    return { roleAlias: record.roleAlias, roleAliasArn: this.arn(`rolealias/${record.roleAlias}`) };
  }

  public deleteRoleAlias({ roleAlias }: api.DeleteRoleAliasRequest): object {
    this.store.remove('roleAliases', this.roleAlias(roleAlias).roleAlias);
    return {};
  }

  public listRoleAliases({ pageSize, marker, ascendingOrder }: api.ListRoleAliasesRequest): { readonly roleAliases: string[]; readonly nextMarker?: string } {
    const names = [...this.store.all('roleAliases')].map(({ roleAlias }) => roleAlias);
    const page = this.page(names, itself, { limit: pageSize, token: marker, descending: ascendingOrder === false });
    return { roleAliases: page.items, ...nextMarker(page) };
  }

  private roleAlias(roleAlias: string | undefined): RoleAliasRecord {
    const name = checkName('roleAlias', roleAlias);
    const record = this.store.get('roleAliases', name);
    if (record === undefined) {
      throw notFound(`Role alias ${name}`);
    }
    return record;
  }
}

function checkDuration(seconds: number): number {
  if (!Number.isInteger(seconds) || seconds < DURATION_SEC.min || seconds > DURATION_SEC.max) {
    throw invalidRequest(`credentialDurationSeconds must be from ${DURATION_SEC.min} to ${DURATION_SEC.max}, got ${seconds}`);
  }
  return seconds;
}
