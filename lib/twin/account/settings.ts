import type * as api from '@aws-sdk/client-iot';
import { AccountCore, byDate, nextMarker } from './core';
import { IotError, invalidRequest, notFound } from './errors';
import { checkName } from './names';

/** What the account has once, by the names of `settings`. */
interface Settings {
  readonly registrationCode: string;
  readonly eventConfigurations: Readonly<Record<string, api.Configuration>>;
  readonly indexingConfiguration: api.GetIndexingConfigurationResponse;
  readonly loggingOptions: api.GetV2LoggingOptionsResponse;
  readonly defaultAuthorizer: string;
}

/** @see https://docs.aws.amazon.com/iot/latest/apireference/API_DescribeEventConfigurations.html */
const EVENT_TYPES = [
  'THING', 'THING_GROUP', 'THING_TYPE', 'THING_GROUP_MEMBERSHIP', 'THING_GROUP_HIERARCHY', 'THING_TYPE_ASSOCIATION',
  'JOB', 'JOB_EXECUTION', 'POLICY', 'CERTIFICATE', 'CA_CERTIFICATE',
] as const;

const NO_INDEXING: api.GetIndexingConfigurationResponse = {
  thingIndexingConfiguration: { thingIndexingMode: 'OFF' },
  thingGroupIndexingConfiguration: { thingGroupIndexingMode: 'OFF' },
};

const REGISTRATION_CODE_DIGITS = 64;

/** What the account has once: registration code, events, indexing, logging, the default authorizer. */
export abstract class AccountSettings extends AccountCore {
  /** One for each account and Region, the same until it is deleted. */
  public getRegistrationCode(): { readonly registrationCode: string } {
    const registrationCode = this.setting('registrationCode') ?? this.random.hex(REGISTRATION_CODE_DIGITS);
    this.set('registrationCode', registrationCode);
    return { registrationCode };
  }

  public deleteRegistrationCode(): object {
    this.store.remove('settings', 'registrationCode');
    return {};
  }

  public describeEventConfigurations(): { readonly eventConfigurations: Readonly<Record<string, api.Configuration>> } {
    const known = this.setting('eventConfigurations') ?? {};
    return { eventConfigurations: Object.fromEntries(EVENT_TYPES.map((type) => [type, known[type] ?? { Enabled: false }])) };
  }

  public updateEventConfigurations({ eventConfigurations = {} }: api.UpdateEventConfigurationsRequest): object {
    const unknown = Object.keys(eventConfigurations).find((type) => !(EVENT_TYPES as readonly string[]).includes(type));
    if (unknown !== undefined) {
      throw invalidRequest(`'${unknown}' is no event type; there are ${EVENT_TYPES.join(', ')}`);
    }
    this.set('eventConfigurations', { ...this.describeEventConfigurations().eventConfigurations, ...eventConfigurations });
    return {};
  }

  public getIndexingConfiguration(): api.GetIndexingConfigurationResponse {
    return this.setting('indexingConfiguration') ?? NO_INDEXING;
  }

  public updateIndexingConfiguration(configuration: api.UpdateIndexingConfigurationRequest): object {
    this.set('indexingConfiguration', { ...this.getIndexingConfiguration(), ...configuration });
    return {};
  }

  public getV2LoggingOptions(): api.GetV2LoggingOptionsResponse {
    const options = this.setting('loggingOptions');
    if (options === undefined) {
      throw new IotError('NotConfiguredException', 'logging is not configured');
    }
    return options;
  }

  public setV2LoggingOptions(options: api.SetV2LoggingOptionsRequest): object {
    if (options.roleArn === undefined && options.disableAllLogs !== true) {
      throw invalidRequest('logging needs a roleArn');
    }
    this.set('loggingOptions', { ...options, disableAllLogs: options.disableAllLogs ?? false });
    return {};
  }

  public describeAuthorizer({ authorizerName }: api.DescribeAuthorizerRequest): { readonly authorizerDescription: api.AuthorizerDescription } {
    const name = checkName('authorizerName', authorizerName);
    const record = this.store.get('authorizers', name);
    if (record === undefined) {
      throw notFound(`Authorizer ${name}`);
    }
    return {
      authorizerDescription: {
        authorizerName: name,
        authorizerArn: this.arn(`authorizer/${name}`),
        authorizerFunctionArn: record.authorizerFunctionArn,
        status: record.status,
        creationDate: new Date(record.creationDate),
        lastModifiedDate: new Date(record.creationDate),
      },
    };
  }

  public listAuthorizers({ pageSize, marker, ascendingOrder, status }: api.ListAuthorizersRequest): { readonly authorizers: api.AuthorizerSummary[]; readonly nextMarker?: string } {
    const fitting = [...this.store.all('authorizers')].filter((authorizer) => status === undefined || authorizer.status === status);
    const page = this.page(fitting, ({ creationDate, authorizerName }) => byDate(creationDate, authorizerName), {
      limit: pageSize, token: marker, descending: ascendingOrder !== true,
    });
    return {
      authorizers: page.items.map(({ authorizerName }) => ({ authorizerName, authorizerArn: this.arn(`authorizer/${authorizerName}`) })),
      ...nextMarker(page),
    };
  }

  /** The authorizer for clients of the account's endpoint that name none. */
  public get defaultAuthorizer(): string | undefined {
    return this.setting('defaultAuthorizer');
  }

  public describeDefaultAuthorizer(): { readonly authorizerDescription: api.AuthorizerDescription } {
    const authorizerName = this.setting('defaultAuthorizer');
    if (authorizerName === undefined) {
      throw notFound('Default authorizer');
    }
    return this.describeAuthorizer({ authorizerName });
  }

  public setDefaultAuthorizer({ authorizerName }: api.SetDefaultAuthorizerRequest): { readonly authorizerName: string; readonly authorizerArn: string } {
    const { authorizerDescription } = this.describeAuthorizer({ authorizerName });
    const current = this.setting('defaultAuthorizer');
    if (current !== undefined) {
      throw new IotError('ResourceAlreadyExistsException', `The default authorizer is ${current} already`, { resourceId: current, resourceArn: this.arn(`authorizer/${current}`) });
    }
    this.set('defaultAuthorizer', authorizerDescription.authorizerName!);
    return { authorizerName: authorizerDescription.authorizerName!, authorizerArn: authorizerDescription.authorizerArn! };
  }

  public clearDefaultAuthorizer(): object {
    if (this.setting('defaultAuthorizer') === undefined) {
      throw notFound('Default authorizer');
    }
    this.store.remove('settings', 'defaultAuthorizer');
    return {};
  }

  private setting<K extends keyof Settings>(name: K): Settings[K] | undefined {
    return this.store.get('settings', name)?.value as Settings[K] | undefined;
  }

  private set<K extends keyof Settings>(name: K, value: Settings[K]): void {
    if (this.setting(name) !== value) {
      this.store.put('settings', name, { value });
    }
  }
}
